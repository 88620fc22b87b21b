"""Leads in quarantine, grouped by campaign and risk signals: the protocol, the table and the SQL.

The table `held_leads` has one row for each lead in quarantine (rule 36 of docs/rules.md), with the
names of the signals of its last hold. It is written in the same transaction as the events, and
`verify` derives it again. A page of the list reads as many rows as it shows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from capture.lead.events import Event, EventKind, parse_time, show_time
from capture.lead.model import Lead
from capture.lead.moves import QUARANTINE_STAGES
from capture.ledger.dialect import Connection
from capture.ledger.lead_list import risk_signals_of
from capture.ledger.types import Position

_HOLDS: Final = frozenset({EventKind.QUARANTINED, EventKind.HELD_BACK})


@dataclass(frozen=True, slots=True)
class HeldLead:
    """A lead in quarantine."""

    lead_id: str
    campaign: str
    held_at: datetime
    signals: str
    """The names of its signals in order, joined by commas."""


@dataclass(frozen=True, slots=True)
class HeldLeadQuery:
    """Which leads to list; empty fields select all."""

    limit: int
    campaign: str = ""
    signals: str = ""
    after: Position | None = None
    """Only leads after this `held_at` and lead id."""
    held_until: datetime | None = None


class HeldLeadQueries(Protocol):
    """The leads in quarantine, test leads included."""

    def page(self, query: HeldLeadQuery) -> Sequence[HeldLead]:
        """The leads that wait longest first."""

    def counts(self) -> Mapping[tuple[str, str], int]:
        """The number of leads by campaign and signals, in their order: these leads look alike."""


TABLE: Final = """
    CREATE TABLE held_leads (
        lead_id TEXT PRIMARY KEY,
        campaign TEXT NOT NULL,
        held_at TEXT NOT NULL,
        signals TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX held_leads_in_order ON held_leads (held_at, lead_id, campaign, signals);
    CREATE INDEX held_leads_alike ON held_leads (campaign, signals, held_at, lead_id);
"""
_COLUMNS: Final = "lead_id, campaign, held_at, signals"


class SqlHeldLeads:
    """`HeldLeadQueries`, and the writes of the projection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(self, query: HeldLeadQuery) -> Sequence[HeldLead]:
        conditions = {
            "campaign = :campaign": query.campaign,
            "signals = :signals": query.signals,
            "(held_at, lead_id) > (:after_held, :after_lead)": query.after,
            "held_at <= :held_until": query.held_until,
        }
        clauses = [clause for clause, value in conditions.items() if value]
        where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
        after_held, after_lead = query.after or (None, None)
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM held_leads {where} ORDER BY held_at, lead_id LIMIT :limit",
            {
                "campaign": query.campaign,
                "signals": query.signals,
                "after_held": after_held and show_time(after_held),
                "after_lead": after_lead,
                "held_until": query.held_until and show_time(query.held_until),
                "limit": query.limit,
            },
        )
        return [
            HeldLead(lead_id, campaign, parse_time(held_at), signals)
            for lead_id, campaign, held_at, signals in rows
        ]

    def counts(self) -> Mapping[tuple[str, str], int]:
        rows = self._connection.execute(
            "SELECT campaign, signals, count(*) FROM held_leads GROUP BY campaign, signals"
            " ORDER BY campaign, signals"
        )
        return {(campaign, signals): number for campaign, signals, number in rows}

    def save(self, leads: Iterable[Lead], events: Mapping[str, Sequence[Event]]) -> None:
        """Writes the rows of leads after their new events, which are given by lead id."""
        for lead in leads:
            of_lead = events[lead.lead_id]
            row = held_row(lead, of_lead)
            if row is not None:
                self._save_row(row)
            elif lead.review not in QUARANTINE_STAGES and of_lead[0].kind is not EventKind.RECEIVED:
                self._connection.execute(
                    "DELETE FROM held_leads WHERE lead_id = ?", (lead.lead_id,)
                )

    def fill(self, leads: Iterable[tuple[Lead, Iterable[Event]]]) -> None:
        """Writes the rows of leads in quarantine, each with all its events, into the empty table of
        an old ledger."""
        for lead, events in leads:
            row = held_row(lead, events)
            if row is not None:
                self._save_row(row)

    def _save_row(self, row: tuple[str, ...]) -> None:
        self._connection.execute(
            f"INSERT INTO held_leads ({_COLUMNS}) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (lead_id) DO UPDATE SET campaign = excluded.campaign,"
            " held_at = excluded.held_at, signals = excluded.signals",
            row,
        )

    def has_row(self, row: tuple[str, ...]) -> bool:
        """Whether the table has exactly this row of `held_row`."""
        stored = self._connection.execute(
            f"SELECT {_COLUMNS} FROM held_leads WHERE lead_id = ?", (row[0],)
        ).fetchone()
        return stored is not None and tuple(stored) == row

    def count(self) -> int:
        """The number of rows."""
        row = self._connection.execute("SELECT count(*) FROM held_leads").fetchone()
        return int(row[0])


def held_row(lead: Lead, events: Iterable[Event]) -> tuple[str, ...] | None:
    """The lead's row by its last hold among these events.

    None if it is not in quarantine, or if none of the events is a hold.
    """
    holds = [event for event in events if event.kind in _HOLDS]
    if lead.review not in QUARANTINE_STAGES or not holds:
        return None
    hold = holds[-1]
    signals = ",".join(sorted(risk_signals_of([hold])))
    return lead.lead_id, lead.campaign, show_time(hold.recorded_at), signals
