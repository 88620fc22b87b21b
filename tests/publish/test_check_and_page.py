"""`check` reads a text as the page does: the same links, headings and ids, at every depth."""

import re
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import Markdown

from publish.build.pelican_run import settings_from
from publish.checks.notes import Syntax
from publish.checks.outline import outline_of
from publish.checks.outline_parts import Heading, Outline
from publish.plugins.commonmark import make_markdown, site_syntax
from tests.long import LONG, rounds
from tests.publish.markdown_documents import documents
from tests.service import ROOT

_AROUND: Final = {
    "!!! note": ("!!! note\n", "    ", ""),
    "definition": ("[ref]: /other\n\n!!! note\n", "    ", ""),
    "???": ('w\n\n??? tip "T"\n', "    ", ""),
    "///": ("/// note | T\n", "", "///\n"),
    "html": ('<div markdown="1">\n', "", "</div>\n"),
    "item": ("-   w\n\n", "    ", ""),
    "quote": ("", "> ", ""),
    "footnote": ("w[^1]\n\n[^1]: w\n\n", "    ", ""),
}


@cache
def engine() -> tuple[Markdown, Syntax]:
    """The site's engine with more kinds of notes, and what it knows."""
    found = settings_from(ROOT / "pelicanconf.py", {})
    extensions = ["pymdownx.details", "pymdownx.blocks.admonition"]
    found["MARKDOWN"] = {**found["MARKDOWN"], "extensions": extensions}
    return make_markdown(found), site_syntax(found)


@st.composite
def _nested_documents(draw: st.DrawFn) -> str:
    """Random documents in notes, blocks, items, quotes or footnotes, up to three deep."""
    # A script and CDATA without an end hide what follows from a parser of HTML.
    text = draw(documents()).replace("script>", "section>").replace("<![CDATA[", "<b>")
    for kind in draw(st.lists(st.sampled_from(list(_AROUND)), max_size=3, unique=True)):
        before, indent, after = _AROUND[kind]
        lines = "\n".join(f"{indent}{line}".rstrip() for line in text.split("\n"))
        text = f"{before}{lines}\n{after}"
    return text


_FOUND_OTHERWISE: Final = re.compile(r"https?:|www\.|mailto:|#fn")
"""Bare addresses, which the outline leaves to other rules, and the links of footnotes."""


def _addresses(targets: list[str]) -> Counter[str]:
    return Counter(target for target in targets if not _FOUND_OTHERWISE.match(target))


@pytest.mark.parametrize(
    ("text", "links", "headings"),
    [
        ("[r]: /a\n\n!!! note\n    [r] ![p][r]\n\n    [r]: /b\n", ["/a", "/a"], []),
        ("!!! note\n    [r]\n\n    [r]: /b\n\n!!! tip\n    [r]\n", ["/b", "/b"], []),
        ("!!! note\n        # a\n\n        [b](/c)\n", [], []),
        ("/// note | T\n\n    # a\n\n    [b](/c)\n///\n", [], []),
        ("a \nb\n---\n", [], ["a-b"]),
        ("a ![c](d)\nb\n---\n", ["d"], ["a--b"]),
        ("> a <title>\n>\n> ## b</title>\n", [], ["btitle"]),
        ("## \\<b\\> *c* \\< d\n", [], ["b-c--d"]),
        ("a\n    `b\n    > c`\n---\n", [], ["a-b--c"]),
        ("> a\n>     `b\n>     > c`\n> ---\n", [], ["a-b--c"]),
        ("> a `b\n> c`\n> ---\n", [], ["a-b-c"]),
    ],
)
def test_check_and_page_read_notes_breaks_and_escaped_marks_alike(
    text: str, links: list[str], headings: list[str]
) -> None:
    markdown, syntax = engine()
    page, outline = _Page(), outline_of(text, syntax=syntax)
    page.feed(markdown.reset().convert(f"\n{text}"))
    assert page.targets == links == [link.target for link in outline.links]
    assert page.ids == outline.anchors == set(headings)


@pytest.mark.parametrize(
    "text",
    [
        "## A{#b}\n",
        "## A {#b}{#c}\n",
        "## A \\{#b}\n",
        '## A {: title="}" #b }\n',
        "## A {: id=b }\n",
        "## `A` {#b}\n",
        "- a {: #b }\n",
        "a {: #b }\n",
        "a{: #b }\n",
        "{: #b }\n",
        "a\n{: #b }\n",
        "> a\n> {: #b }\n",
        "`a`{: #b } *c*{#d} ~~e~~{: #f } [g](h){: #i }\n",
        "| a {#b} | c |\n|---|---|\n| d {: #e } | f |\n",
        "```\na\n```\n{: #b }\n",
        "T\n: a {: #b }\n",
        "T {: #b}\nU {#c}\n: d\n",
        "``` {.py #b}\na\n```\n\n~~~ {#c}\na\n~~~\n",
        "<https://a.example>{: #b } <c@a.example>{: #d }\n",
        "![a](b.png){: #c }\n",
        "## A {#}\n",
        "## A {: #}\n",
        "## A\n{: #b }\n",
        "## *a*{: #b }\n",
        "## *a*{: #b } c {#d}\n",
        "***\n{: #b }\n",
        "<div>a</div>\n{: #b }\n",
        "| a |\n|---|\n| c |\n{: #b }\n",
        "[a][b]{: #c } ![a][b]{: #d } [a]{: #e } [^1]{: #f }\n",
        "a{: id=b } *a*{: id=c } *a*{: id='d' } *a*{: id=e id=f }\n",
        "a*{: #b } a_{: #c } a){: #d } a\\`{: #e } *a\\*{: #f } *a*\\{: #g }\n",
        "*a*{: #b *c* }\n",
        "*a\n{: #b }*\n",
        "a\n\\{: #b }\n",
        "a\n{: #b }\nc\n",
        "a\n{: #b } c\n",
        "a | {: #b }\n",
        "a[^1]\n\n[^1]: c\n    {: #b }\n\n    d\n    {: #e }\n",
        "- a\n  {: #b }\n  - c\n    {: #d }\n",
        "<p markdown>*a*{: #b }</p>\n",
    ],
)
def test_check_finds_the_ids_that_attribute_lists_give_on_the_page(text: str) -> None:
    markdown, syntax = engine()
    ids = re.findall(r'\sid="([^"]*)"', markdown.reset().convert(f"\n{text}"))
    assert outline_of(text, syntax=syntax).anchors == set(ids)


def test_check_finds_the_links_that_attribute_lists_give_on_the_page() -> None:
    markdown, syntax = engine()
    text = "[a](/b){: href=/c } [a](/d){: .e } ![f](/g.png){: src=/h.png } *i*{: cite=/j }\n"
    page, outline = _Page(), outline_of(text, syntax=syntax)
    page.feed(markdown.reset().convert(f"\n{text}"))
    targets = [link.target for link in outline.links]
    assert sorted(targets) == ["/c", "/d", "/h.png", "/j"]
    assert sorted(page.targets) == ["/c", "/d", "/h.png"]
    assert [picture.source for picture in outline.pictures] == ["/h.png"]


def test_braces_behind_the_marks_of_code_give_no_link_and_run_nothing() -> None:
    markdown, syntax = engine()
    text = '``` {.py #b href="/c" onclick="d()"}\ne\n```\n'
    html, outline = markdown.reset().convert(f"\n{text}"), outline_of(text, syntax=syntax)
    assert ('id="b"' in html, "href" in html, "onclick" in html) == (True, False, False)
    assert (outline.anchors, outline.links, outline.active) == ({"b"}, (), ())


@pytest.mark.parametrize("indent", ["", "> ", "- > ", "1. - "])
def test_markdown_in_html_in_a_note_keeps_the_indentation_of_its_lines(indent: str) -> None:
    markdown, syntax = engine()
    lines = '/// note\n<div markdown="1">\n- ```\n  a\n  ```\n\n[r]: /b\n\n</div>\n///\n\n[r]'
    later = "".join(mark if mark == ">" else " " for mark in indent)
    text = f"{indent}{lines}".replace("\n", f"\n{later}")
    html = markdown.reset().convert(f"\n{text}")
    assert "<code>a\n</code>" in html
    assert html.count("<pre>") == 1
    assert [link.target for link in outline_of(text, syntax=syntax).links] == ["/b"]


@pytest.mark.parametrize("tag", ["<!--c--> <b", '<div>\n<a href="x>y', "<p>a</p></div"])
def test_a_tag_without_its_end_does_not_take_the_next_heading(tag: str) -> None:
    markdown, syntax = engine()
    text = f"{tag}\n\n## One\n"
    page = _Page()
    page.feed(markdown.reset().convert(f"\n{text}"))
    assert page.headings == [(2, ["One"])]
    assert [heading.text for heading in outline_of(text, syntax=syntax).headings] == ["One"]


def test_only_a_line_below_the_header_of_a_block_may_be_a_comment_on_options() -> None:
    markdown, syntax = engine()
    text = "/// note | T\n-\n    # one\n///\n"
    assert '<h1 id="one">one</h1>' in markdown.reset().convert(f"\n{text}")
    assert [heading.text for heading in outline_of(text, syntax=syntax).headings] == ["one"]


@pytest.mark.parametrize(
    "text",
    [
        '/// note\n> <div markdown="1">\n> ```\n> ```\n>     a\n> [r]: /b\n> </div>\n///\n\n[r]\n',
        '!!! note\n    > <p markdown="1">\n    > a\n    > [r]\n    > </p>\n\n[r]: /b\n',
        '> <div markdown="1">\n```\na\n```\n>     b\n\n[r]\n\n[r]: /b\n',
        '- <div markdown="1">\n  a\n\nb [r]\n\n</div>\n\n[r]: /b\n',
        '> /// note\n> > <div markdown="1">\n> > a\n> > </div>\n> ///\n\n[r]\n\n[r]: /b\n',
    ],
)
def test_an_element_with_markdown_ends_with_the_quote_or_item_in_which_it_begins(text: str) -> None:
    markdown, syntax = engine()
    page = _Page()
    html = markdown.reset().convert(f"\n{text}")
    page.feed(html)
    assert "--&gt;" not in html
    assert page.targets == ["/b"] == [link.target for link in outline_of(text, syntax=syntax).links]


def test_a_link_may_be_defined_in_a_footnote() -> None:
    markdown, syntax = engine()
    text = "A[^1].\n\n[^1]: See [B].\n\n    [B]: /b\n"
    assert '<a href="/b">B</a>' in markdown.reset().convert(f"\n{text}")
    assert [link.target for link in outline_of(text, syntax=syntax).links] == ["/b"]


@settings(max_examples=rounds(100, 3_000), derandomize=not LONG, deadline=None)
@given(_nested_documents())
def test_check_finds_the_links_headings_and_pictures_of_the_page(text: str) -> None:
    markdown, syntax = engine()
    page = _Page()
    page.feed(markdown.reset().convert(f"\n{text}"))
    outline = outline_of(text, syntax=syntax)
    assert _addresses(page.targets) == _addresses([link.target for link in outline.links])
    assert page.headings == [(head.level, _words(head.text)) for head in outline.headings]
    assert page.ids <= outline.anchors
    assert Counter(page.pictures) == Counter(
        (picture.source, picture.alt or "") for picture in outline.pictures
    )
    assert _misplaced(outline, text.split("\n")) == []


class _Page(HTMLParser):
    """Headings with their ids, pictures, and targets of links and pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[tuple[int, list[str]]] = []
        self.ids: set[str] = set()
        self.pictures: list[tuple[str, str]] = []
        self.targets: list[str] = []
        self._heading: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.targets += [values[name] for name in ("href", "src") if name in values]
        if re.fullmatch("h[1-6]", tag):
            self.ids.add(values["id"])
            self._heading = []
        elif tag == "img":
            self.pictures.append((values["src"], values["alt"].strip()))

    def handle_endtag(self, tag: str) -> None:
        if re.fullmatch("h[1-6]", tag) and self._heading is not None:
            self.headings.append((int(tag[1]), _words("".join(self._heading))))
            self._heading = None

    def handle_data(self, data: str) -> None:
        if self._heading is not None:
            self._heading.append(data)


def _words(text: str) -> list[str]:
    """The letters and digits of a text: the page has other quotation marks."""
    return re.findall(r"[^\W_]+", text)


def _first_word(heading: Heading) -> str:
    """Up to the first blank: other words may be on other lines."""
    return heading.text.partition(" ")[0]


def _is_open(line: str) -> bool:
    """Whether a link begins on the line whose address is below."""
    return line.count("[") > line.count("]")


def _misplaced(outline: Outline, lines: list[str]) -> list[tuple[int, str]]:
    """Links and headings whose line does not have them."""
    links = [
        (link.line, link.target)
        for link in outline.links
        if link.target.removeprefix("mailto:") not in lines[link.line - 1]
        and not lines[link.line - 1].endswith("]:")  # a definition, with its address below
        and not _is_open(lines[link.line - 1])
    ]
    headings = [
        (heading.line, heading.text)
        for heading in outline.headings
        if "&" not in lines[heading.line - 1]
        and "![" not in lines[heading.line - 1]  # the first word may be on the next line
        and not lines[heading.line - 1].endswith(("\\", "["))
        and any(word not in lines[heading.line - 1] for word in _words(_first_word(heading)))
    ]
    return links + headings
