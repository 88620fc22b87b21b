"""The lines of a document on the desk: which of them are on a page of the address.

The files of a document, and the page `all`, have every line.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from capture.documents.sheet import Cell, SheetPart

PAGE_LINES: Final = 200
"""Lines on one page."""
ALL: Final = "all"
"""The page with every line, in the address."""


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A line of a document: the cells of its sheet, and the lead behind it."""

    cells: Sequence[Cell]
    lead_id: str
    period: str
    is_first: bool = True
    """Whether it is the first line of its lead, to which links to the lead's line go."""


@dataclass(frozen=True, slots=True)
class DocumentPart:
    """The lines of one campaign, or those that are on a page."""

    sheet: SheetPart
    lines: Sequence[DocumentLine]
    is_last: bool = True
    """Whether the last line of the campaign is among them, so that its sum follows."""


@dataclass(frozen=True, slots=True)
class LinePage:
    """The lines of one page."""

    parts: Sequence[DocumentPart]
    first: int
    """The number of its first line, from 1."""
    last: int
    total: int
    """The number of all lines."""
    earlier: str
    """The page before, as in the address; empty without one."""
    later: str
    """The page after it."""

    @property
    def is_complete(self) -> bool:
        """Whether it has every line."""
        return not (self.earlier or self.later)


def line_page(parts: Sequence[DocumentPart], page: str = "", lead_id: str = "") -> LinePage:
    """The page with a number, such as `2`, or `ALL`; another text is the first page.

    With a lead's id and without a page, it is the one with the lead's first line.
    """
    lead_ids = [line.lead_id for part in parts for line in part.lines]
    total = len(lead_ids)
    if page == ALL or total <= PAGE_LINES:
        return LinePage(parts, min(1, total), total, total, "", "")
    last_page = -(-total // PAGE_LINES)
    number = int(page) if page.isascii() and page.isdecimal() and len(page) < 7 else 1
    if not page and lead_id in lead_ids:
        number = lead_ids.index(lead_id) // PAGE_LINES + 1
    number = min(max(number, 1), last_page)
    start = (number - 1) * PAGE_LINES
    end = min(start + PAGE_LINES, total)
    return LinePage(
        _between(parts, start, end),
        start + 1,
        end,
        total,
        earlier=str(number - 1) if number > 1 else "",
        later=str(number + 1) if number < last_page else "",
    )


def _between(parts: Sequence[DocumentPart], start: int, end: int) -> list[DocumentPart]:
    """The parts with their lines from `start` up to and without `end`, counted over all parts."""
    found, offset = [], 0
    for part in parts:
        lines = part.lines[max(0, start - offset) : max(0, end - offset)]
        offset += len(part.lines)
        if lines:
            found.append(replace(part, lines=lines, is_last=offset <= end))
    return found
