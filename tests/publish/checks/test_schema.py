"""The JSON Schemas of front matter agree with the models."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from publish.checks.front_matter import read_front_matter
from publish.checks.model import PostFrontMatter, page_schema, post_schema
from publish.checks.post_text import validate_front_matter

ROOT = Path(__file__).parents[3]
SCHEMAS = {"page": page_schema, "post": post_schema}
FRONT_MATTER = f"title: T\ndate: '2026-11-02'\nsummary: {'s' * 60}\n"


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_schema_is_valid_and_equals_its_copy_in_docs(kind: str) -> None:
    schema = SCHEMAS[kind]()
    Draft202012Validator.check_schema(schema)
    assert schema["title"] == f"Gatepost {kind}"
    copy = (ROOT / "docs" / f"{kind}.schema.json").read_text(encoding="utf-8")
    assert json.loads(copy) == schema, f"run: gatepost schema {kind} > docs/{kind}.schema.json"


@pytest.mark.parametrize(
    ("lines", "right"),
    [
        ("", True),
        ("tags: [a, b]", True),
        ("tags: a, b", True),
        ("faq: [{question: Why, answer: So}]", True),
        ("noindex: true", True),
        ("aliases: [old-one]", True),
        ("aliases: [/2021/03/hello/, /old.html]", True),
        ("faq: [{question: Why}]", False),
        ("lang: pt-BR", True),
        ("lang: ../x", False),
        ("status: darft", False),
        ("canonical: /here/", False),
        ("preview: short", False),
        ("modified: '31 Novembre'", False),
        ("modified: '2026-11-03 09:30:00.5 +02:00'", True),
        ("modified: '20261103'", False),
        ("modified: '2026-W45'", False),
        ("save_as: a/b.html\nurl: a/b.html", True),
        ("url: /a/", True),
        ("url: //a/", False),
    ],
)
def test_the_schema_and_the_reader_accept_the_same_values(lines: str, right: bool) -> None:
    text = f"{FRONT_MATTER}{lines}\n"
    assert Draft202012Validator(post_schema()).is_valid(yaml.safe_load(text)) is right
    _, problems = validate_front_matter(read_front_matter(f"---\n{text}---\n"), PostFrontMatter)
    assert (problems == []) is right


def test_the_schema_knows_the_same_keys_as_the_rules() -> None:
    assert set(post_schema()["properties"]) == set(PostFrontMatter.model_fields)
    assert post_schema()["additionalProperties"] is False


def test_a_text_without_a_summary_is_valid() -> None:
    text = FRONT_MATTER.replace(f"summary: {'s' * 60}\n", "")
    assert Draft202012Validator(post_schema()).is_valid(yaml.safe_load(text))


def test_the_schema_and_the_rules_have_the_same_required_keys_and_lengths() -> None:
    schema = Draft202012Validator(post_schema())
    wrong = [
        FRONT_MATTER.replace("title: T\n", ""),
        FRONT_MATTER.replace("title: T", f"title: {'t' * 61}"),
        FRONT_MATTER.replace("s" * 60, "short"),
        f"{FRONT_MATTER}image: /images/dot.svg\n",
    ]
    assert [schema.is_valid(yaml.safe_load(text)) for text in wrong] == [False] * 4
