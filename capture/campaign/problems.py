"""Mistakes in a file as sentences: which key, what it holds, and the mend."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any, Final

# Where a value stands in a file: `("fields", "email", "type")`, with numbers into lists.


KeyPath = tuple[str | int, ...]


def value_at(data: Any, path: KeyPath) -> Any:
    """The value at a path. Raises KeyError if the data holds nothing there."""
    for step in path:
        if isinstance(data, Mapping) and step in data:
            data = data[step]
        elif isinstance(data, list) and step in range(len(data)):
            data = data[int(step)]
        else:
            raise KeyError(path)
    return data


def has_key(data: Any, path: KeyPath) -> bool:
    """Whether the data holds anything at the path."""
    try:
        value_at(data, path)
    except KeyError:
        return False
    return True


@dataclass(frozen=True)
class Finding:
    """A mistake before its line is known: the key's path in the file, and what to say of it."""

    path: KeyPath
    message: str

    def problem_text(self, data: Mapping[str, Any]) -> str:
        """The whole sentence, with the key and what it holds now."""
        held = value_at(data, self.path) if has_key(data, self.path) else None
        key = dotted(self.path)
        if held is None or isinstance(held, Mapping):
            return f"{key}: {self.message}" if key else self.message
        verb = "holds" if isinstance(self.path[-1], int) else "="
        return f"{key} {verb} {show_value(held)}: {self.message}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """What is known and spelt nearly like the word, upper or lower case aside."""
    names = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return names[close[0]] if close else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean x?` if something known is spelt nearly like the word, else nothing."""
    name = nearest(word, known)
    return f"; did you mean `{name}`?" if name else ""


def join_words(words: Iterable[Any], last: str = ", ") -> str:
    """Words in quotes, as they stand in a file: "a", "b"."""
    quoted = [show_value(word) for word in words]
    return last.join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def show_value(value: Any) -> str:
    """A value as a file would hold it, on one line and not too long to read."""
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
    """The key as TOML would spell it: `fields.email.type`."""
    parts = []
    for step in path:
        if isinstance(step, int):
            continue
        bare = re.fullmatch(r"[A-Za-z0-9_-]+", step)
        parts.append(step if bare else show_value(step))
    return ".".join(parts)


# On which line of a TOML text a key is set. `tomllib` does not tell, so we ask it step by step.
#
# Used only once a file is known to hold a mistake. The text is cut into statements: one ends with
# the first line up to which it parses by itself. Each statement, parsed below the header of its
# table, shows the keys that it sets.


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
