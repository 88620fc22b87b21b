"""SQL for leads: one row per lead, derived from its events in the same transaction."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from capture.lead.events import Actor, EventKind, parse_time, show_time
from capture.lead.model import Lead
from capture.lead.moves import NOT_STARTED, REMOVED, VISIBLE_TO_CLIENT
from capture.ledger.dialect import Connection, Dialect, placeholders, quoted
from capture.ledger.people import KeyedHash, answers_from_json
from capture.ledger.types import (
    ClientLeadQuery,
    Decision,
    DuplicateQuery,
    JudgedLead,
    Keys,
    LeadFilter,
    LeadForKpi,
    SpamQuery,
)
from capture.text import canonical

_FIELDS: Final = tuple(field.name for field in fields(Lead))
_DERIVED: Final = ("silence_accepts_at", "silence_holds_at")
"""Properties of `Lead` that columns store, so that SQL does not repeat rules 12 and 14.

See docs/rules.md.
"""
_COLUMNS: Final = (*_FIELDS, *_DERIVED)
_TIMES: Final = frozenset(
    {"received_at", "deadline", "accepted_at", "confirm_until", "meeting_at", "deemed_held_at"}
)
_FLAGS: Final = frozenset(
    {
        "test",
        "free_over_cap",
        "needs_explicit_acceptance",
        "notified",
        "was_notified",
        "meeting_lost",
        "bounced",
        "confirmed",
        "consent_withdrawn",
        "erased",
        "disputed",
        "entered",
        "consent_given",
    }
)
LEAD: Final = ", ".join(f"leads.{name}" for name in _FIELDS)
"""The columns that `lead_from_row` reads."""
LEAD_ROW: Final = ", ".join(f"leads.{name}" for name in _COLUMNS)
"""The columns that `lead_row` writes."""

_SAVE: Final = (
    f"INSERT INTO leads ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
    " ON CONFLICT (lead_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)
)
_DECISIONS: Final = quoted((EventKind.ACCEPTED, EventKind.REJECTED, EventKind.SETTLED))
_NOTICES: Final = quoted((EventKind.QUALIFIED, EventKind.NOTIFIED, EventKind.RELEASED))
_ALL: Final = LeadFilter()


class SqlLeads:
    """`protocol.LeadQueries`, and `save`."""

    def __init__(self, connection: Connection, dialect: Dialect, keyed_hash: KeyedHash) -> None:
        self._connection = connection
        self._dialect = dialect
        self._hash = keyed_hash

    def get(self, lead_id: str) -> Lead | None:
        row = self._connection.execute(
            f"SELECT {LEAD} FROM leads WHERE lead_id = ?", (lead_id,)
        ).fetchone()
        return None if row is None else lead_from_row(row)

    def ids_starting_with(self, prefix: str) -> Sequence[str]:
        rows = self._connection.execute(
            "SELECT lead_id FROM leads WHERE substr(lead_id, 1, ?) = ? LIMIT 2",
            (len(prefix), prefix),
        )
        return [row[0] for row in rows]

    def select(self, query: LeadFilter = _ALL, *, newest_first: bool = False) -> Iterator[Lead]:
        where, values = _filter_condition(query)
        if query.disputed:
            hint = self._dialect.use_index.format("leads_disputed")
        elif query.sale not in {None, NOT_STARTED}:
            hint = self._dialect.use_index.format("leads_sold")
        elif query.month is None:
            # Leads are stored in order. With the campaign's index, SQLite would sort them first.
            hint = self._dialect.in_stored_order
        else:
            hint = ""
        rows = self._connection.execute(
            f"SELECT {LEAD} FROM leads {hint} {where and f'WHERE {where}'}"
            f" ORDER BY id {'DESC' if newest_first else 'ASC'}",
            values,
        )
        return map(lead_from_row, rows)

    def first(self, campaign: str) -> Lead | None:
        row = self._connection.execute(
            f"SELECT {LEAD} FROM events {self._dialect.outer_join_first} leads USING (lead_id)"
            " WHERE events.campaign = ? AND test = 0 ORDER BY recorded_at, sequence LIMIT 1",
            (campaign,),
        ).fetchone()
        return None if row is None else lead_from_row(row)

    def in_review(
        self, campaign: str | None = None, *, silent_by: datetime | None = None
    ) -> Sequence[Lead]:
        is_by_time = campaign is None and silent_by is not None
        index = "leads_by_deadline" if is_by_time else "leads_in_review"
        return self._by_index(
            index, "review = 'qualified'", "silence_accepts_at", campaign, silent_by
        )

    def unnotified(self, campaign: str) -> Sequence[Lead]:
        return self._by_index(
            "leads_in_review",
            "review = 'qualified' AND notified = 0",
            "silence_accepts_at",
            campaign,
            None,
        )

    def unconfirmed(self, ended_by: datetime) -> Sequence[Lead]:
        return self._by_index(
            "leads_unconfirmed", "review = 'unconfirmed'", "confirm_until", None, ended_by
        )

    def in_quarantine(self, campaign: str | None = None) -> Sequence[Lead]:
        return self._by_index(
            "leads_held",
            "review IN ('held_back', 'quarantined')",
            "silence_accepts_at",
            campaign,
            None,
        )

    def held_back(self, client: str, limit: int) -> Sequence[Lead]:
        rows = self._connection.execute(
            f"SELECT {LEAD} FROM leads {self._dialect.use_index.format('leads_held_back')}"
            " WHERE client = ? AND review = 'held_back' AND test = 0"
            " ORDER BY received_at, leads.lead_id LIMIT ?",
            (client, limit),
        )
        return [lead_from_row(row) for row in rows]

    def rejected_for_client(self, client: str, now: datetime, limit: int) -> Sequence[Lead]:
        index = self._dialect.use_index.format("leads_rejected_for_client")
        rows = self._connection.execute(
            f"SELECT {LEAD} FROM leads {index}"
            " WHERE client = ? AND review = 'rejected' AND entered = 1 AND test = 0"
            " AND deadline > ? ORDER BY deadline, leads.lead_id LIMIT ?",
            (client, show_time(now), limit),
        )
        return [lead_from_row(row) for row in rows]

    def spam(self, query: SpamQuery) -> Sequence[Lead]:
        where = "" if query.campaign is None else " AND campaign = :campaign"
        where += "" if query.after is None else f" AND {_FOR_CLIENT['after']}"
        where += "" if query.received_until is None else " AND received_at <= :until"
        if query.signals:
            where += (
                " AND review = 'spam' AND EXISTS (SELECT 1 FROM events"
                " WHERE events.lead_id = leads.lead_id AND kind = 'spam'"
                " AND data ->> 'signals' = :signals)"
            )
        after_received, after_lead = query.after or (None, None)
        rows = self._connection.execute(
            f"SELECT {LEAD} FROM leads {self._dialect.use_index.format('leads_spam')}"
            " WHERE review IN ('discarded', 'spam') AND test = 0 AND erased = 0"
            f" AND received_at >= :since{where}"
            " ORDER BY received_at DESC, leads.lead_id DESC LIMIT :limit",
            {
                "since": show_time(query.since),
                "campaign": query.campaign,
                "after_received": _text(after_received),
                "after_lead": after_lead,
                "limit": query.limit,
                "until": _text(query.received_until),
                "signals": canonical(list(query.signals)),
            },
        )
        return [lead_from_row(row) for row in rows]

    def with_pending_meeting(
        self, campaign: str | None = None, *, silent_by: datetime | None = None
    ) -> Sequence[Lead]:
        return self._by_index(
            "leads_booked", "appointment = 'scheduled'", "silence_holds_at", campaign, silent_by
        )

    def matching(self, client: str, keys: Keys, query: DuplicateQuery) -> Sequence[Lead]:
        hashes = self._hash.of_keys(client, keys)
        if not hashes:
            return []
        stages = sorted(query.stages)
        where = (
            f"mac IN ({placeholders(hashes)}) AND test = 0 AND review IN ({placeholders(stages)})"
        )
        values: list[object] = [*hashes, *stages]
        if query.since is not None:
            where += " AND received_at >= ?"
            values.append(show_time(query.since))
        if query.campaign is not None:
            where += " AND campaign = ?"
            values.append(query.campaign)
        limit = "" if query.limit is None else f" LIMIT {query.limit:d}"
        # Reads the few rows of the keys first; otherwise SQLite may start with a month of leads.
        # The stage is a condition of the query, so leads in other stages do not use up the limit.
        rows = self._connection.execute(
            f"SELECT DISTINCT {LEAD} FROM duplicate_keys"
            f" {self._dialect.outer_join_first} leads USING (lead_id)"
            f" WHERE {where} ORDER BY received_at DESC{limit}",
            values,
        )
        return [lead_from_row(row) for row in rows]

    def judged(self, campaign: str, since: datetime | None = None) -> Iterator[JudgedLead]:
        where, values = _received_condition(campaign, since)
        rows = self._connection.execute(
            f"SELECT {LEAD}, (SELECT data ->> 'verdict' FROM events"
            " WHERE events.lead_id = leads.lead_id AND data ->> 'verdict' IS NOT NULL"
            " ORDER BY sequence DESC LIMIT 1), personal_data.answers"
            f" FROM leads {self._dialect.in_stored_order} LEFT JOIN personal_data USING (lead_id)"
            f" WHERE {where} ORDER BY leads.id",
            values,
        )
        for *lead, verdict, answers in rows:
            yield JudgedLead(
                lead_from_row(tuple(lead)),
                None if verdict is None else json.loads(verdict),
                None if answers is None else answers_from_json(answers),
            )

    def count(self, campaign: str, since: datetime | None = None) -> int:
        where, values = _received_condition(campaign, since)
        row = self._connection.execute(f"SELECT count(*) FROM leads WHERE {where}", values)
        return int(row.fetchone()[0])

    def for_kpi(self, campaign: str) -> Iterator[LeadForKpi]:
        rows = self._connection.execute(
            f"SELECT {LEAD}, decision.kind, decision.actor, decision.occurred_at,"
            " decision.data ->> 'reason', (SELECT occurred_at FROM events"
            f" WHERE events.lead_id = leads.lead_id AND kind IN ({_NOTICES})"
            " AND data ->> 'deadline' IS NOT NULL ORDER BY sequence DESC LIMIT 1),"
            " personal_data.first_touch, personal_data.last_touch"
            f" FROM leads {self._dialect.in_stored_order} LEFT JOIN personal_data USING (lead_id)"
            " LEFT JOIN events AS decision ON decision.sequence = (SELECT max(sequence)"
            f" FROM events WHERE events.lead_id = leads.lead_id AND kind IN ({_DECISIONS}))"
            f" WHERE leads.campaign = :campaign AND leads.test = 0 ORDER BY leads.id",
            {"campaign": campaign},
        )
        for *lead, kind, actor, at, reason, notice, first, last in rows:
            yield LeadForKpi(
                lead_from_row(tuple(lead)),
                kind and Decision(EventKind(kind), Actor(actor), parse_time(at), reason),
                notice and parse_time(notice),
                None if first is None else (json.loads(first), json.loads(last)),
            )

    def for_client(self, query: ClientLeadQuery) -> Sequence[Lead]:
        where = [_FOR_CLIENT[name] for name in _FOR_CLIENT if getattr(query, name) is not None]
        if not query.with_removed:
            where.append(IS_DELIVERED)
        rows = self._connection.execute(
            f"SELECT {LEAD} FROM leads WHERE client = :client AND {VISIBLE}"
            + "".join(f" AND {clause}" for clause in where)
            + " ORDER BY received_at DESC, leads.lead_id DESC LIMIT :limit",
            _for_client_values(query),
        )
        return [lead_from_row(row) for row in rows]

    def save(self, leads: Iterable[Lead]) -> None:
        """Inserts or updates the rows of leads."""
        self._connection.executemany(_SAVE, map(lead_row, leads))

    def _by_index(
        self,
        index: str,
        state: str,
        silence_column: str,
        campaign: str | None,
        silent_by: datetime | None,
    ) -> Sequence[Lead]:
        # Without the hint, SQLite reads all leads if no campaign is given.
        where = "" if campaign is None else " AND campaign = :campaign"
        where += "" if silent_by is None else f" AND {silence_column} <= :silent_by"
        rows = self._connection.execute(
            f"SELECT {LEAD} FROM leads {self._dialect.use_index.format(index)}"
            f" WHERE {state}{where} ORDER BY leads.id",
            {"campaign": campaign, "silent_by": silent_by and show_time(silent_by)},
        )
        return [lead_from_row(row) for row in rows]


IS_DELIVERED: Final = f"review IN ({quoted(VISIBLE_TO_CLIENT)})"
"""The client has the lead. Any other lead was removed if the client had been notified of it."""
VISIBLE: Final = f"test = 0 AND ({IS_DELIVERED} OR was_notified = 1)"
"""The same text as in the partial index `leads_shown`; otherwise SQLite does not use the index."""

_FOR_CLIENT: Final = {
    "lead_id": "leads.lead_id = :lead_id",
    "campaign": "campaign = :campaign",
    "month": "month = :month",
    "stage": "CASE WHEN silence_accepts_at <= :now THEN 'accepted'"
    f" WHEN {IS_DELIVERED} THEN review ELSE '{REMOVED}' END = :stage",
    "received_since": "received_at >= :received_since",
    "received_until": "received_at < :received_until",
    # Changed by an event, or by silence that no event records yet.
    "changed": "(EXISTS (SELECT 1 FROM events WHERE events.lead_id = leads.lead_id"
    " AND sequence > :sequence)"
    " OR (silence_accepts_at > :at AND silence_accepts_at <= :now)"
    " OR (silence_holds_at > :at AND silence_holds_at <= :now))",
    "after": "(received_at, leads.lead_id) < (:after_received, :after_lead)",
}
"""SQL condition of each field of `ClientLeadQuery`."""


def _for_client_values(query: ClientLeadQuery) -> dict[str, str | int | None]:
    changed, (received, lead_id) = query.changed, query.after or (None, None)
    return {
        "client": query.client,
        "now": show_time(query.now),
        "limit": query.limit,
        "lead_id": query.lead_id,
        "campaign": query.campaign,
        "month": query.month,
        "stage": query.stage,
        "received_since": _text(query.received_since),
        "received_until": _text(query.received_until),
        "sequence": None if changed is None else changed.sequence,
        "at": None if changed is None else show_time(changed.at),
        "after_received": _text(received),
        "after_lead": lead_id,
    }


def lead_row(lead: Lead) -> tuple[str | int | None, ...]:
    """The values of a lead in the order of `LEAD_ROW`."""
    return tuple(
        show_time(value)
        if isinstance(value, datetime)
        else int(value)
        if isinstance(value, bool)
        else value
        for value in (getattr(lead, name) for name in _COLUMNS)
    )


def lead_from_row(row: tuple[Any, ...]) -> Lead:
    """A lead from a row of `LEAD`."""
    values = dict(zip(_FIELDS, row, strict=True))
    for name in _TIMES:
        if values[name] is not None:
            values[name] = parse_time(values[name])
    for name in _FLAGS:
        values[name] = bool(values[name])
    return Lead(**values)


def _filter_condition(query: LeadFilter) -> tuple[str, dict[str, str | int]]:
    """The condition, empty if every lead meets it, and its values."""
    conditions = {
        "campaign": query.campaign,
        "month": query.month,
        "sale": query.sale,
        "disputed": None if query.disputed is None else int(query.disputed),
    }
    values = {name: value for name, value in conditions.items() if value is not None}
    clauses = [f"leads.{name} = :{name}" for name in values]
    # The conditions of partial indexes.
    clauses += ["leads.disputed = 1"] if query.disputed else []
    clauses += [f"leads.sale <> '{NOT_STARTED}'"] if query.sale not in {None, NOT_STARTED} else []
    return " AND ".join(clauses), values


def _received_condition(campaign: str, since: datetime | None) -> tuple[str, tuple[str, ...]]:
    if since is None:
        return "leads.campaign = ?", (campaign,)
    return "leads.campaign = ? AND leads.received_at >= ?", (campaign, show_time(since))


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else show_time(moment)
