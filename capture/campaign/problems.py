"""Mistakes in a TOML file: the path of the key, the message, and the line."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any, Final

KeyPath = tuple[str | int, ...]
"""The position of a value: `("fields", "email", "type")`, with numbers as indexes of lists."""


def value_at(data: Any, path: KeyPath) -> Any:
    """The value at a path. Raises KeyError if there is none."""
    for step in path:
        if isinstance(data, Mapping) and step in data:
            data = data[step]
        elif isinstance(data, list) and step in range(len(data)):
            data = data[int(step)]
        else:
            raise KeyError(path)
    return data


def has_key(data: Any, path: KeyPath) -> bool:
    """Whether the data has a value at the path."""
    try:
        value_at(data, path)
    except KeyError:
        return False
    return True


@dataclass(frozen=True)
class Finding:
    """A mistake whose line is not known yet: the key's path and the message."""

    path: KeyPath
    message: str

    def problem_text(self, data: Mapping[str, Any]) -> str:
        """The complete message, with the key and its current value."""
        value = value_at(data, self.path) if has_key(data, self.path) else None
        key = dotted(self.path)
        if value is None or isinstance(value, Mapping):
            return f"{key}: {self.message}" if key else self.message
        verb = "holds" if isinstance(self.path[-1], int) else "="
        return f"{key} {verb} {show_value(value)}: {self.message}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word with the most similar spelling, ignoring case; None if none is similar."""
    names = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return names[close[0]] if close else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean x?` if a known word has a similar spelling, else ""."""
    name = nearest(word, known)
    return f"; did you mean `{name}`?" if name else ""


def join_words(words: Iterable[Any], last: str = ", ") -> str:
    """The words in quotes, separated by commas: "a", "b"."""
    quoted = [show_value(word) for word in words]
    return last.join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def show_value(value: Any) -> str:
    """The value as TOML would write it, on one line, cut to 80 characters."""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
    elif isinstance(value, list | tuple):
        text = f"[{', '.join('[...]' if isinstance(v, list) else show_value(v) for v in value)}]"
    elif isinstance(value, Mapping):
        text = "a table"
    else:
        text = str(value)
    text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return text if len(text) <= 80 else text[:77] + "..."


def dotted(path: KeyPath) -> str:
    """The key as TOML writes it: `fields.email.type`."""
    parts = []
    for step in path:
        if isinstance(step, int):
            continue
        bare = re.fullmatch(r"[A-Za-z0-9_-]+", step)
        parts.append(step if bare else show_value(step))
    return ".".join(parts)


# Line numbers: `tomllib` does not report the line of a key, so we find it ourselves.
#
# Used only when a file has a mistake. The text is split into statements: a statement ends at the
# first line where it parses on its own. Each statement is then parsed below the header of its
# table, which shows the keys that it sets.

_CLOSING_MARKS: Final = ("]", "}", '"""', "'''")
_MAX_TRIES: Final = 200  # without it, the time for a text whose end is missing is quadratic


class Lines:
    """The line numbers of the keys in a valid TOML text, counted from 1."""

    def __init__(self, text: str) -> None:
        self._text = _lines(text)

    def line_of(self, path: KeyPath) -> int | None:
        """The line where the key starts; for a missing key, the line of its table.

        None if no part of the path is in the file.
        """
        starts = (path[:length] for length in range(len(path), 0, -1))
        return next(
            (self._line_numbers[start] for start in starts if start in self._line_numbers), None
        )

    @cached_property
    def _line_numbers(self) -> Mapping[KeyPath, int]:
        numbers: dict[KeyPath, int] = {}
        header = ""
        for start, end in _statements(self._text):
            statement = "\n".join(self._text[start:end])
            if statement.lstrip().startswith("["):
                header, statement = statement, ""
            for path in _paths(tomllib.loads(f"{header}\n{statement}")):
                numbers.setdefault(path, start + 1)
        return numbers


def first_open_line(text: str, until: int) -> int | None:
    """The first line of a statement that does not end before line `until`; None if all do."""
    lines = _lines(text)[:until]
    end = max((end for _, end in _statements(lines)), default=0)
    rest = (
        number for number, line in enumerate(lines[end:], end + 1) if not _is_blank_or_comment(line)
    )
    return next(rest, None)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")


def _statements(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The first line of each statement, and the line after its last; counted from 0."""
    start = tries = 0
    for end, line in enumerate(lines, 1):
        if end == start + 1 and _is_blank_or_comment(line):
            start = end
        elif end == start + 1 or any(mark in line for mark in _CLOSING_MARKS):
            if _is_toml("\n".join(lines[start:end])):
                yield start, end
                start, tries = end, 0
            elif (tries := tries + 1) > _MAX_TRIES:
                return


def _is_blank_or_comment(line: str) -> bool:
    """Whether the line is blank or a comment; only for lines outside statements."""
    return not line.strip() or line.lstrip().startswith("#")


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The path of every value; tables and lists come before their contents."""
    if path:
        yield path
    parts = value.items() if isinstance(value, dict) else ()
    for step, part in enumerate(value) if isinstance(value, list) else parts:
        yield from _paths(part, (*path, step))
