"""Marks that only another system understands: its shortcodes, variables and components.

Here they are text, so a reader would see them. Each kind is reported once for a text. Each file in
angles is reported too, such as `<{filename}a.md>`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from publish.checks.html_tags import is_html

_NAME: Final = r"[A-Z][A-Za-z0-9]*(?:\.[A-Z][A-Za-z0-9]*)*"
_KINDS: Final = (
    (
        "{{<",
        re.compile(r"\{\{<[^{}\n]*>\}\}"),
        "a shortcode of Hugo, which readers see as text: write Markdown in its place",
    ),
    (
        "{{",
        re.compile(r"(?<!\]\()(?<!=[\"'])\{\{-?[ \t]*(?!(?:form|cta)[ \t])[\w.$\"'][^{}\n]*\}\}"),
        "a variable of a template, which readers see as text: write what it stands for",
    ),
    (
        "<",
        re.compile(rf"</{_NAME}>|<{_NAME}(?:\s[^<>]*)?/>|<{_NAME}\s[^<>=]*=[^<>]*>"),
        "a component of MDX, which readers see as text: write Markdown or HTML in its place",
    ),
    (
        "port",
        re.compile(
            r"^(?:import[ \t](?:[^\n]*[ \t]from[ \t])?[\"'][^\n]*"
            r"|export[ \t](?:const|default|function)[ \t][^\n]*)",
            re.MULTILINE,
        ),
        "a line of MDX, which readers see as text: remove it",
    ),
)
"""What each mark of a kind contains, which is found faster than its pattern; and the message."""
_BRACES_IN_ANGLES: Final = re.compile(r"<(?<!\(<)(?<!: <)(?P<target>(?:\{\w+\}|\|\w+\|)[^\s<>]*)>")
"""A file in angles, which are no link; behind `(` and `: ` they are the address of one."""
_MOST_LETTERS: Final = 60
"""Letters of a mark that a message shows."""


@dataclass(frozen=True)
class ForeignMark:
    """The first mark of its kind in a text."""

    place: int
    message: str


def find_foreign_marks(prose: str) -> Iterator[ForeignMark]:
    """The marks of other systems, and files in angles, in a text without its code."""
    for match in _BRACES_IN_ANGLES.finditer(prose):
        message = f"`{match[0]}` is no link: write `[text]({match['target']})`"
        yield ForeignMark(match.start(), message)
    for sign, pattern, what in _KINDS:
        if sign not in prose:
            continue
        marks = [mark for mark in pattern.finditer(prose) if not _is_html_tag(mark)]
        if marks:
            first = " ".join(marks[0][0].split())
            shown = first if len(first) <= _MOST_LETTERS else f"{first[: _MOST_LETTERS - 1]}…"
            more = f" (and {len(marks) - 1} more here)" if len(marks) > 1 else ""
            yield ForeignMark(marks[0].start(), f"`{shown}`{more} is {what}")


def _is_html_tag(mark: re.Match[str]) -> bool:
    """Whether it is a tag of HTML, which may have capital letters."""
    return mark[0].startswith("<") and is_html(mark[0], mark.string, mark.start())
