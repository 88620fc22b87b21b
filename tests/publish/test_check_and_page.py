"""`check` reads a text as the page does: the same links, headings and ids, at every depth."""

import re
from collections import Counter
from functools import cache
from html import unescape
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import Markdown

from publish.build.pelican_run import settings_from
from publish.checks.notes import Syntax
from publish.checks.outline import outline_of
from publish.plugins.commonmark import make_markdown, site_syntax
from tests.long import LONG, rounds
from tests.publish.markdown_documents import documents
from tests.service import ROOT

_AROUND: Final = {
    "!!! note": ("!!! note\n", "    ", ""),
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
    text = draw(documents())
    for kind in draw(st.lists(st.sampled_from(list(_AROUND)), max_size=3, unique=True)):
        before, indent, after = _AROUND[kind]
        lines = "\n".join(f"{indent}{line}".rstrip() for line in text.split("\n"))
        text = f"{before}{lines}\n{after}"
    return text


_FOUND_OTHERWISE: Final = re.compile(r"https?:|www\.|mailto:|#fn")
"""Bare addresses, which the outline leaves to other rules, and the links of footnotes."""


def _addresses(targets: list[str]) -> Counter[str]:
    return Counter(target for target in targets if not _FOUND_OTHERWISE.match(target))


def test_a_link_may_be_defined_in_a_footnote() -> None:
    markdown, syntax = engine()
    text = "A[^1].\n\n[^1]: See [B].\n\n    [B]: /b\n"
    assert '<a href="/b">B</a>' in markdown.reset().convert(f"\n{text}")
    assert [link.target for link in outline_of(text, syntax=syntax).links] == ["/b"]


@settings(max_examples=rounds(100, 3_000), derandomize=not LONG, deadline=None)
@given(_nested_documents())
def test_check_finds_the_links_and_headings_of_the_page(text: str) -> None:
    markdown, syntax = engine()
    html = markdown.reset().convert(f"\n{text}")
    outline = outline_of(text, syntax=syntax)
    links = [unescape(target) for target in re.findall(r'(?:href|src)="([^"]*)"', html)]
    assert _addresses(links) == _addresses([link.target for link in outline.links])
    assert len(re.findall("<h[1-6][ >]", html)) == len(outline.headings)
    assert set(re.findall(r'<h[1-6] id="([^"]*)"', html)) <= outline.anchors
