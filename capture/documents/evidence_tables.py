"""The tables and views of an evidence file, and what the ledger knows about one lead for it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from capture.billing.history import lead_history
from capture.lead.events import Event, EventKind
from capture.lead.fold import fold_events
from capture.lead.model import Lead
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import PersonalData, RecordedEvent
from capture.text import canonical

ForeignKeys = Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class TableShape:
    """One table: columns with types, primary key, foreign keys."""

    columns: Mapping[str, type]
    key: str | tuple[str, ...]
    foreign_keys: ForeignKeys = ()
    optional: frozenset[str] = frozenset()
    """Columns that may be empty (NULL)."""


_LEAD: Final = ("lead_id", "leads", "lead_id")
_STATEMENT: Final = ("statement", "statement", "number")
UTM: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")

TABLES: Final[Mapping[str, TableShape]] = {
    "read_me": TableShape({"number": int, "topic": str, "text": str}, "number"),
    "statement": TableShape(
        {
            "number": str,
            "client": str,
            "document": str,
            "month": str,
            "currency": str,
            "lines": int,
            "total": str,
            "total_minor": int,
            "closed_at": str,
            "last_event": int,
            "chain_head": str,
            "sha256": str,
            "json": str,
        },
        "number",
    ),
    "parts": TableShape(
        {
            "campaign": str,
            "title": str,
            "model": str,
            "time_zone": str,
            "lines": int,
            "total_minor": int,
        },
        "campaign",
    ),
    "campaign_versions": TableShape(
        {"version": str, "campaign": str, "text": str}, ("campaign", "version")
    ),
    "consents": TableShape(
        {"campaign": str, "version": str, "wording": str}, ("campaign", "version")
    ),
    "leads": TableShape(
        {
            "lead_id": str,
            "campaign": str,
            "campaign_version": str,
            "consent_given": int,
            "consent_version": str,
            "basis": str,
            "source": str,
            "received_at": str,
            "review": str,
            "review_ends_at": str,
            "accepted_at": str,
            "appointment": str,
            "sale": str,
            "answers": str,
        },
        "lead_id",
        [],
        frozenset({"consent_version", "basis", "review_ends_at", "accepted_at"}),
    ),
    "lines": TableShape(
        {
            "campaign": str,
            "lead_id": str,
            "period": str,
            "statement": str,
            "campaign_version": str,
            "paid_for": str,
            "happened_at": str,
            "due_at": str,
            "rate_minor": int,
            "percent": str,
            "sold_minor": int,
            "refunded_minor": int,
            "amount": str,
            "amount_minor": int,
            "currency": str,
            "free_over_cap": int,
            "late": int,
            "entered": int,
            "by_silence": int,
        },
        ("lead_id", "period"),
        [_LEAD, _STATEMENT, ("campaign", "parts", "campaign")],
        frozenset({"rate_minor", "sold_minor"}),
    ),
    "answers": TableShape(
        {"lead_id": str, "field": str, "number": int, "label": str, "value": str, "verified": int},
        ("lead_id", "field", "number"),
        [_LEAD],
    ),
    "verdicts": TableShape(
        {
            "lead_id": str,
            "criterion": str,
            "number": int,
            "rule": str,
            "value": str,
            "met": int,
            "reason": str,
        },
        ("lead_id", "criterion"),
        [_LEAD],
        frozenset({"value", "reason"}),
    ),
    "touches": TableShape(
        {"lead_id": str, "which": str, "path": str, "visited_at": str, **dict.fromkeys(UTM, str)},
        ("lead_id", "which"),
        [_LEAD],
        frozenset({"path", "visited_at", *UTM}),
    ),
    "events": TableShape(
        {
            "sequence": int,
            "lead_id": str,
            "campaign": str,
            "kind": str,
            "occurred_at": str,
            "recorded_at": str,
            "actor": str,
            "data": str,
            "left_out": str,
            "before": str,
            "hash": str,
        },
        "sequence",
        [_LEAD],
        frozenset({"lead_id"}),
    ),
    "corrections": TableShape(
        {
            "number": str,
            "kind": str,
            "statement": str,
            "lead_id": str,
            "period": str,
            "amount": str,
            "amount_minor": int,
            "vat_minor": int,
            "currency": str,
            "reason": str,
            "issued_at": str,
        },
        "number",
        [_LEAD, _STATEMENT],
    ),
}

VIEWS: Final[Mapping[str, str]] = {
    "bill": """
        SELECT lines.campaign, parts.title, lines.lead_id, lines.period, leads.received_at,
            lines.paid_for, lines.due_at, lines.amount, lines.currency,
            CASE lines.free_over_cap WHEN 1 THEN 'yes' ELSE 'no' END AS free_over_cap,
            CASE lines.late WHEN 1 THEN 'yes' ELSE 'no' END AS late,
            CASE lines.entered WHEN 1 THEN 'yes' ELSE 'no' END AS entered,
            (SELECT group_concat(rule, '; ') FROM
                (SELECT rule FROM verdicts
                 WHERE verdicts.lead_id = lines.lead_id AND met ORDER BY number)) AS criteria_met,
            (SELECT coalesce(sum(CASE kind WHEN 'credit note' THEN -corrections.amount_minor
                ELSE corrections.amount_minor END), 0) FROM corrections
             WHERE corrections.lead_id = lines.lead_id AND corrections.period = lines.period)
                AS corrected_minor
        FROM lines JOIN leads USING (lead_id) JOIN parts ON parts.campaign = lines.campaign
        ORDER BY lines.campaign, lines.due_at, lines.lead_id, lines.period""",
    "why_qualified": """
        SELECT leads.campaign, verdicts.lead_id, verdicts.rule, verdicts.value,
            CASE verdicts.met WHEN 1 THEN 'yes' ELSE 'no' END AS met, verdicts.reason
        FROM verdicts JOIN leads USING (lead_id)
        ORDER BY leads.campaign, verdicts.lead_id, verdicts.number""",
    "hashed_events": """
        SELECT sequence, hash, before || char(10) || json_object('actor', actor,
            'campaign', campaign, 'data', json(data), 'kind', kind, 'lead_id', lead_id,
            'occurred_at', occurred_at, 'recorded_at', recorded_at, 'sequence', sequence) AS text
        FROM events WHERE left_out = '' ORDER BY sequence""",
}


def make_tables(db: Database) -> None:
    """Creates all tables and views, empty, with an index for each foreign key."""
    for name, shape in TABLES.items():
        db.table(name).create(
            dict(shape.columns),
            pk=shape.key,
            foreign_keys=list(shape.foreign_keys),
            not_null=set(shape.columns) - shape.optional,
            strict=True,
        )
    db.index_foreign_keys()
    for name, query in VIEWS.items():
        db.create_view(name, query)


# The evidence for one lead: its events up to the statement.


_LEFT_OUT: Final = ("earlier", "duplicate_of", "signals")
"""Keys in an event's data that must not be in this client's file: they name other leads, or the
lead's risk signals, and no signal is proof (rule 36 of docs/rules.md)."""


@dataclass(frozen=True, slots=True)
class ChainLink:
    """An event, the hash before it, and the data that the client may see."""

    recorded: RecordedEvent
    before: str
    data: str
    """Canonical JSON."""
    left_out: Sequence[str]
    """Keys removed from the data. If there are any, the hash cannot be recomputed."""


@dataclass(frozen=True, slots=True)
class LeadEvidence:
    """One lead as it was when its statement was made, with its verdict and events."""

    lead: Lead
    verdict: Mapping[str, Any]
    personal_data: PersonalData | None
    """None once the person's data was erased."""
    events: Sequence[ChainLink]


def lead_evidence(reading: ReadTransaction, lead_id: str, last: int) -> LeadEvidence:
    """The lead by its events up to `last` (included), with its current personal data."""
    records = list(reading.events.select(lead_id=lead_id, last=last))
    events = [recorded.event for recorded in records]
    return LeadEvidence(
        lead=fold_events(events),
        verdict=lead_history(events).verdict,
        personal_data=reading.people.personal_data(lead_id),
        events=[
            chain_link(reading, recorded)
            for recorded in records
            if recorded.event.kind is not EventKind.NOTED  # the client does not know of notes
        ],
    )


def account_events(reading: ReadTransaction, number: str) -> Iterator[ChainLink]:
    """The events of a statement: its close, notes and payments."""
    for recorded in reading.events.of_account():
        if _is_about(recorded.event, number):
            yield chain_link(reading, recorded)


def chain_link(reading: ReadTransaction, recorded: RecordedEvent) -> ChainLink:
    """The event with the hash before it, and without the keys of `_LEFT_OUT`."""
    data = recorded.event.data
    left_out = [name for name in _LEFT_OUT if data.get(name)]
    visible = {name: value for name, value in data.items() if name not in left_out}
    before = reading.events.hash_of(recorded.sequence - 1)
    return ChainLink(recorded, before, canonical(visible), left_out)


def _is_about(event: Event, number: str) -> bool:
    match event.kind:
        case EventKind.CLOSED | EventKind.PAID:
            return bool(event.data.get("number") == number)
        case (
            EventKind.CREDITED
            | EventKind.DEBIT_PROPOSED
            | EventKind.DEBIT_DECLINED
            | EventKind.DEBITED
        ):
            return bool(event.data["statement"] == number)
    return False
