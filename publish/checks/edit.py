"""Exact edits of a text file, which a rule offers with a finding that it is sure how to fix."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

BREAK: Final = re.compile(r"\r\n|\r|\n")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, order=True)
class Edit:
    """Replaces text that begins in a line; with an empty `old` it inserts `new`."""

    line: int
    """Counted from 1."""
    column: int
    """The characters of the line before `old`, without a byte order mark."""
    old: str
    new: str
    r"""Each `\n` in both is the line break of the file."""


class Mismatch(Exception):
    """The text does not contain the part that an edit replaces."""


def apply_edits(raw: bytes, edits: Iterable[Edit]) -> bytes:
    """The file after the edits, which must not overlap, with its line breaks and byte order mark.

    Raises `Mismatch`.
    """
    text = raw.decode("utf-8-sig")
    breaks = list(BREAK.finditer(text))
    starts = [0, *(found.end() for found in breaks)]
    line_break = breaks[0][0] if breaks else "\n"
    for edit in sorted(edits, reverse=True):
        if not 1 <= edit.line <= len(starts):
            raise Mismatch(edit)
        old, new = (part.replace("\n", line_break) for part in (edit.old, edit.new))
        start = starts[edit.line - 1] + edit.column
        end = start + len(old)
        if text[start:end] != old:
            raise Mismatch(edit)
        text = text[:start] + new + text[end:]
    mark = _BYTE_ORDER_MARK if raw.startswith(_BYTE_ORDER_MARK) else b""
    return mark + text.encode()


def overlap(edits: Sequence[Edit]) -> bool:
    """Whether two of the edits change the same characters, or insert at the same place."""
    return any(
        (one.line, one.column + len(one.old)) > (two.line, two.column)
        or (one.line, one.column) == (two.line, two.column)
        for one, two in pairwise(sorted(edits))
        if one.line == two.line
    )


def replacement(  # noqa: PLR0913 - what is replaced, and where
    lines: Sequence[str],
    numbers: Iterable[int],
    old: str,
    new: str,
    around: tuple[str, str] = ("", ""),
    *,
    times: int = 1,
) -> tuple[Edit, ...]:
    """Replaces `old` if these lines have it so many times, and nowhere else; else nothing.

    `around` is the pattern of what must be before and after it. Numbers are counted from 1.
    """
    pattern = re.compile(f"(?P<before>{around[0]}){re.escape(old)}(?={around[1]})")
    numbers = [number for number in numbers if 1 <= number <= len(lines)]
    found = [
        Edit(number, match.end("before"), old, new)
        for number in numbers
        for match in pattern.finditer(lines[number - 1])
    ]
    is_sure = sum(lines[number - 1].count(old) for number in numbers) == times == len(found)
    return tuple(found) if is_sure else ()
