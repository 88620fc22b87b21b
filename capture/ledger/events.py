"""Events in the ledger: the hash chain over them and their SQL.

The hash is SHA-256 (rule 32 of docs/rules.md).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any, Final

from capture.lead.events import ADMINISTRATION, Actor, Event, EventKind, parse_time, show_time
from capture.ledger.dialect import Connection, Dialect, quoted
from capture.ledger.types import RecordedEvent
from capture.text import canonical

GENESIS = "0" * 64
"""The hash before the first event."""


def event_hash(previous: str, event: Event, sequence: int) -> str:
    """The SHA-256 of one event, chained to the hash of the previous event."""
    return event_hash_from_json(previous, event, sequence, canonical(event.data))


def event_hash_from_json(previous: str, event: Event, sequence: int, data: str) -> str:
    """Like `event_hash`, for data that is canonical JSON already, because serialising is slow."""
    return sha256(f"{previous}\n{hashed_body(event, sequence, data)}".encode()).hexdigest()


def hashed_body(event: Event, sequence: int, data: str) -> str:
    """The hashed part of an event as canonical JSON. `data` is canonical JSON already."""
    start = canonical({"actor": event.actor.value, "campaign": event.campaign})
    rest = canonical(
        {
            "kind": event.kind.value,
            "lead_id": event.lead_id,
            "occurred_at": show_time(event.occurred_at),
            "recorded_at": show_time(event.recorded_at),
            "sequence": sequence,
        }
    )
    return f'{start[:-1]},"data":{data},{rest[1:]}'


# The SQL that appends events to the chain and reads them.


ACCOUNT_INDEX: Final = """
    CREATE INDEX events_of_account_by_kind ON events (kind, sequence) WHERE lead_id IS NULL;
"""
EVENT_COLUMNS: Final = (
    "sequence, campaign, lead_id, kind, occurred_at, recorded_at, actor, data, hash"
)
_EVER_QUALIFIED: Final = (
    "(review NOT IN ('disqualified', 'duplicate', 'over_cap', 'spam', 'suppressed')"
    " OR notified = 1 OR needs_explicit_acceptance = 1"
    " OR (review IN ('duplicate', 'over_cap', 'suppressed') AND EXISTS (SELECT 1"
    " FROM events AS held WHERE held.lead_id = leads.lead_id AND held.kind = 'held_back')))"
)
"""SQL for all leads that qualified at some time, and a few others. Such a lead gets one of the
excluded stages in only two ways: by a correction, which sets `needs_explicit_acceptance` (rule 15),
or by its release from the stage `quarantined` (rule 36)."""

Head = tuple[int, str]
"""Number and hash of the last event."""


class SqlEvents:
    """`protocol.EventQueries`, and `insert`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect
        self._account: dict[tuple[EventKind, ...], list[RecordedEvent]] = {}

    def select(
        self,
        *,
        lead_id: str | None = None,
        campaign: str | None = None,
        until: datetime | None = None,
        last: int | None = None,
        after: int | None = None,
    ) -> Iterator[RecordedEvent]:
        query = {
            "lead_id = :lead_id": lead_id,
            "campaign = :campaign": campaign,
            "sequence <= :last": last,
            "sequence > :after": after,
            "recorded_at <= :until": None if until is None else show_time(until),
        }
        clauses = [clause for clause, value in query.items() if value is not None]
        where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
        values = {
            "lead_id": lead_id,
            "campaign": campaign,
            "last": last,
            "after": after,
            "until": query["recorded_at <= :until"],
        }
        for row in self._connection.execute(
            f"SELECT {EVENT_COLUMNS} FROM events {where} ORDER BY sequence", values
        ):
            yield recorded_from_row(row)

    def get(self, sequence: int) -> RecordedEvent:
        (recorded,) = self.select(after=sequence - 1, last=sequence)
        return recorded

    def holds(self, campaign: str | None = None) -> Mapping[str, Event]:
        columns = ", ".join(f"events.{name}" for name in EVENT_COLUMNS.split(", "))
        where = "" if campaign is None else " AND leads.campaign = :campaign"
        rows = self._connection.execute(
            f"SELECT {columns} FROM leads {self._dialect.use_index.format('leads_held')}"
            f" {self._dialect.outer_join_first} events ON events.sequence ="
            " (SELECT max(held.sequence) FROM events AS held WHERE held.lead_id = leads.lead_id"
            " AND held.kind IN ('held_back', 'quarantined'))"
            f" WHERE leads.review IN ('held_back', 'quarantined'){where}",
            {"campaign": campaign},
        )
        events = (recorded_from_row(row).event for row in rows)
        return {str(event.lead_id): event for event in events}

    def by_qualified_lead(self) -> Iterator[Sequence[RecordedEvent]]:
        columns = ", ".join(f"events.{name}" for name in EVENT_COLUMNS.split(", "))
        # Reads the leads in stored order, and the few events of each by the index. Otherwise
        # SQLite sorts all events in memory first.
        rows = self._connection.execute(
            f"SELECT {columns} FROM leads {self._dialect.in_stored_order}"
            f" {self._dialect.outer_join_first} events ON events.lead_id = leads.lead_id"
            f" WHERE leads.test = 0 AND {_EVER_QUALIFIED}"
            " ORDER BY leads.id, events.sequence"
        )
        for _, events in groupby(
            map(recorded_from_row, rows), lambda recorded: recorded.event.lead_id
        ):
            yield list(events)

    def by_reference(
        self, client: str, kind: EventKind, reference: str, *, test: bool
    ) -> Sequence[RecordedEvent]:
        index_hint = self._dialect.use_index.format("events_by_reference")
        rows = self._connection.execute(
            f"SELECT {EVENT_COLUMNS} FROM events {index_hint}"
            " WHERE data ->> 'reference' IS NOT NULL"
            " AND data ->> 'reference' = ? AND kind = ? AND EXISTS"
            " (SELECT 1 FROM leads WHERE leads.lead_id = events.lead_id AND client = ?"
            " AND test = ?) ORDER BY sequence",
            (reference, kind.value, client, int(test)),
        )
        return [recorded_from_row(row) for row in rows]

    def of_account(self, *kinds: EventKind) -> Iterator[RecordedEvent]:
        # Events never change, so each is read only once per transaction.
        known = self._account.setdefault(kinds, [])
        of_kinds = f" AND kind IN ({quoted(kinds)})" if kinds else ""
        rows = self._connection.execute(
            f"SELECT {EVENT_COLUMNS} FROM events"
            f" {self._dialect.use_index.format('events_of_account_by_kind')}"
            f" WHERE lead_id IS NULL AND sequence > ?{of_kinds} ORDER BY sequence",
            (known[-1].sequence if known else 0,),
        )
        known.extend(map(recorded_from_row, rows))
        return iter(tuple(known))

    def of_administration(
        self, *, limit: int, before: int | None = None
    ) -> Sequence[RecordedEvent]:
        where, values = ("", ()) if before is None else (" AND sequence < ?", (before,))
        rows = self._connection.execute(
            f"SELECT {EVENT_COLUMNS} FROM events WHERE campaign = '' AND lead_id IS NULL"
            f" AND kind IN ({quoted(ADMINISTRATION)}){where} ORDER BY sequence DESC LIMIT ?",
            (*values, limit),
        )
        return [recorded_from_row(row) for row in rows]

    def leads_changed_after(
        self, campaign: str, *, until: datetime | None = None, last: int | None = None
    ) -> set[str]:
        lead_ids: set[str | None] = set()
        if until is not None:
            rows = self._connection.execute(
                "SELECT lead_id FROM events WHERE campaign = ? AND recorded_at > ?",
                (campaign, show_time(until)),
            )
            lead_ids.update(lead_id for (lead_id,) in rows)
        if last is not None:
            # Reads only the events after that number, not all events of the campaign by its index.
            rows = self._connection.execute(
                f"SELECT lead_id FROM events {self._dialect.in_stored_order}"
                " WHERE sequence > ? AND campaign = ?",
                (last, campaign),
            )
            lead_ids.update(lead_id for (lead_id,) in rows)
        return {lead_id for lead_id in lead_ids if lead_id is not None}

    def head(self, until: datetime | None = None) -> Head:
        row: Head | None
        if until is None:
            row = self._connection.execute("SELECT sequence, head FROM chain").fetchone()
        else:
            row = self._connection.execute(
                "SELECT sequence, hash FROM events WHERE recorded_at <= ?"
                " ORDER BY sequence DESC LIMIT 1",
                (show_time(until),),
            ).fetchone()
        return row or (0, GENESIS)

    def hash_of(self, sequence: int) -> str:
        row = self._connection.execute(
            "SELECT hash FROM events WHERE sequence = ?", (sequence,)
        ).fetchone()
        return GENESIS if row is None else str(row[0])

    def insert(self, events: Iterable[Event], head: Head) -> Head:
        """Appends the events after `head` and returns the new head. The caller has locked it."""
        rows = []
        sequence, previous = head
        for event in events:
            sequence += 1
            data = canonical(event.data)
            digest = event_hash_from_json(previous, event, sequence, data)
            rows.append(_event_row(event, sequence, data, previous, digest))
            previous = digest
        self._connection.executemany(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
        )
        self._connection.execute("UPDATE chain SET sequence = ?, head = ?", (sequence, previous))
        return sequence, previous


def recorded_from_row(row: tuple[Any, ...]) -> RecordedEvent:
    """An event from a row of `EVENT_COLUMNS`. Raises ValueError if the row is damaged."""
    sequence, campaign, lead_id, kind, occurred_at, recorded_at, actor, data, digest = row
    event = Event(
        campaign=campaign,
        lead_id=lead_id,
        kind=EventKind(kind),
        occurred_at=parse_time(occurred_at),
        recorded_at=parse_time(recorded_at),
        actor=Actor(actor),
        data=json.loads(data),
    )
    return RecordedEvent(sequence, event, digest)


def _event_row(
    event: Event, sequence: int, data: str, previous: str, digest: str
) -> tuple[str | int | None, ...]:
    return (
        sequence,
        event.campaign,
        event.lead_id,
        event.kind.value,
        show_time(event.occurred_at),
        show_time(event.recorded_at),
        event.actor.value,
        data,
        previous,
        digest,
    )
