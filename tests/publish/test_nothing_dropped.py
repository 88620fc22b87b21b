"""No words are lost in notes, alerts, blocks and HTML, and `check` reads each as the page does.

Every opener is tried with every construct as the first line below it, with and without an empty
line between, and indented by up to five blanks.
"""

import html
import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Final

import pytest
from markdown import Markdown

from publish.build.pelican_run import settings_from
from publish.checks.notes import Syntax
from publish.checks.outline import outline_of
from publish.plugins.commonmark import make_markdown, site_syntax
from tests.service import ROOT

_EXTENSIONS: Final = ("details", "tabbed", *(f"blocks.{name}" for name in ("admonition", "html")))

NOTES: Final = {
    "note": ("!!! note\n", "    ", "\n"),
    "details": ('???+ note "T"\n', "    ", "\n"),
    "tab": ('=== "A"\n', "    ", "\n"),
    "block": ("/// note\n", "", "\n///\n"),
    "titled block": ("//// tip | T\n", "", "\n////\n"),
    "open block": ("/// note\n", "", "\n"),
    "block of words": ("/// html | p\n", "", "\n///\n"),
    "raw block": ("/// html | pre\n", "", "\n///\n"),
    "block in an item": ("- /// note\n", "  ", "\n  ///\n"),
    "block in a quote": ("> /// note\n", "> ", "\n> ///\n"),
    "alert": ("> [!NOTE]\n", "> ", "\n"),
    "item": ("- w\n", "  ", "\n"),
    "number": ("1. w\n", "   ", "\n"),
    "footnote": ("w[^1]\n\n[^1]: w\n", "    ", "\n"),
    "meaning": ("Term\n: w\n", "  ", "\n"),
    "html": ('<div markdown="1">\n', "", "\n</div>\n"),
}
CONSTRUCTS: Final = (
    "# one two",
    "# one {#two}\n## three",
    "one two",
    "one\n---\n[two](three)",
    "- one\n- [two](three)",
    "```\none: two\n```",
    "> one two",
    "one | two\n--|--\n3 | [four](five)",
    "<p>one</p> two",
    "<one> two",
    "one: two",
    "attrs: {class: one}\ntwo",
    "!!! note\n    one [two](three)",
    "/// tip\none [two](three)\n///",
    "> [!TIP]\n> one two",
    "[one](two) ![three](four)",
    "#one two",
    "/// one two",
)

ELEMENTS: Final = (
    ('<p markdown="1">', "</p>"),
    ('<p class="x" markdown>', "</p>"),
    ('<p markdown="block">', "</p>"),
    ('<div markdown="span">', "</div>"),
    ('<div markdown="0">', "</div>"),
    ('<h2 markdown="1">', "</h2>"),
    ('<ul markdown="1">\n<li markdown="1">', "</li>\n</ul>"),
    ('<table markdown="1"><tr markdown="1"><td markdown="block">', "</td></tr></table>"),
    (
        '<figure markdown="1">\n<img src="f" alt="">\n<figcaption markdown>',
        "</figcaption>\n</figure>",
    ),
    ('<details markdown="1">\n<summary markdown="1">S *[s](s)*</summary>', "</details>"),
    ('<span markdown="1">', "</span>"),
    ('<pre markdown="1">', "</pre>"),
)
CONTENTS: Final = (
    "one [two](three)",
    "# one [two](three)",
    "one [two](three)\n\none [four](five)",
    "    [one](two)",
    "- one [two](three)\n- [four](five)",
    "one\n---\n[two](three)",
    "```\n[one](two)\n```\n",
    "one `[two](three)` [four](five)",
    "<two> one [two](three)",
    '<a href="one">two</a> [three](four)',
)
PLACES: Final = (("", ""), ("w\n", ""), ("- w\n", "  "), ("1. w\n\n", "   "), ("", "> "))


@cache
def engine() -> tuple[Markdown, Syntax]:
    settings = settings_from(ROOT / "pelicanconf.py", {})
    extensions = [f"pymdownx.{name}" for name in _EXTENSIONS]
    settings["MARKDOWN"] = {**settings["MARKDOWN"], "extensions": extensions}
    return make_markdown(settings), site_syntax(settings)


def differences(text: str) -> Iterator[str]:
    """What the page has lost of a text, and what `check` reads in another way."""
    markdown, syntax = engine()
    page, outline = markdown.reset().convert(f"\n{text}"), outline_of(text, syntax=syntax)
    shown = html.unescape(page)
    for word in re.findall(r"\b(?:one|two|three|four|five|after)\b", text):
        if word not in shown:
            yield f"{word} is lost"
    links = re.findall(r'(?:href|src)="(?!#fn)([^"]*)"', page)
    if sorted(links) != sorted(link.target for link in outline.links):
        yield f"links {links}, checked {outline.links}"
    headings = re.findall(r"<h([1-6])[ >]", page)
    if sorted(headings) != sorted(str(heading.level) for heading in outline.headings):
        yield f"headings {headings}, checked {outline.headings}"


@pytest.mark.parametrize("opener", NOTES)
def test_the_first_lines_below_an_opener_are_shown_and_checked(opener: str) -> None:
    before, indent, after = NOTES[opener]
    wrong = {}
    for construct, blanks, gap in product(CONSTRUCTS, (0, 1, 3, 4, 5), ("", "\n")):
        lines = "\n".join(f"{indent}{' ' * blanks}{line}" for line in construct.split("\n"))
        text = f"{before}{indent.rstrip() * bool(gap)}{gap}{lines}{after}\nafter\n"
        if found := list(differences(text)):
            wrong[text] = found
    assert wrong == {}


@pytest.mark.parametrize("element", ELEMENTS, ids=lambda element: element[0])
def test_markdown_in_html_is_shown_and_checked_wherever_it_is(element: tuple[str, str]) -> None:
    opening, closing = element
    wrong = {}
    for content, (before, indent), blanks, end in product(CONTENTS, PLACES, (0, 2, 3), ("", "\n")):
        lines = f"{opening}{end}{content}{end}{closing} [after](six)\n\n[end](seven)".split("\n")
        text = before + "".join(f"{indent}{' ' * blanks}{line}".rstrip() + "\n" for line in lines)
        if found := list(differences(text)):
            wrong[text] = found
    assert wrong == {}


def test_lines_that_would_be_comments_on_options_are_the_body_of_a_block() -> None:
    html = engine()[0].reset().convert("\n/// note\n    # one\n///\n")
    assert "# one" in html
    assert "admonition note" in html


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (
            "w\n\n/// note\n    what: 1\n///\n",
            3,
            "`/// note` is shown as text, because its title or",
        ),
        ("w\n\n/// html\nw\n///\n", 3, "`/// html` is shown as text, because its title or"),
        ("- w\n      !!! note\n          w\n", 2, "`!!! note` is shown as text, because its ind"),
        ('<div>\n<p markdown="1">*w*</p>\n</div>\n', 2, '`markdown` in `<p markdown="1">` has no'),
    ],
)
def test_what_is_shown_as_text_is_a_problem_of_its_line(text: str, line: int, message: str) -> None:
    (problem,) = outline_of(text, syntax=engine()[1]).problems
    assert problem.line == line
    assert problem.message.startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        "/// note\n    attrs: {class: x}\n\nw\n///\n",
        '<!-- <div>\n<p markdown="1"> -->\n',
        '<div>\n<p markdown="0">w</p>\n</div>\n',
        '<ul markdown="1">\n<li markdown="1">w</li>\n</ul>\n',
        "w\n!!! note\n    w\n",
    ],
)
def test_notes_and_elements_that_are_read_are_no_problem(text: str) -> None:
    assert outline_of(text, syntax=engine()[1]).problems == ()
