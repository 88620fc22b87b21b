"""Where the engine differs from GitHub's engine, the judge, on purpose; each with its reason.

`odd_documents` writes texts of every kind. A text with one of these places is not compared. A
test proves that each difference is still there, and what the page shows.
"""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Difference:
    """A construct that the engine and the judge read in different ways."""

    reason: str
    place: re.Pattern[str]
    """Finds the construct in a text."""
    examples: tuple[tuple[str, str], ...]
    """Texts, and what the page shows for them."""


def _lines(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


_MARK: Final = r"(?:[-+*]|\d+[.)])"
_LINE: Final = rf"^[ \t>]*(?:{_MARK}[ \t]+[ \t>]*)*"
"""The start of a line, with the marks of quotes and list items."""
_NEXT: Final = r"(?:\n[ \t>]*[^ \t>\n].*)"
"""A line that is not empty."""
_MORE_OF_LIST: Final = rf"(?:[ \t>]*\n)*[ \t>]*(?:{_MARK}[ \t\n]|[ \t]{{2}})"
"""The next item, or more blocks of the same one, behind empty lines."""
_IN_BRACKETS: Final = r"(?:\\(?:.|\n)|[^\[\]\\\n]|\n(?![ \t>]*\n))"

TABLES: Final = (
    "a table begins with a head that has a `|`, in the same quote as the dashes below it, and they "
    "may be `- | -`; a definition above it is one, and indented lines below it are rows"
)
UNKNOWN_TAGS: Final = "`<token>` is no HTML element, so it is text, also where it stands alone"
DIFFERENCES: Final = (
    Difference(
        UNKNOWN_TAGS,
        _lines(rf"{_LINE}<token>"),
        (("<token>\n", "<p>&lt;token&gt;</p>"),),
    ),
    Difference(
        "a tag alone on a line does not interrupt a paragraph, not even in a lazy line",
        _lines(rf"\S.*\n{_LINE}(?:</?(?:ins|br?)\b[^>]*>|</(?:pre|script)>)[ \t]*$"),
        (("> a\n<ins>\n", "<blockquote><p>a\n<ins></p></blockquote>"),),
    ),
    Difference(
        "an empty line after `***`, a definition, or the words of a quote makes a list loose",
        _lines(
            rf"^[ \t>]*(?:{_MARK}[ \t]+|[ \t]{{2}})[ \t]*(?:(?:\*\*\*|---)[ \t]*"
            rf"|\[\w+\]:.*{_NEXT}{{0,3}})"
            rf"\n[ \t>]*\n{_MORE_OF_LIST}"
            rf"|^(?P<around>[ \t>]*[ \t]{{2,}})>[ \t]*\n(?!(?P=around)>){_MORE_OF_LIST}"
        ),
        (
            (
                "1. > - a\n   >\n2. b\n",
                "<ol><li><blockquote><ul><li>a</li></ul></blockquote></li><li><p>b</p></li></ol>",
            ),
            ("- ***\n\n- a\n", "<ul><li><hr></li><li><p>a</p></li></ul>"),
            ("- [b]: /c\n\n  a\n", "<ul><li><p>a</p></li></ul>"),
        ),
    ),
    Difference(
        "single `~` inside a word is a range: 5~6 and 7~8 strike nothing out",
        re.compile(r"\w~\w"),
        (("5~6 and 7~8\n", "<p>5~6 and 7~8</p>"),),
    ),
    Difference(
        "an address after a bracket that is still open is a link too",
        re.compile(rf"(?<!\\)\[(?:{_IN_BRACKETS}|\[{_IN_BRACKETS}*\])*?(?<!<)(?:https?:|www\.)"),
        (
            (
                "[0, 1) https://e.example\n",
                '<p>[0, 1) <a href="https://e.example">https://e.example</a></p>',
            ),
        ),
    ),
    Difference(
        "a bare address ends before the `\\` of a break, and an entity in it is one character",
        _lines(r"(?:https?:|www\.)\S*(?:&\w+;\S|\\$)"),
        (
            (
                "https://e.example\\\na\n",
                '<p><a href="https://e.example">https://e.example</a><br>\na</p>',
            ),
            (
                "https://e.example/?b=1&amp;c=2\n",
                '<p><a href="https://e.example/?b=1&amp;c=2">https://e.example/?b=1&amp;c=2</a></p>',
            ),
        ),
    ),
    Difference(
        TABLES,
        _lines(
            r"^[^|\n]*\n[ \t>]*(?:\|[ :-]+\|?|[ :-]+\||-+:|:-+:?)[ \t]*$"
            r"|^[ \t>]*- \|[ :|-]*$"
            rf"|\[\w+\]:.*{_NEXT}{{0,3}}\n.*\|"
            r"|^(?P<less>[ \t>]*)[^ \t>\n].*\n(?P=less)[ \t]*>[ \t>]*[|:-][ |:-]*$"
        ),
        (
            ("a\n|-\n", "<p>a\n|-</p>"),
            (
                "a | b\n- | -\n",
                "<table><thead><tr><th>a</th><th>b</th></tr></thead></table>",
            ),
            (
                "[a]: b\n| c |\n|---|\n",
                "<table><thead><tr><th>c</th></tr></thead></table>",
            ),
            ("> a\nb | c\n> --|--\n", "<blockquote><p>a\nb | c\n--|--</p></blockquote>"),
        ),
    ),
    Difference(
        TABLES,
        _lines(rf"^(?P<lead>[ \t>]*)[|:-][ |:-]*{_NEXT}*?\n(?P=lead)(?: {{3}}|[ ]*\t)"),
        (
            (
                "| a |\n|---|\n    b\n",
                "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>",
            ),
        ),
    ),
    Difference(
        "an item begins with at most one empty line, also if that has blanks",
        _lines(rf"{_LINE}{_MARK}[ \t]*\n[ \t>]+$"),
        (("-\n  \n  a\n", "<ul><li></li></ul><p>a</p>"),),
    ),
    Difference(
        "a task is a paragraph that begins with a box: no heading, table, HTML, definition",
        _lines(
            rf"{_LINE}\[[ xX]\](?:[ \t]*(?:\[[^\]\n]*\]:.*)?$|[ \t]*<|.*\[[xX]\]"
            rf"|.*{_NEXT}*?\n[ \t>]*(?:-+|=+|[|:-][ |:-]+)[ \t]*$)"
        ),
        (
            ("- [ ] \n", "<ul><li>[ ]</li></ul>"),
            ("- [ ] a\n  ---\n", "<ul><li><h2>[ ] a</h2></li></ul>"),
        ),
    ),
    Difference(
        "a fence behind half a tab, which the quote takes the other half of, is indented by it",
        _lines(r"\t[ \t]*(?:`{3}|~{3})"),
        ((">\t~~~\n>\ta\n", "<blockquote><pre><code>a</code></pre></blockquote>"),),
    ),
)


def has_difference(text: str) -> bool:
    """Whether the engine and the judge read a text in different ways on purpose."""
    return any(difference.place.search(text) for difference in DIFFERENCES)
