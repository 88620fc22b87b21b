"""On which line of a TOML text a key is set. `tomllib` does not tell, so we ask it step by step.

Used only once a file is known to hold a mistake. First the text is cut into statements: a
statement ends with the first line up to which it parses by itself. Then the wanted line is the
start of the first statement after which the parsed text holds the key.
"""

import tomllib
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property

from capture.campaign.keypath import KeyPath, holds


class Lines:
    """A text that parses, and the lines of its keys, counted from 1."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")

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
        """First line and line after the last of each statement, counted from 0."""
        found: list[tuple[int, int]] = []
        start = 0
        for end in range(1, len(self._lines) + 1):
            chunk = self._lines[start:end]
            if len(chunk) == 1 and (not chunk[0].strip() or chunk[0].lstrip().startswith("#")):
                start = end
            elif _parses("\n".join(chunk)):
                found.append((start, end))
                start = end
        return found

    def _held_after(self, count: int, path: KeyPath) -> bool:
        end = self._statements[count - 1][1] if count else 0
        return holds(tomllib.loads("\n".join(self._lines[:end])), path)


def _parses(text: str) -> bool:
    try:
        tomllib.loads(text)
    except ValueError:
        return False
    return True
