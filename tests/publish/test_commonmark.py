"""The engine of the pages against the specifications of CommonMark and of GitHub's additions."""

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import Markdown
from markdown.extensions.footnotes import FootnoteExtension
from markdown.treeprocessors import InlineProcessor
from pygments import plugin

from publish.checks.outline import outline_of
from tests.long import LONG, rounds
from tests.needs import skip_or_fail
from tests.publish.markdown_documents import documents
from tests.publish.markdown_exceptions import (
    DIFFERENCES,
    HIDES_THE_REST,
    UNKNOWN_TAGS,
    without_differences,
)
from tests.publish.markdown_structure import (
    judge,
    site_markdown,
    structure,
    with_boxes_everywhere,
)

EXAMPLES: Final = Path("/usr/share/gocode/src/github.com/yuin/goldmark")
"""Debian's golang-github-yuin-goldmark-dev carries the examples of the specifications."""
GITHUB: Final = ("table", "strikethrough", "tasklist", "linkify")
EXCEPTIONS: Final = {
    "<Warning>\n*bar*\n</Warning>\n": UNKNOWN_TAGS,
    '<style\n  type="text/css">\n\nfoo\n': HIDES_THE_REST,
    "</a></foo >\n": UNKNOWN_TAGS,
    "foo <!--> foo -->\n\nfoo <!-- foo--->\n": "raw HTML: comments as in CommonMark 0.31",
}


@pytest.fixture(scope="module")
def markdown() -> Markdown:
    return site_markdown()


def is_right(markdown: Markdown, text: str, *expected: str) -> bool:
    made = structure(markdown.reset().convert(f"\n{text}"))
    return any(made == structure(html) for html in expected)


def test_every_example_of_commonmark_has_its_structure(markdown: Markdown) -> None:
    examples = json.loads(example_file("_test/spec.json").read_text(encoding="utf-8"))
    wrong = [
        example["markdown"]
        for example in examples
        if not is_right(markdown, example["markdown"], example["html"], judge(example["markdown"]))
    ]
    assert len(examples) == 652
    assert wrong == list(EXCEPTIONS)


@pytest.mark.parametrize("name", GITHUB)
def test_examples_of_tables_tasks_strikes_and_bare_links_have_their_structure(
    markdown: Markdown, name: str
) -> None:
    texts = list(extension_examples(name))
    assert texts
    assert [text for text in texts if not is_right(markdown, text, judge(text))] == []


@pytest.mark.parametrize(
    "text",
    [
        ">\t- a\n>\t  b\n",
        ">\t-\n",
        "-\n\t1. a\n",
        ">\t> a\n>\t> *b*\n",
        "-\t>**\n\t>e\n",
        "1. \t- a\n\t  *b*\n",
        "- a\n  <!-- b -->c\n",
        "a \t\nb\n",
        "> a\n>     > \t\n> b\n",
        "a\n\n\u00a0\n\n# \u2003b\u2003\n",
        "> a\n>:\n",
        "Some words:\na | b\n---|---\n1 | 2\n",
        "> - a\n>   b\n>   c | d |\n>   --- | :-: |\n>   1 | *2*\n",
        "> a\n> .||h\n>     -|-|-\n",
        "a\nb | c \\| d\n--|--\n",
        "    a\n    b | c\n    --|--\n",
        "a | b\n--|--\nc | d\n--|--\n",
        "Some words:\na | b\n:-- | --:\n1 | 2\n",
        "Some words:\na |\n--- |\n1\n",
        "Some words:  \na | b\n--|--\n",
        "![*a*\nb](/d.png)\n",
        "![`a\nb` c](/d.png)\n",
        " \n1. |a\n-|-\n",
        "1.\n    - |a\n    -|-\n",
        "w\n- a | b\n--|--\n",
        "|\ta\t|\tb\t|\n|\t---\t|\t---\t|\n|\tc\t|\td\t|\n",
        "- w\n\n  a | b\n  :-:\t|\t--\n  c | d\n",
        "> w\n> a | b\n> --\t|\t--\n",
        "```\na | b\n--\t|\t--\n```\n",
        "a\tb\n-\t|\t-\n",
        "http://\u2603.example www.\u4f8b\u3048.example http://\u4f8b\u3048.example/a\n",
        "git+https://a.example 1https://a.example /https://a.example b/c@a.example ahttps://b\n",
        "a>www.example.org (www.example.org) !www.example.org\n",
        "(mailto:a@b.example) mailto:a@b.example. xmpp:a@b.example/t *mailto:a@b.example*\n",
        "1. <!--c-->a\n   \u2003*b*\n",
        "- <!--c-->\n  \u2003 `b`\n- ***\n  \u3000\n",
        "a  \n\u2003*b*\\\n\u00a0[c](d)\u00a0\n\nd\n",
        "- \u2003\n  > a\n- # b\n  \u2003![c](d)\n",
        "- [ ] \u2003a\n- [x]\u2003b\n",
    ],
)
def test_a_text_with_tabs_or_odd_blanks_has_the_structure_that_github_shows(
    markdown: Markdown, text: str
) -> None:
    assert is_right(markdown, text, judge(text))


@pytest.mark.parametrize(
    "text",
    [
        "Set `size`{number}, `name` {string} or **all**{=html}.\n",
        "- The {doc}`manual` tells more.\n",
        "`title`{{ .Site.Title }}\n",
        "## Options {advanced}\n",
        "## Sums {n=1}\n",
        "The sum $x_{i}^*{i=1}$ and *b*{j=1, k=2}\n",
        "| a | b |\n|---|---|\n| 1 {int} | 2 |\n",
        "A `call\n:name` in two lines.\n",
        "See https://one.example/a; then (https://two.example/b;).\n",
    ],
)
def test_words_in_braces_and_marks_beside_code_and_links_stay(
    markdown: Markdown, text: str
) -> None:
    assert is_right(markdown, text, judge(text))


def test_pygments_looks_for_its_plugins_once(
    markdown: Markdown, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches: list[object] = []
    monkeypatch.setattr(plugin, "entry_points", lambda: searches.append(1) or entry_points())
    remembered: Any = plugin.iter_entry_points
    remembered.cache_clear()
    markdown.reset().convert("\n```klingon\na\n```\n\n```klingon\nb\n```\n")
    assert searches == [1]


@pytest.mark.parametrize(
    "text",
    [
        "> " * 300 + "a",
        "- " * 300 + "a",
        "".join("  " * level + "- a\n" for level in range(300)),
        "*a **a " * 150 + "b" + " a** a*" * 150,
        "![" * 300 + "a" + "](b)" * 300,
        "".join("    " * level + "!!! note\n\n" for level in range(150)),
        '<div markdown="1">\n' * 150 + "a\n" + "</div>\n" * 150,
        '<div markdown="1">\n\n<section markdown>\n\n' * 75 + "a\n",
        "<div markdown>\n\n" * 150 + "a\n\n" + "</div>\n\n" * 150,
    ],
    ids=lambda text: text[:12],
)
def test_a_text_that_is_nested_very_deeply_is_shown_with_one_finding(
    markdown: Markdown, text: str
) -> None:
    assert markdown.reset().convert(f"\n{text}")
    assert len(outline_of(text).problems) == 1


@pytest.mark.parametrize("text", ["![[]()", "a\\\n", "*a* `b` ", "[a](b) ", "- *a*\n- 'b'\n"])
def test_a_long_paragraph_has_few_children_while_extensions_search_it(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    sizes: list[int] = []

    def record(processor: InlineProcessor, tree: Element) -> Element:
        sizes.extend(map(len, tree.iter()))
        return search(processor, tree)

    search = InlineProcessor.run
    monkeypatch.setattr(InlineProcessor, "run", record)
    text = f"{text * 250}\n\n'searched'\n"
    assert is_right(site_markdown(), text, judge(text))
    assert max(sizes) == 100


def test_a_note_behind_three_blanks_in_a_quote_is_shown(markdown: Markdown) -> None:
    assert 'href="b.md"' in markdown.reset().convert("\n>   !!! note\n>       [a](b.md)\n")


def test_a_footnote_behind_an_open_bracket_is_found(markdown: Markdown) -> None:
    html = markdown.reset().convert("\n[^a[^b] c\n\n[^b]: d\n")
    assert '<p>[^a<sup id="fnref:b">' in html


def test_the_ids_of_many_references_to_a_footnote_are_counted(
    markdown: Markdown, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    get_separator = FootnoteExtension.get_separator

    def record(footnotes: FootnoteExtension) -> str:
        asked.append(get_separator(footnotes))
        return asked[-1]

    monkeypatch.setattr(FootnoteExtension, "get_separator", record)
    html = markdown.reset().convert("\n" + "[^a] " * 300 + "[^b] [^b]\n\n[^a]: c\n\n[^b]: d\n")
    numbers = ["", *range(2, 301)]
    ids = [*(f"fnref{number}:a" for number in numbers), "fnref:b", "fnref2:b"]
    assert re.findall('<sup id="([^"]*)"', html) == ids
    assert re.findall('footnote-backref" href="#([^"]*)"', html) == ids
    assert len(asked) < 4 * len(ids)


def test_an_empty_footnote_shows_no_words(markdown: Markdown) -> None:
    html = markdown.reset().convert("\nA[^1].\n\n[^1]:\n")
    assert "footnote:" not in html
    assert 'id="fn:1"' in html


def example_file(name: str) -> Path:
    path = EXAMPLES / name
    if not path.exists():
        skip_or_fail(
            "no examples of CommonMark here: apt-get install golang-github-yuin-goldmark-dev"
        )
    return path


def extension_examples(name: str) -> Iterator[str]:
    """The Markdown of each example: between two lines of `//- -//`."""
    parts = re.split(
        r"^//[-= ]+//\n", example_file(f"extension/_test/{name}.txt").read_text(), flags=re.M
    )
    yield from parts[1::3]


def test_each_difference_from_github_is_still_there(markdown: Markdown) -> None:
    for difference in DIFFERENCES:
        for text, html in difference.examples:
            assert structure(markdown.reset().convert(f"\n{text}")) == structure(html)
            assert not is_as_on_github(text), text
            assert is_as_on_github(difference.removed(text)), text
    reasons = {difference.reason for difference in DIFFERENCES}
    assert len(reasons) == len(DIFFERENCES) <= 12


@pytest.mark.long
@settings(max_examples=rounds(100, 5_000), derandomize=not LONG, deadline=None)
@given(documents(), st.sampled_from(["\n", "\n", "\r\n"]))
def test_a_random_document_has_the_structure_that_github_shows(text: str, end: str) -> None:
    assert is_as_on_github(without_differences(text).replace("\n", end))


def is_as_on_github(text: str) -> bool:
    made = structure(_site_markdown().reset().convert(f"\n{text}"))
    return made == with_boxes_everywhere(structure(judge(text)))


_site_markdown: Final = cache(site_markdown)
