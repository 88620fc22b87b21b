"""The lines that a lead will have, and the lead columns `due_at` and `billed`.

See rule 33 of docs/rules.md. `due_at` is the next due time, `billed` the last statement, and the
table `open_lines` has each line that is on no statement yet. All are derived from the lead's events
and from the closed statements with its lines. They are written in the same transaction as these,
and `verify` derives them again.
"""

from collections.abc import Container, Iterable, Sequence
from typing import Final

from capture.billing.lines import open_lines
from capture.lead.events import Event, show_time
from capture.lead.model import Lead
from capture.lead.moves import DELIVERED
from capture.lead.review_window import month_of
from capture.ledger.campaigns import SqlCampaigns, parse_version
from capture.ledger.dialect import Connection
from capture.ledger.events import SqlEvents

BILLED: Final = """coalesce((
    SELECT number FROM statement_lines LEFT JOIN statements USING (number)
    WHERE statement_lines.lead_id = leads.lead_id ORDER BY statements.id DESC LIMIT 1
), '')"""
"""SQL for the number of the last statement that billed a lead; empty if there is none."""


TABLE: Final = """
    CREATE TABLE open_lines (
        lead_id TEXT NOT NULL,
        period TEXT NOT NULL,
        campaign TEXT NOT NULL,
        month TEXT NOT NULL,  -- of the due time, in the campaign's zone
        due_at TEXT NOT NULL,
        amount INTEGER NOT NULL,
        received_at TEXT NOT NULL,  -- of the lead
        PRIMARY KEY (lead_id, period)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX open_lines_by_month
        ON open_lines (campaign, month, due_at, amount, received_at, lead_id);
"""
"""For the migration."""

OpenLine = tuple[str, str, str, str, str, int, str]
"""A row of `open_lines`."""


class DueProjection:
    """Derives and writes the column `due_at` and the table `open_lines`."""

    def __init__(self, connection: Connection, events: SqlEvents, campaigns: SqlCampaigns) -> None:
        self._connection = connection
        self._events = events
        self._campaigns = campaigns

    def derive(
        self,
        lead: Lead,
        events: Iterable[Event] | None = None,
        billed: Container[str] | None = None,
    ) -> list[OpenLine]:
        """The lines of a lead that are on no statement, the one that falls due first first.

        The lead's events and its billed periods are read from the ledger unless given.
        """
        if lead.review not in DELIVERED or lead.test or lead.free_over_cap:
            return []  # such a lead is never billed (rules 5 and 8)
        text = self._campaigns.version_text(lead.campaign, lead.version)
        if text is None:
            return []
        if events is None:
            events = (recorded.event for recorded in self._events.select(lead_id=lead.lead_id))
        if billed is None:
            billed = self._billed_periods(lead.lead_id)
        terms = parse_version(lead.campaign, lead.version, text)
        return [
            (
                lead.lead_id,
                line.period,
                lead.campaign,
                month_of(line.due_at, terms),
                show_time(line.due_at),
                line.amount,
                show_time(lead.received_at),
            )
            for line in open_lines(events, terms, billed)
        ]

    def save(self, leads: Iterable[tuple[str, Sequence[OpenLine]]]) -> None:
        """Replaces the lines of leads. A pair has a lead's id and what `derive` gives for it."""
        pairs = list(leads)
        self._connection.executemany(
            "UPDATE leads SET due_at = ? WHERE lead_id = ?",
            [(due_time(lines), lead_id) for lead_id, lines in pairs],
        )
        self.delete([lead_id for lead_id, _ in pairs])
        self.insert(line for _, lines in pairs for line in lines)

    def delete(self, lead_ids: Iterable[str]) -> None:
        """Deletes all lines of leads."""
        self._connection.executemany(
            "DELETE FROM open_lines WHERE lead_id = ?", [(lead_id,) for lead_id in lead_ids]
        )

    def insert(self, lines: Iterable[OpenLine]) -> None:
        """Stores lines that are not there yet."""
        self._connection.executemany(
            "INSERT INTO open_lines (lead_id, period, campaign, month, due_at, amount, received_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            lines,
        )

    def stored(self, lead_id: str) -> list[OpenLine]:
        """The lead's rows in `open_lines`, in the order of `derive`, for `verify`."""
        rows: list[OpenLine] = self._connection.execute(
            "SELECT lead_id, period, campaign, month, due_at, amount, received_at FROM open_lines"
            " WHERE lead_id = ? ORDER BY due_at, period",
            (lead_id,),
        ).fetchall()
        return rows

    def count(self) -> int:
        """The number of all open lines, for `verify`."""
        return int(self._connection.execute("SELECT count(*) FROM open_lines").fetchone()[0])

    def _billed_periods(self, lead_id: str) -> set[str]:
        rows = self._connection.execute(
            "SELECT period FROM statement_lines WHERE lead_id = ?", (lead_id,)
        )
        return {period for (period,) in rows}


def due_time(lines: Sequence[OpenLine]) -> str | None:
    """The column `due_at` of a lead with these open lines; None without one."""
    return lines[0][4] if lines else None
