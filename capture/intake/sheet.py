"""A CSV table of leads that were won elsewhere, read and checked row by row as the form would.

The heading names the campaign's fields; every mistake is told at once, with its line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from capture.campaign import Answer, Campaign
from capture.errors import FileErrors, Problem
from capture.form import check_typed
from capture.sheet import Columns, in_order, read_table

MOST_ROWS: Final = 5000
"""One transaction takes them all, and the site's visitors wait for it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One lead of the table, sound by itself."""

    line: int
    answers: Mapping[str, Answer]
    unverified: Mapping[str, str] = field(default_factory=dict)
    """Optional contact data that looks wrong, as typed."""


def read_sheet(content: bytes, where: str, campaign: Campaign) -> list[Row]:
    """The rows in their order. Raises one `FileErrors` with every mistake of the file."""
    table = read_table(content, where, _columns(campaign))
    if not table:
        raise FileErrors([Problem(where, None, "a heading and no leads below it")])
    if len(table) > MOST_ROWS:
        mend = f"at most {MOST_ROWS} at once: cut the file in parts, each with the heading"
        raise FileErrors([Problem(where, None, f"{len(table)} leads; {mend}")])
    sound = []
    problems: list[Problem] = []
    for line, cells in table.rows(problems):
        checked = check_typed(campaign, cells)
        problems += [Problem(where, line, fault) for fault in checked.faults.values()]
        sound.append(Row(line, checked.answers, checked.unverified))
    if problems:
        raise FileErrors(in_order(problems))
    return sound


def _columns(campaign: Campaign) -> Columns:
    """A heading may say a field's name, or its label where no other field has the same."""
    labels: dict[str, list[str]] = {}
    for name, asked in campaign.fields.items():
        labels.setdefault(asked.label.casefold(), []).append(name)
    known = {name: name for name in campaign.fields}
    known = {label: names[0] for label, names in labels.items() if len(names) == 1} | known
    needed = [name for name, asked in campaign.fields.items() if asked.required]
    return Columns(known, needed, unknown="no field", place=f"in {campaign.slug}")
