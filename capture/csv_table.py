"""Reads a CSV file as a table with named columns.

RFC 4180 with comma, semicolon or tab; UTF-8, with or without a byte order mark. A first line
`sep=;`, as Excel reads and writes it, names the delimiter. All mistakes are reported together, each
with its line.
"""

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from capture.campaign.problems import show_value, suggestion
from capture.errors import FileErrors, Problem
from capture.text import count_noun

_DELIMITERS: Final = ",;\t"
_MAX_HEADING_LENGTH: Final = 20_000
_SEPARATOR: Final = re.compile(r'"?sep=(.)"?[,;\t ]*(?=[\r\n]|$)', re.IGNORECASE)

Line = tuple[int, list[str]]
"""The line number on which a row starts, and its cells."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that a heading may have, and those that it must have."""

    names: Mapping[str, str]
    """Accepted heading in lower case to the name of its column."""
    required: Sequence[str]
    unknown: str
    """The start of the message about an unknown heading, before the heading itself."""
    place: str
    """The end of that message, after the heading."""

    @property
    def known(self) -> list[str]:
        """The name of every column once, in the order of `names`."""
        return list(dict.fromkeys(self.names.values()))


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a valid heading."""

    where: str
    columns: Sequence[str]
    """In the order of the file."""
    _lines: Sequence[Line]

    def __len__(self) -> int:
        return len(self._lines)

    def rows(self, problems: list[Problem]) -> Iterator[tuple[int, dict[str, str]]]:
        """Yields the line number and the cells by column of each row.

        A row with another number of cells is not yielded; a problem is appended instead.
        """
        for line, cells in self._lines:
            if len(cells) == len(self.columns):
                yield line, dict(zip(self.columns, cells, strict=True))
            else:
                problem = (
                    f"{count_noun(len(cells), 'cell')}, and the heading has {len(self.columns)}"
                )
                problems.append(Problem(self.where, line, problem))


def read_table(content: bytes, where: str, columns: Columns) -> Table:
    """Reads a table. Raises one `FileErrors`: not a CSV file, or every mistake in its heading."""
    heading, *lines = read_lines(content, where, columns.names)
    return Table(where, _column_names(heading, where, columns), lines)


def read_lines(content: bytes, where: str, names: Collection[str]) -> list[Line]:
    """All lines that are not blank; there is at least one.

    `names` are the known headings in lower case; they help to find the delimiter. Raises
    `FileErrors` if the content is not CSV.
    """
    text = _decode(content, where)
    declared = _SEPARATOR.match(text)
    if declared is not None:
        return _lines(text[declared.end() :], where, declared[1])
    return _lines(text, where, _delimiter(text, names))


def in_order(problems: Sequence[Problem]) -> list[Problem]:
    """The problems sorted by line; those of the same line keep their order."""
    return sorted(problems, key=lambda problem: problem.line or 0)


def _decode(content: bytes, where: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = "not UTF-8 text; save it as CSV UTF-8"
        raise FileErrors([Problem(where, line, problem)]) from None


def _delimiter(text: str, names: Collection[str]) -> str:
    """The delimiter that best fits the first line.

    Most known columns, then most cells, then the first to appear.
    """
    first = next(iter(text.lstrip("\r\n")[:_MAX_HEADING_LENGTH].splitlines()), "")

    def score(delimiter: str) -> tuple[int, int, int]:
        cells = next(csv.reader([first], delimiter=delimiter), [])
        return sum(_normalize(cell) in names for cell in cells), len(cells), -first.find(delimiter)

    return max(_DELIMITERS, key=score)


def _lines(text: str, where: str, delimiter: str) -> list[Line]:
    """Heading and rows without blank lines; empty cells beyond the heading are cut off."""
    lines: list[Line] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            problem = f"cannot be read as CSV from here on: {error}; look at its quotation marks"
            raise FileErrors([Problem(where, start, problem)]) from None
        if cells is None:
            break
        if any(cell.strip() for cell in cells):
            lines.append((start, cells))
    if not lines:
        raise FileErrors([Problem(where, None, "empty; its first line names the columns")])
    width = max(number for number, cell in enumerate(lines[0][1], 1) if cell.strip())
    return [
        (line, cells if any(cell.strip() for cell in cells[width:]) else cells[:width])
        for line, cells in lines
    ]


def _column_names(heading: Line, where: str, columns: Columns) -> list[str]:
    """The name of each column. Raises `FileErrors` for unknown, repeated and missing columns."""
    line, cells = heading
    names: list[str] = []
    problems = []
    for cell in cells:
        name = columns.names.get(_normalize(cell), "")
        if not name:
            problem = f"{columns.unknown} {show_value(cell.strip())} {columns.place}"
            problems.append(problem + suggestion(cell.strip(), columns.known))
        elif name in names:
            problems.append(f"two columns for {name}; keep one")
        names.append(name)
    missing = [name for name in columns.required if name not in names]
    if missing:
        problems.append(f"no column for {', '.join(missing)}, which must be answered")
    if problems:
        raise FileErrors([Problem(where, line, problem) for problem in problems])
    return names


def _normalize(cell: str) -> str:
    return cell.strip().casefold()
