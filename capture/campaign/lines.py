"""On which line of a TOML text a key is set. `tomllib` does not tell, so we ask it step by step.

Used only once a file is known to hold a mistake. The text is cut into statements: one ends with the
first line up to which it parses by itself. Each statement, parsed below the header of its table,
shows the keys that it sets.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from capture.campaign.keypath import KeyPath

_ENDS: Final = ("]", "}", '"""', "'''")
_TRIES: Final = 200  # a text that is never closed must not cost the square of its length


class Lines:
    """A text that parses, and the lines of its keys, counted from 1."""

    def __init__(self, text: str) -> None:
        self._text = _lines(text)

    def of(self, path: KeyPath) -> int | None:
        """The line where the key starts; for a missing key, where its table does.

        None if the file holds nothing of the path, so that only the file can be named.
        """
        ends = range(len(path), 0, -1)
        return next((self._found[path[:end]] for end in ends if path[:end] in self._found), None)

    @cached_property
    def _found(self) -> Mapping[KeyPath, int]:
        found: dict[KeyPath, int] = {}
        header = ""
        for start, end in _statements(self._text):
            statement = "\n".join(self._text[start:end])
            if statement.lstrip().startswith("["):
                header, statement = statement, ""
            for path in _paths(tomllib.loads(f"{header}\n{statement}")):
                found.setdefault(path, start + 1)
        return found


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
    start = tries = 0
    for end, line in enumerate(lines, 1):
        if end == start + 1 and _is_idle(line):
            start = end
        elif end == start + 1 or any(mark in line for mark in _ENDS):
            if _parses("\n".join(lines[start:end])):
                yield start, end
                start, tries = end, 0
            elif (tries := tries + 1) > _TRIES:
                return


def _is_idle(line: str) -> bool:
    """Whether the line is blank or a comment, where no statement is open."""
    return not line.strip() or line.lstrip().startswith("#")


def _parses(text: str) -> bool:
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Every path that holds something, tables and lists before what they hold."""
    if path:
        yield path
    parts = value.items() if isinstance(value, dict) else ()
    for step, part in enumerate(value) if isinstance(value, list) else parts:
        yield from _paths(part, (*path, step))
