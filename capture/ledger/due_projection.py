"""The lead columns `due_at` and `billed`: the next due time and the last statement.

See rule 33 of docs/rules.md. Both are derived from the lead's events and from the
closed statements with its lines. They are written in the same transaction as these, and `verify`
derives them again.
"""

from collections.abc import Container, Iterable
from typing import Final

from capture.billing.lines import next_due_at
from capture.lead.events import Event, show_time
from capture.lead.model import Lead
from capture.lead.moves import DELIVERED
from capture.ledger.campaigns import SqlCampaigns, parse_version
from capture.ledger.dialect import Connection
from capture.ledger.events import SqlEvents

BILLED: Final = """coalesce((
    SELECT number FROM statement_lines LEFT JOIN statements USING (number)
    WHERE statement_lines.lead_id = leads.lead_id ORDER BY statements.id DESC LIMIT 1
), '')"""
"""SQL for the number of the last statement that billed a lead; empty if there is none."""


class DueProjection:
    """Derives and writes the column `due_at`."""

    def __init__(self, connection: Connection, events: SqlEvents, campaigns: SqlCampaigns) -> None:
        self._connection = connection
        self._events = events
        self._campaigns = campaigns

    def derive(
        self,
        lead: Lead,
        events: Iterable[Event] | None = None,
        billed: Container[str] | None = None,
    ) -> str | None:
        """When the lead's next line falls due, as text for its column; None if no line does.

        The lead's events and its billed periods are read from the ledger unless given.
        """
        if lead.review not in DELIVERED or lead.test or lead.free_over_cap:
            return None  # such a lead is never billed (rules 5 and 8)
        text = self._campaigns.version_text(lead.campaign, lead.version)
        if text is None:
            return None
        if events is None:
            events = (recorded.event for recorded in self._events.select(lead_id=lead.lead_id))
        if billed is None:
            billed = self._billed_periods(lead.lead_id)
        due = next_due_at(events, parse_version(lead.campaign, lead.version, text), billed)
        return None if due is None else show_time(due)

    def save(self, due_times: Iterable[tuple[str | None, str]]) -> None:
        """Writes pairs of (due time, lead id)."""
        self._connection.executemany("UPDATE leads SET due_at = ? WHERE lead_id = ?", due_times)

    def _billed_periods(self, lead_id: str) -> set[str]:
        rows = self._connection.execute(
            "SELECT period FROM statement_lines WHERE lead_id = ?", (lead_id,)
        )
        return {period for (period,) in rows}
