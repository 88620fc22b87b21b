"""The few places where SQL differs between databases.

All other SQL of this package is portable: bound parameters, `ON CONFLICT`, `RETURNING`,
`column ->> 'name'` for JSON. Another database needs its own `Dialect`, schema and `Ledger`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

Values = Sequence[Any] | Mapping[str, Any]


class Rows(Protocol):
    """The result of a statement."""

    @property
    def rowcount(self) -> int:
        """How many rows were written."""

    def fetchone(self) -> Any:
        """The next row, or None."""

    def fetchall(self) -> list[Any]:
        """The remaining rows."""

    def __iter__(self) -> Iterator[Any]:
        """The remaining rows, read one at a time."""


class Connection(Protocol):
    """One connection within one transaction. Values are bound to `?` or `:name`."""

    def execute(self, sql: str, values: Values = ..., /) -> Rows:
        """Runs one statement."""

    def executemany(self, sql: str, values: Iterable[Values], /) -> Rows:
        """Runs one statement for each set of values."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """SQL fragments of one database. A hint is empty if the planner does not need it."""

    in_stored_order: str
    """Hint after a table's name: read the rows in stored order, because a sort needs memory."""
    outer_join_first: str
    """Join that reads the left table first; USING or ON follows."""
    use_index: str
    """Hint after a table's name: use the index `{}`."""
    blank_text: str
    """Expression: as many spaces as the text `{}` has bytes, so that an overwrite moves no row."""
    blank_people: str
    """UPDATE that overwrites rows of `personal_data` in place; WHERE follows. It also replaces the
    row's lead id by one that no lead has."""
    blank_notes: str
    """UPDATE that overwrites rows of `notes` in place; WHERE follows."""
    totals_in_json: str
    """Query for (number, position, campaign, total) of each part in the JSON of statement :number.
    """
    lines_in_json: str
    """Query for (lead id, period, number) of each line in the JSON of statement :number."""


_BLANK: Final = "printf('%*s', length(CAST({} AS BLOB)), '')"
_BLANK_JSON: Final = """'"' || printf('%*s', length(CAST({} AS BLOB)) - 2, '') || '"'"""
_NO_LEAD: Final = "printf('%-*s', length(lead_id), '~' || rowid)"
_JSON_COLUMNS: Final = ("answers", "judged", "reasons", "first_touch", "last_touch", "unverified")

SQLITE: Final = Dialect(
    in_stored_order="NOT INDEXED",
    outer_join_first="CROSS JOIN",
    use_index="INDEXED BY {}",
    blank_text=_BLANK,
    blank_people=(
        f"UPDATE personal_data SET lead_id = {_NO_LEAD},"
        " address = CASE WHEN address IS NOT NULL THEN zeroblob(length(address)) END, "
        f" page = {_BLANK.format('page')}, "
        + ", ".join(f"{name} = {_BLANK_JSON.format(name)}" for name in _JSON_COLUMNS)
    ),
    blank_notes=(
        "UPDATE notes SET lead_id = printf('%-*s', length(lead_id), '~' || id), "
        + ", ".join(f"{name} = {_BLANK.format(name)}" for name in ("author", "text"))
    ),
    totals_in_json="""
        SELECT number, part.key, part.value ->> 'campaign', part.value ->> 'total'
        FROM statements,
            json_each(iif(json_valid(statements.json), statements.json, '{"parts": []}'), '$.parts')
            AS part
        WHERE number = :number
    """,
    lines_in_json="""
        SELECT line.value ->> 'lead_id', line.value ->> 'period', number
        FROM statements,
            json_each(iif(json_valid(statements.json), statements.json, '{"parts": []}'), '$.parts')
            AS part,
            json_each(part.value, '$.lines') AS line
        WHERE number = :number
    """,
)


def placeholders(values: Sequence[object]) -> str:
    """Placeholders for `IN (...)`, one for each value."""
    return ", ".join("?" * len(values))


def quoted(words: Iterable[str]) -> str:
    """SQL constants for `IN (...)`, sorted. Only for stages and event kinds, not for input."""
    return ", ".join(f"'{word}'" for word in sorted(words))
