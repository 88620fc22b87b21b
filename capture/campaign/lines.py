"""On which line of a TOML text a key is set. `tomllib` does not tell, so we ask it step by step.

Used only once a file is known to hold a mistake. First the text is cut into statements: a
statement ends with the first line up to which it parses by itself. Then the wanted line is the
start of the first statement after which the parsed text holds the key.
"""

import tomllib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property

from capture.campaign.keypath import KeyPath, holds


class Lines:
    """A text that parses, and the lines of its keys, counted from 1."""

    def __init__(self, text: str) -> None:
        self._lines = _lines(text)

    def of(self, path: KeyPath) -> int | None:
        """The line where the key starts; for a missing key, where its table does.

        None if the file holds nothing of the path, so that only the file can be named.
        """
        while path:
            if self._held_after(len(self._statements), path):
                ends = range(len(self._statements) + 1)
                count = bisect_left(ends, True, key=lambda end: self._held_after(end, path))
                return self._statements[count - 1][0] + 1
            path = path[:-1]
        return None

    @cached_property
    def _statements(self) -> Sequence[tuple[int, int]]:
        return list(_statements(self._lines))

    def _held_after(self, count: int, path: KeyPath) -> bool:
        end = self._statements[count - 1][1] if count else 0
        return holds(tomllib.loads("\n".join(self._lines[:end])), path)


def first_open_line(text: str, until: int) -> int | None:
    """Where the statement begins that the lines up to one do not complete; None if they do."""
    lines = _lines(text)[:until]
    end = max((end for _, end in _statements(lines)), default=0)
    rest = (number for number, line in enumerate(lines[end:], end + 1) if not _is_idle(line))
    return next(rest, None)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")


def _statements(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """First line, and line after the last, of each statement; counted from 0."""
    start = 0
    for end in range(1, len(lines) + 1):
        if end == start + 1 and _is_idle(lines[start]):
            start = end
        elif _parses("\n".join(lines[start:end])):
            yield start, end
            start = end


def _is_idle(line: str) -> bool:
    """Whether the line is blank or a comment, where no statement is open."""
    return not line.strip() or line.lstrip().startswith("#")


def _parses(text: str) -> bool:
    try:
        tomllib.loads(text)
    except ValueError:
        return False
    return True
