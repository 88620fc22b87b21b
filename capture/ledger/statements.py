"""Closed statements, the protocol and the SQL: JSON, lines, totals, and a lead's billing state."""

from collections.abc import Collection, Container, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from capture.lead.events import EventKind, parse_time, show_time
from capture.ledger.dialect import Connection, Dialect, placeholders, quoted
from capture.ledger.due_projection import DueProjection
from capture.ledger.leads import SqlLeads
from capture.ledger.types import ClosedStatement, DueState, StatementTotal

_COLUMNS: Final = "number, client, currency, month, json, sha256, closed_at"
_STORED_LINES: Final = "SELECT lead_id, period, number FROM statement_lines WHERE number = :number"
_STORED_TOTALS: Final = (
    "SELECT number, position, campaign, total FROM statement_totals WHERE number = :number"
)
_CORRECTIONS: Final = (EventKind.CREDITED, EventKind.DEBITED)

TABLES: Final = """
    CREATE TABLE statements (
        id INTEGER PRIMARY KEY,  -- in the order of closing
        number TEXT NOT NULL UNIQUE,
        client TEXT NOT NULL,
        currency TEXT NOT NULL,
        month TEXT NOT NULL CHECK (length(month) = 7),
        json TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        closed_at TEXT NOT NULL,
        UNIQUE (client, currency, month)
    ) STRICT;
    -- A lead is billed at most once per billable event.
    CREATE TABLE statement_lines (
        lead_id TEXT NOT NULL,
        period TEXT NOT NULL,
        number TEXT NOT NULL,
        PRIMARY KEY (lead_id, period)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX statement_lines_by_number ON statement_lines (number);
"""
"""The tables of this subject, for the first migration."""

TOTALS: Final = """
    -- What each part of a statement adds up to, so that sums need not read its JSON.
    CREATE TABLE statement_totals (
        number TEXT NOT NULL,
        position INTEGER NOT NULL,  -- of the part in the statement
        campaign TEXT NOT NULL,
        total INTEGER NOT NULL,  -- in minor units
        PRIMARY KEY (number, position)
    ) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class CorrectionSum:
    """What the credit and debit notes on one campaign's lines of a statement add up to."""

    number: str
    """The number of the statement."""
    campaign: str
    credited: int
    """In minor units."""
    debited: int
    """In minor units."""


@dataclass(frozen=True, slots=True)
class OpenSum:
    """The sum of lines that are on no statement yet."""

    amount: int
    """In minor units of the campaign's currency, before its money cap (rule 9)."""
    newest_lead: str | None
    """The lead of these lines that was received last; None without a line."""


class StatementQueries(Protocol):
    """Closed statements, and the billed and due lines of a lead."""

    def get(self, number: str) -> ClosedStatement | None:
        """One closed statement; None if there is none with this number."""

    def select(self, client: str | None = None) -> Iterator[ClosedStatement]:
        """Closed statements in the order of closing, read one at a time because they are long."""

    def numbers(self) -> Sequence[str]:
        """The numbers of all closed statements, in the order of their closing."""

    def totals(self) -> Iterator[StatementTotal]:
        """The total of each campaign on each statement, in the order of closing."""

    def corrections(self) -> Sequence[CorrectionSum]:
        """What the notes on each campaign's lines of each statement add up to."""

    def lines(self, number: str) -> Sequence[tuple[str, str]]:
        """(lead id, period) of each line of a statement, free ones included."""

    def count_lines(self, number: str) -> int:
        """The number of lines that `lines` returns."""

    def lines_of_lead(self, lead_id: str) -> Sequence[tuple[str, str]]:
        """(statement number, period) of each line of a lead, in the order of the periods."""

    def mismatched_lines(self) -> Iterator[tuple[str, str, str]]:
        """(lead id, period, statement number) of each line that is only in the table of lines or
        only in a statement's JSON. Empty in a sound ledger."""

    def mismatched_totals(self) -> Iterator[tuple[str, str]]:
        """(statement number, campaign) of each total in `totals` that differs from the statement's
        JSON. Empty in a sound ledger."""

    def billed_before(self, client: str, currency: str, month: str) -> Container[tuple[str, str]]:
        """The (lead id, period) of all lines on the client's statements before a month.

        A container that queries the database for each `in`, because there may be very many lines.
        """

    def due_state(self, lead_id: str) -> DueState:
        """When a lead's next line falls due, and the last statement that billed it (rule 33)."""

    def count_due(self, campaign: str, until: datetime) -> int:
        """The number of leads whose next line is due before a time."""

    def open_sum(self, campaign: str, months: Collection[str], until: datetime) -> OpenSum:
        """The sum of the lines on no statement that are due in these months and until a time."""

    def billable_leads(self, campaign: str, month: str, as_of: datetime) -> Set[str]:
        """The ids of all leads that may have a line in this month, as of all events until now.

        A lead is included if its next line is due at or before `as_of`, or if a statement of this
        month or a later one has a line of it. `lines_for` then computes the actual lines.
        """


class StatementWrites(StatementQueries, Protocol):
    """Writes closed statements."""

    def save(self, statement: ClosedStatement, lines: Iterable[tuple[str, str]]) -> None:
        """Stores a statement and the (lead id, period) of its lines, each once (rule 20)."""


class SqlStatements:
    """`StatementWrites`."""

    def __init__(
        self, connection: Connection, dialect: Dialect, leads: SqlLeads, due: DueProjection
    ) -> None:
        self._connection = connection
        self._dialect = dialect
        self._leads = leads
        self._due = due

    def get(self, number: str) -> ClosedStatement | None:
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM statements WHERE number = ?", (number,)
        ).fetchone()
        return None if row is None else _statement_from(row)

    def select(self, client: str | None = None) -> Iterator[ClosedStatement]:
        where, values = ("", ()) if client is None else ("WHERE client = ?", (client,))
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM statements {where} ORDER BY id", values
        )
        return map(_statement_from, rows)

    def numbers(self) -> Sequence[str]:
        rows = self._connection.execute("SELECT number FROM statements ORDER BY id")
        return [number for (number,) in rows]

    def totals(self) -> Iterator[StatementTotal]:
        rows = self._connection.execute(
            "SELECT number, client, currency, month, campaign, total FROM statements"
            f" {self._dialect.outer_join_first} statement_totals USING (number)"
            " ORDER BY statements.id, position"
        )
        return (StatementTotal(*row) for row in rows)

    def corrections(self) -> Sequence[CorrectionSum]:
        rows = self._connection.execute(
            f"SELECT data ->> 'statement' AS number, campaign, {_sum_of(EventKind.CREDITED)},"
            f" {_sum_of(EventKind.DEBITED)} FROM events"
            f" {self._dialect.use_index.format('events_of_account_by_kind')}"
            f" WHERE lead_id IS NULL AND kind IN ({quoted(_CORRECTIONS)})"
            " GROUP BY number, campaign ORDER BY number, campaign"
        )
        return [CorrectionSum(*row) for row in rows]

    def lines(self, number: str) -> Sequence[tuple[str, str]]:
        return self._connection.execute(
            "SELECT lead_id, period FROM statement_lines WHERE number = ?", (number,)
        ).fetchall()

    def count_lines(self, number: str) -> int:
        row = self._connection.execute(
            "SELECT count(*) FROM statement_lines WHERE number = ?", (number,)
        ).fetchone()
        return int(row[0])

    def count_due(self, campaign: str, until: datetime) -> int:
        row = self._connection.execute(
            "SELECT count(*) FROM leads WHERE campaign = ? AND due_at < ?",
            (campaign, show_time(until)),
        ).fetchone()
        return int(row[0])

    def open_sum(self, campaign: str, months: Collection[str], until: datetime) -> OpenSum:
        amount, newest = self._connection.execute(
            "SELECT sum(amount), max(received_at || ' ' || lead_id) FROM open_lines"
            f" WHERE campaign = ? AND month IN ({placeholders(tuple(months))}) AND due_at <= ?",
            (campaign, *months, show_time(until)),
        ).fetchone()
        return OpenSum(amount or 0, newest and newest.rpartition(" ")[2])

    def lines_of_lead(self, lead_id: str) -> Sequence[tuple[str, str]]:
        rows = self._connection.execute(
            "SELECT number, period FROM statement_lines WHERE lead_id = ? ORDER BY period",
            (lead_id,),
        )
        return [(number, period) for number, period in rows]

    def mismatched_lines(self) -> Iterator[tuple[str, str, str]]:
        return self._mismatches("statement_lines", _STORED_LINES, self._dialect.lines_in_json)

    def mismatched_totals(self) -> Iterator[tuple[str, str]]:
        found = self._mismatches("statement_totals", _STORED_TOTALS, self._dialect.totals_in_json)
        pairs = ((number, campaign) for number, _, campaign, _ in found)
        return iter(dict.fromkeys(pairs))

    def billed_before(self, client: str, currency: str, month: str) -> "BilledLines":
        rows = self._connection.execute(
            "SELECT number FROM statements WHERE client = ? AND currency = ? AND month < ?",
            (client, currency, month),
        )
        return BilledLines(self._connection, {number for (number,) in rows})

    def due_state(self, lead_id: str) -> DueState:
        row = self._connection.execute(
            "SELECT due_at, billed FROM leads WHERE lead_id = ?", (lead_id,)
        ).fetchone()
        due, billed = row or (None, "")
        return DueState(due and parse_time(due), billed)

    def billable_leads(self, campaign: str, month: str, as_of: datetime) -> set[str]:
        rows = self._connection.execute(
            "SELECT lead_id FROM leads WHERE campaign = :campaign AND due_at <= :as_of"
            " UNION ALL SELECT lead_id FROM statements"
            f" {self._dialect.outer_join_first} statement_lines USING (number)"
            f" {self._dialect.outer_join_first} leads USING (lead_id)"
            " WHERE statements.month >= :month AND leads.campaign = :campaign",
            {"campaign": campaign, "month": month, "as_of": show_time(as_of)},
        )
        return {lead_id for (lead_id,) in rows}

    def save(self, statement: ClosedStatement, lines: Iterable[tuple[str, str]]) -> None:
        self._connection.execute(
            f"INSERT INTO statements ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                statement.number,
                statement.client,
                statement.currency,
                statement.month,
                statement.json,
                statement.sha256,
                show_time(statement.closed_at),
            ),
        )
        self.save_totals(statement.number)
        billed = [(lead_id, period, statement.number) for lead_id, period in lines]
        self._connection.executemany(
            "INSERT INTO statement_lines (lead_id, period, number) VALUES (?, ?, ?)", billed
        )
        self._connection.executemany(
            "UPDATE leads SET billed = ?, due_at = NULL WHERE lead_id = ?",
            [(number, lead_id) for lead_id, _, number in billed],
        )
        self._due.delete({lead_id for lead_id, _, _ in billed})
        # Only a lead that is billed by period may have a further line.
        by_month = {lead_id for lead_id, period, _ in billed if period}
        leads = [lead for lead in map(self._leads.get, by_month) if lead is not None]
        self._due.save([(lead.lead_id, self._due.derive(lead)) for lead in leads])

    def save_totals(self, number: str) -> None:
        """Stores the totals of a statement, which is stored already."""
        self._connection.execute(
            "INSERT INTO statement_totals (number, position, campaign, total) "
            + self._dialect.totals_in_json,
            {"number": number},
        )

    def _mismatches(self, table: str, stored: str, in_json: str) -> Iterator[Any]:
        """The rows that only a table has, or only the JSON of a statement."""
        # One statement at a time: all rows together may be very many.
        rows = self._connection.execute(f"SELECT DISTINCT number FROM {table}")
        known = {number for (number,) in rows}
        numbers = self.numbers()
        for number in [*numbers, *sorted(known.difference(numbers))]:
            yield from self._connection.execute(
                f"SELECT * FROM ({in_json} EXCEPT {stored})"
                f" UNION ALL SELECT * FROM ({stored} EXCEPT {in_json})",
                {"number": number},
            ).fetchall()


class BilledLines:
    """The (lead id, period) of all lines on some statements. Each `in` is one query."""

    def __init__(self, connection: Connection, numbers: set[str]) -> None:
        self._connection = connection
        self._numbers = numbers

    def __contains__(self, line: object) -> bool:
        if not self._numbers or not isinstance(line, tuple):
            return False
        row = self._connection.execute(
            "SELECT number FROM statement_lines WHERE lead_id = ? AND period = ?", line
        ).fetchone()
        return row is not None and row[0] in self._numbers


def _statement_from(row: tuple[Any, ...]) -> ClosedStatement:
    number, client, currency, month, text, digest, closed_at = row
    return ClosedStatement(number, client, currency, month, text, digest, parse_time(closed_at))


def _sum_of(kind: EventKind) -> str:
    """SQL for the sum of the amounts of account events of a kind."""
    amount = "CAST(data ->> 'amount' AS BIGINT)"
    return f"sum(CASE WHEN kind = '{kind.value}' THEN {amount} ELSE 0 END)"
