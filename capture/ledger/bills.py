"""What has been billed, in SQLite: statements, their lines, and what a lead's row says of them."""

from collections.abc import Iterator, Sequence

from sqlite_utils import Database

from capture.lead import parse_time
from capture.ledger.facts import Frozen, Owed
from capture.ledger.rows import STATEMENT_COLUMNS, frozen_from

_STATED = """
    SELECT line.value ->> 'lead_id', line.value ->> 'period', number
    FROM statements,
        json_each(iif(json_valid(statements.json), statements.json, '{"lines": []}'), '$.lines')
        AS line
    WHERE number = :number
"""
_KEPT = "SELECT * FROM statement_lines WHERE number = :number"


def statements(db: Database, client: str | None) -> Iterator[Frozen]:
    rows = db.execute(
        f"SELECT {STATEMENT_COLUMNS} FROM statements WHERE ? IS NULL OR client = ? ORDER BY rowid",
        (client, client),
    )
    return map(frozen_from, rows)


def statement(db: Database, number: str) -> Frozen | None:
    row = db.execute(
        f"SELECT {STATEMENT_COLUMNS} FROM statements WHERE number = ?", (number,)
    ).fetchone()
    return None if row is None else frozen_from(row)


def owed(db: Database, lead_id: str) -> Owed:
    row = db.execute("SELECT due_at, billed FROM leads WHERE lead_id = ?", (lead_id,)).fetchone()
    due, billed = row or (None, "")
    return Owed(due and parse_time(due), billed)


def billed_on(db: Database, lead_id: str) -> Sequence[tuple[str, str]]:
    rows = db.execute(
        "SELECT number, period FROM statement_lines WHERE lead_id = ? ORDER BY period", (lead_id,)
    )
    return [(number, period) for number, period in rows]


def lines_apart(db: Database) -> Iterator[tuple[str, str, str]]:
    # One statement at a time: all lines together may be very many.
    kept = {number for (number,) in db.execute("SELECT DISTINCT number FROM statement_lines")}
    numbers = statement_numbers(db)
    for number in [*numbers, *sorted(kept.difference(numbers))]:
        yield from db.execute(
            f"SELECT * FROM ({_STATED} EXCEPT {_KEPT})"
            f" UNION ALL SELECT * FROM ({_KEPT} EXCEPT {_STATED})",
            {"number": number},
        ).fetchall()


def statement_numbers(db: Database) -> Sequence[str]:
    return [number for (number,) in db.execute("SELECT number FROM statements ORDER BY rowid")]


def lines_of(db: Database, number: str) -> Sequence[tuple[str, str]]:
    return db.execute(
        "SELECT lead_id, period FROM statement_lines WHERE number = ?", (number,)
    ).fetchall()


class Billed:
    """Which lines stand on a campaign's statements of months before one."""

    def __init__(self, db: Database, campaign: str, before: str) -> None:
        self._db = db
        self._numbers = {
            number
            for (number,) in db.execute(
                "SELECT number FROM statements WHERE campaign = ? AND month < ?", (campaign, before)
            )
        }

    def __contains__(self, line: object) -> bool:
        if not self._numbers or not isinstance(line, tuple):
            return False
        row = self._db.execute(
            "SELECT number FROM statement_lines WHERE lead_id = ? AND period = ?", line
        ).fetchone()
        return row is not None and row[0] in self._numbers
