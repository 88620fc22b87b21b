"""The few places where SQL differs between databases.

All other SQL of this room is standard: bound parameters, `ON CONFLICT`, `RETURNING`,
`column ->> 'name'` for JSON. A second database needs a `Dialect`, a schema and a store of its own.
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
    """What one database says in its own way. Hints may be empty where a planner needs none."""

    in_stored_order: str
    """After a table's name: read its rows as they are stored. Sorting by an index costs memory."""
    outer_join_first: str
    """A join that reads the left table first; followed by USING or ON."""
    use_index: str
    """After a table's name: read it by the index `{}`."""
    stated_lines: str
    """(lead id, period, number) of each line in the JSON of statement :number."""


SQLITE: Final = Dialect(
    in_stored_order="NOT INDEXED",
    outer_join_first="CROSS JOIN",
    use_index="INDEXED BY {}",
    stated_lines="""
        SELECT line.value ->> 'lead_id', line.value ->> 'period', number
        FROM statements,
            json_each(iif(json_valid(statements.json), statements.json, '{"lines": []}'), '$.lines')
            AS line
        WHERE number = :number
    """,
)


def marks(values: Sequence[object]) -> str:
    """A placeholder for each value, as `IN (...)` needs them."""
    return ", ".join("?" * len(values))


def quoted(words: Iterable[str]) -> str:
    """Our own stages or kinds as SQL constants, sorted, as `IN (...)` needs them."""
    return ", ".join(f"'{word}'" for word in sorted(words))
