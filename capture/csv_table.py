"""A table that somebody brings as a CSV file: its heading, and its rows cell by cell.

RFC 4180 with comma, semicolon or tab; UTF-8, with or without a byte order mark; a first line
`sep=;`, as Excel reads and writes it, names the delimiter. Every mistake is told at once, with its
line.
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
"""The line on which a row begins, and what it holds."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What a heading may name, and what it must."""

    names: Mapping[str, str]
    """What may stand there, in lower case, and the column that it means."""
    needed: Sequence[str]
    unknown: str
    """What is said before a name that is none, and ..."""
    place: str
    """... after it."""

    @property
    def known(self) -> list[str]:
        """Every column, in the order in which a person would look for it."""
        return list(dict.fromkeys(self.names.values()))


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose heading is sound."""

    where: str
    columns: Sequence[str]
    """In the order of the file."""
    _lines: Sequence[Line]

    def __len__(self) -> int:
        return len(self._lines)

    def rows(self, problems: list[Problem]) -> Iterator[tuple[int, dict[str, str]]]:
        """Line and cells by column; a row of another width is added to the problems instead."""
        for line, cells in self._lines:
            if len(cells) == len(self.columns):
                yield line, dict(zip(self.columns, cells, strict=True))
            else:
                problem = (
                    f"{count_noun(len(cells), 'cell')}, and the heading has {len(self.columns)}"
                )
                problems.append(Problem(self.where, line, problem))


def read_table(content: bytes, where: str, columns: Columns) -> Table:
    """Raises one `FileErrors` for what is no table, or with every mistake of its heading."""
    heading, *lines = read_lines(content, where, columns.names)
    return Table(where, _named(heading, where, columns), lines)


def read_lines(content: bytes, where: str, names: Collection[str]) -> list[Line]:
    """Every line that is not blank; at least one, which may be a heading with some of the names.

    The names, in lower case, tell the delimiter. Raises `FileErrors` for what is no CSV.
    """
    text = _decoded(content, where)
    declared = _SEPARATOR.match(text)
    if declared is not None:
        return _lines(text[declared.end() :], where, declared[1])
    return _lines(text, where, _delimiter(text, names))


def in_order(problems: Sequence[Problem]) -> list[Problem]:
    """As the file has them, line by line; those of one line as they were found."""
    return sorted(problems, key=lambda problem: problem.line or 0)


def _decoded(content: bytes, where: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = "no UTF-8 text; save it as CSV UTF-8"
        raise FileErrors([Problem(where, line, problem)]) from None


def _delimiter(text: str, names: Collection[str]) -> str:
    """The one by which the first line names most columns, or falls into most parts, or that it
    holds first."""
    first = next(iter(text.lstrip("\r\n")[:_MAX_HEADING_LENGTH].splitlines()), "")

    def fit(delimiter: str) -> tuple[int, int, int]:
        cells = next(csv.reader([first], delimiter=delimiter), [])
        return sum(_plain(cell) in names for cell in cells), len(cells), -first.find(delimiter)

    return max(_DELIMITERS, key=fit)


def _lines(text: str, where: str, delimiter: str) -> list[Line]:
    """Heading and rows: all that is not blank, as wide as the heading where nothing follows."""
    found: list[Line] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        begun = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            problem = f"cannot be read as CSV from here on: {error}; look at its quotation marks"
            raise FileErrors([Problem(where, begun, problem)]) from None
        if cells is None:
            break
        if any(cell.strip() for cell in cells):
            found.append((begun, cells))
    if not found:
        raise FileErrors([Problem(where, None, "empty; its first line names the columns")])
    width = max(number for number, cell in enumerate(found[0][1], 1) if cell.strip())
    return [
        (line, cells if any(cell.strip() for cell in cells[width:]) else cells[:width])
        for line, cells in found
    ]


def _named(heading: Line, where: str, columns: Columns) -> list[str]:
    """The name of each column. Raises `FileErrors` for what is unknown, twice there or missing."""
    line, cells = heading
    found: list[str] = []
    problems = []
    for cell in cells:
        name = columns.names.get(_plain(cell), "")
        if not name:
            problem = f"{columns.unknown} {show_value(cell.strip())} {columns.place}"
            problems.append(problem + suggestion(cell.strip(), columns.known))
        elif name in found:
            problems.append(f"two columns for {name}; leave one")
        found.append(name)
    missing = [name for name in columns.needed if name not in found]
    if missing:
        problems.append(f"no column for {', '.join(missing)}, which must be answered")
    if problems:
        raise FileErrors([Problem(where, line, problem) for problem in problems])
    return found


def _plain(cell: str) -> str:
    return cell.strip().casefold()
