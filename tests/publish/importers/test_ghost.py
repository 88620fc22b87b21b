"""Imports of Ghost's JSON, with text as HTML, Lexical or Mobiledoc."""

import json
from pathlib import Path
from typing import Any

import pytest

from capture.errors import Refused
from tests.publish.importers.conftest import ImportProject

LEXICAL = {"root": {"type": "root", "children": [
    {"type": "extended-heading", "tag": "h3", "children": [{"type": "text", "text": "Sums"}]},
    {"type": "paragraph", "children": [
        {"type": "extended-text", "text": "Bold & ", "format": 1},
        {"type": "link", "url": "https://a.example/",
         "children": [{"type": "text", "text": "link"}]}]},
    {"type": "list", "tag": "ul", "children": [
        {"type": "listitem", "children": [{"type": "extended-text", "text": "one"}]}]},
    {"type": "codeblock", "language": "python", "code": "a < b"},
    {"type": "markdown", "markdown": "Some *mark*."},
    {"type": "bookmark", "url": "https://b.example/", "metadata": {"title": "B"}},
    {"type": "signup", "header": "Join"}]}}  # fmt: skip
MOBILEDOC = {
    "version": "0.3.1", "atoms": [["soft-return", "", {}]],
    "cards": [
        ["image", {"src": "__GHOST_URL__/content/images/x.png", "alt": "X"}], ["paywall", {}]],
    "markups": [["strong"], ["a", ["href", "https://a.example/"]]],
    "sections": [
        [1, "h2", [[0, [], 0, "Sums"]]],
        [1, "p", [[0, [0], 1, "Bold"], [1, [], 0, 0], [0, [1], 1, "link"]]],
        [3, "ol", [[[0, [], 0, "one"]], [[0, [], 0, "two"]]]], [10, 0], [10, 1]]}  # fmt: skip


def test_lexical_is_used_without_html(project: ImportProject) -> None:
    body = project.import_html("", lexical=json.dumps(LEXICAL))
    assert body == (
        "## Sums\n\n**Bold &** [link](https://a.example/)\n\n-   one\n\n"
        "```python\na < b\n```\n\nSome *mark*.\n\n[B](https://b.example/)"
    )


def test_mobiledoc_is_used_without_html(project: ImportProject) -> None:
    project.site.write("content-of-ghost", "")
    post = {"slug": "one", "title": "One", "mobiledoc": json.dumps(MOBILEDOC)}
    notes = project.notes("ghost", project.write_ghost(post))
    text = "## Sums\n\n**Bold**  \n[link](https://a.example/)\n\n1.  one\n2.  two\n\n![X]("
    assert project.body("posts/one.md").strip().startswith(text)
    assert notes["card"] == ["content/posts/one.md: a card of kind `paywall` was not imported"]


def test_members_are_counted_and_not_imported(project: ImportProject) -> None:
    path = project.write_ghost(
        {"slug": "a", "title": "A"}, members=[{"email": "ann@clinic.example"}] * 3
    )
    assert project.notes("ghost", path)["members"] == [
        "export.json: 3 members not imported: personal data"
    ]
    assert "ann@" not in Path("content/posts/a.md").read_text()


def test_tags_authors_and_pictures_come_from_their_tables(project: ImportProject) -> None:
    project.site.write("images/2026/x.svg", "<svg/>")
    tables: dict[str, Any] = {
        "tags": [
            {"id": "t1", "name": "Sales"},
            {"id": "t2", "name": "#wide"},
            {"id": "t3", "name": "b, c"},
        ],
        "posts_tags": [
            {"post_id": "0", "tag_id": "t3", "sort_order": 2},
            {"post_id": "0", "tag_id": "t2", "sort_order": 1},
            {"post_id": "0", "tag_id": "t1", "sort_order": 0},
        ],
        "users": [{"id": "u", "name": "Ann; Writer", "email": "ann@old.example"}],
        "posts_authors": [{"post_id": "0", "author_id": "u"}],
        "posts_meta": [{"post_id": "0", "feature_image_alt": "A dot"}],
    }  # fmt: skip
    image = "__GHOST_URL__/content/images/size/w600/2026/x.svg"
    notes = project.notes(
        "ghost", project.write_ghost({"slug": "a", "title": "A", "feature_image": image}, **tables)
    )
    front_matter = project.front_matter("posts/a.md")
    assert front_matter["category"] == "Sales"
    assert front_matter["tags"] == ["b, c"]
    assert front_matter["author"] == ["Ann; Writer"]
    assert front_matter["image"] == "/images/2026/x.svg"
    assert front_matter["image_alt"] == "A dot"
    assert "`#wide`" in notes["tags"][0]


@pytest.mark.parametrize(
    ("post", "status"),
    [
        ({"status": "draft", "published_at": None}, "draft"),
        ({"status": "sent"}, "draft"),
        ({"visibility": "paid"}, "draft"),
        ({}, None),
    ],
)
def test_a_post_that_was_not_public_becomes_a_draft(
    project: ImportProject, post: dict[str, object], status: str | None
) -> None:
    project.run(
        "ghost", project.write_ghost({"slug": "a", "title": "A", "html": "<p>T</p>", **post})
    )
    front_matter = project.front_matter("posts/a.md")
    assert front_matter.get("status") == status
    assert ("preview" in front_matter) == (status == "draft")


def test_a_scheduled_post_keeps_its_date_and_has_a_preview(project: ImportProject) -> None:
    later = {"status": "scheduled", "published_at": "2999-01-01T09:30:00.000Z"}
    project.run("ghost", project.write_ghost({"slug": "a", "title": "A", **later}))
    front_matter = project.front_matter("posts/a.md")
    assert front_matter["date"] == "2999-01-01 09:30"
    assert "status" not in front_matter
    assert len(front_matter["preview"]) == 22


def test_a_link_to_a_draft_is_removed(project: ImportProject) -> None:
    link = '<p><a href="__GHOST_URL__/b/">later</a></p>'
    path = project.write_ghost(
        {"slug": "a", "title": "A", "html": link}, {"slug": "b", "title": "B", "status": "draft"}
    )
    assert "leads to a draft" in project.notes("ghost", path)["link"][0]
    assert project.body("posts/a.md").strip() == "later"
    assert project.site.check().findings.errors == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"db": [\n{,', "export.json:2: is not valid JSON"),
        (b"[]", "export.json: is not a Ghost export"),
        (b'{"db": [{"data": {"posts": []}}]}', "export.json: contains no post"),
        (b'{"a": "\xff"}', "export.json:1: is not UTF-8"),
        (b"[" * 100_000, "export.json: is not a Ghost export: it is nested too deeply"),
    ],
)
def test_an_invalid_export_is_refused_with_one_line(
    project: ImportProject, text: bytes, message: str
) -> None:
    Path("export.json").write_bytes(text)
    with pytest.raises(Refused, match="^" + message) as refused:
        project.run("ghost", "export.json")
    assert "\n" not in str(refused.value)
