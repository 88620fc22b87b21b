"""A CSV table of what a CRM or a sales list says became of leads."""

from typing import Final

from capture.errors import FileErrors, Problem
from capture.sheet import Columns, Table, read_table

MOST_ROWS: Final = 100_000

COLUMNS: Final = (
    "lead_id",
    "email",
    "campaign",
    "outcome",
    "on",
    "at",
    "amount",
    "period",
    "months",
    "reason",
    "from",
    "note",
    "reference",
    "again",
)
_HEADING: Final = Columns(
    names={name: name for name in COLUMNS},
    needed=("outcome", "on"),
    unknown="no column",
    place="in a table of outcomes",
)


def read_outcomes(content: bytes, where: str) -> Table:
    """Raises one `FileErrors` for what is no table, or with every mistake of its heading."""
    table = read_table(content, where, _HEADING)
    if not {"lead_id", "email"} & set(table.columns):
        raise FileErrors([Problem(where, None, "no column says whose outcome: lead_id or email")])
    if not table:
        raise FileErrors([Problem(where, None, "a heading and no outcomes below it")])
    if len(table) > MOST_ROWS:
        mend = f"at most {MOST_ROWS} at once: cut the file in parts, each with the heading"
        raise FileErrors([Problem(where, None, f"{len(table)} outcomes; {mend}")])
    return table
