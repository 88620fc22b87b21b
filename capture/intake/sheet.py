"""A CSV table of leads that were won elsewhere, read and checked row by row as the form would.

RFC 4180 with comma, semicolon or tab; UTF-8, with or without a byte order mark. The heading names
the campaign's fields; every mistake is told at once, with its line.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from capture.campaign import Answer, Campaign
from capture.campaign.problems import near, shown
from capture.errors import FileErrors, Problem
from capture.form import check_typed

MOST_ROWS: Final = 5000
"""One transaction takes them all, and the site's visitors wait for it."""

_DELIMITERS: Final = ",;\t"
_LONGEST_HEADING: Final = 20_000

Cells = tuple[int, list[str]]
"""The line on which a row begins, and what it holds."""


@dataclass(frozen=True, slots=True)
class Row:
    """One lead of the table, sound by itself."""

    line: int
    answers: Mapping[str, Answer]


def read_sheet(content: bytes, where: str, campaign: Campaign) -> list[Row]:
    """The rows in their order. Raises one `FileErrors` with every mistake of the file."""
    text = _decoded(content, where)
    names = _columns(campaign)
    heading, *rows = _rows(text, where, _delimiter(text, names))
    fields = _fields(heading, where, campaign, names)
    if not rows:
        raise FileErrors([Problem(where, None, "a heading and no leads below it")])
    if len(rows) > MOST_ROWS:
        mend = f"at most {MOST_ROWS} at once: cut the file in parts, each with the heading"
        raise FileErrors([Problem(where, None, f"{len(rows)} leads; {mend}")])
    sound, problems = [], []
    for line, cells in rows:
        if len(cells) != len(fields):
            fault = f"{len(cells)} cells, and the heading has {len(fields)}"
            problems.append(Problem(where, line, fault))
            continue
        checked = check_typed(campaign, dict(zip(fields, cells, strict=True)))
        problems += [Problem(where, line, fault) for fault in checked.faults.values()]
        sound.append(Row(line, checked.answers))
    if problems:
        raise FileErrors(problems)
    return sound


def _decoded(content: bytes, where: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        fault = "no UTF-8 text; save it as CSV UTF-8"
        raise FileErrors([Problem(where, line, fault)]) from None


def _columns(campaign: Campaign) -> dict[str, str]:
    """What a heading may say, in lower case, and the field that it means: its name or label."""
    labels: dict[str, list[str]] = {}
    for name, field in campaign.fields.items():
        labels.setdefault(field.label.casefold(), []).append(name)
    known = {label: names[0] for label, names in labels.items() if len(names) == 1}
    return known | {name: name for name in campaign.fields}


def _delimiter(text: str, names: Mapping[str, str]) -> str:
    """The one by which the first line names most fields, or else falls into most parts."""
    first = next(iter(text.lstrip("\r\n")[:_LONGEST_HEADING].splitlines()), "")

    def fit(delimiter: str) -> tuple[int, int]:
        cells = next(csv.reader([first], delimiter=delimiter), [])
        return sum(_plain(cell) in names for cell in cells), len(cells)

    return max(_DELIMITERS, key=fit)


def _rows(text: str, where: str, delimiter: str) -> list[Cells]:
    """Heading and rows: all that is not blank, as wide as the heading where nothing follows."""
    found: list[Cells] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        begun = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            fault = f"cannot be read as CSV from here on: {error}; look at its quotation marks"
            raise FileErrors([Problem(where, begun, fault)]) from None
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


def _fields(heading: Cells, where: str, campaign: Campaign, names: Mapping[str, str]) -> list[str]:
    """The field of each column. Raises `FileErrors` for what is unknown, twice there or missing."""
    line, cells = heading
    fields: list[str] = []
    faults = []
    for cell in cells:
        name = names.get(_plain(cell), "")
        if not name:
            fault = f"no field {shown(cell.strip())} in {campaign.slug}"
            faults.append(fault + near(cell.strip(), campaign.fields))
        elif name in fields:
            faults.append(f"two columns for {name}; leave one")
        fields.append(name)
    missing = [
        name for name, field in campaign.fields.items() if field.required and name not in fields
    ]
    if missing:
        faults.append(f"no column for {', '.join(missing)}, which must be answered")
    if faults:
        raise FileErrors([Problem(where, line, fault) for fault in faults])
    return fields


def _plain(cell: str) -> str:
    return cell.strip().casefold()
