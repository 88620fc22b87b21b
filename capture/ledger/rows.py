"""Facts to rows and back, for the SQLite ledger."""

import json
import sqlite3
from dataclasses import fields
from datetime import datetime
from typing import Any

from capture.campaign import Answer
from capture.canonical import canonical
from capture.lead import Actor, Event, Kind, Lead, parse_time, show_time
from capture.ledger.facts import Decision, Dossier, Frozen, Recorded

LEAD_COLUMNS = tuple(field.name for field in fields(Lead))
LEAD = ", ".join(f"leads.{name}" for name in LEAD_COLUMNS)
"""A lead's columns, as `lead_from` wants them."""
_TIMES = frozenset({"received_at", "deadline", "accepted_at", "meeting_at", "taken_held_at"})
_FLAGS = frozenset(
    {"test", "free", "explicit", "told", "meeting_lost", "disputed", "entered", "consent_given"}
)

EVENT_COLUMNS = "sequence, campaign, lead_id, kind, occurred_at, recorded_at, actor, data, hash"
STATEMENT_COLUMNS = "number, client, campaign, month, json, sha256, closed_at"
DOSSIER_COLUMNS = "lead_id, answers, judged, reasons, first_touch, last_touch, unverified"


def lead_row(lead: Lead) -> tuple[str | int | None, ...]:
    """A lead in the order of LEAD_COLUMNS."""
    return tuple(
        show_time(value)
        if isinstance(value, datetime)
        else int(value)
        if isinstance(value, bool)
        else value
        for value in (getattr(lead, name) for name in LEAD_COLUMNS)
    )


def lead_from(row: tuple[Any, ...]) -> Lead:
    """What `lead_row` wrote."""
    values = dict(zip(LEAD_COLUMNS, row, strict=True))
    for name in _TIMES:
        if values[name] is not None:
            values[name] = parse_time(values[name])
    for name in _FLAGS:
        values[name] = bool(values[name])
    return Lead(**values)


def recorded_from(row: tuple[Any, ...]) -> Recorded:
    """A row of EVENT_COLUMNS."""
    sequence, campaign, lead_id, kind, occurred_at, recorded_at, actor, data, digest = row
    event = Event(
        campaign=campaign,
        lead_id=lead_id,
        kind=Kind(kind),
        occurred_at=parse_time(occurred_at),
        recorded_at=parse_time(recorded_at),
        actor=Actor(actor),
        data=json.loads(data),
    )
    return Recorded(sequence, event, digest)


def dossier_row(campaign: str, lead_id: str, dossier: Dossier) -> tuple[str, ...]:
    """A dossier as its table holds it."""
    return (
        lead_id,
        campaign,
        canonical({name: _plain(value) for name, value in dossier.answers.items()}),
        canonical(dossier.judged),
        canonical(dossier.reasons),
        canonical(dossier.first_touch),
        canonical(dossier.last_touch),
        canonical(dossier.unverified),
    )


def dossier_from(row: sqlite3.Row | tuple[Any, ...]) -> tuple[str, Dossier]:
    """A row of DOSSIER_COLUMNS: the lead's id and its personal data."""
    lead_id, answers, judged, reasons, first_touch, last_touch, unverified = row
    return lead_id, Dossier(
        answers=answers_from(answers),
        judged=json.loads(judged),
        reasons=json.loads(reasons),
        first_touch=json.loads(first_touch),
        last_touch=json.loads(last_touch),
        unverified=json.loads(unverified),
    )


def answers_from(text: str) -> dict[str, Answer]:
    """The answers as a dossier keeps them: a multiple choice is a tuple."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(text).items()
    }


def decision_from(text: str) -> Decision:
    """A JSON array of kind, actor, time and reason."""
    kind, actor, at, reason = json.loads(text)
    return Decision(Kind(kind), Actor(actor), parse_time(at), reason)


def frozen_from(row: tuple[Any, ...]) -> Frozen:
    """A row of STATEMENT_COLUMNS."""
    number, client, campaign, month, text, digest, closed_at = row
    return Frozen(number, client, campaign, month, text, digest, parse_time(closed_at))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
