"""Which outcomes of a lead can be recorded now: meeting, sale, revenue, objection.

This decides what a page offers. `record_outcome` checks the same rules again when it records.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from capture.billing.history import BillableEvent, LeadHistory
from capture.campaign.model import Campaign
from capture.errors import EventNotAllowed
from capture.lead.events import Actor, EventKind
from capture.lead.fold import apply_event
from capture.lead.model import Lead, event_of
from capture.lead.moves import Track
from capture.outcomes.record import KINDS, MEETING_CHANGES, MEETING_RESULTS

_APPOINTMENTS: Final = frozenset({"scheduled", "held"})
"""Billable events that are about a meeting."""


def possible_outcomes(history: LeadHistory, terms: Campaign, now: datetime) -> list[EventKind]:
    """The kinds of outcome that can be recorded now, in the order of `KINDS`."""
    return [kind for kind in KINDS.values() if _is_possible(kind, history, terms, now)]


def _is_possible(kind: EventKind, history: LeadHistory, terms: Campaign, now: datetime) -> bool:
    lead = history.lead
    if kind is EventKind.OBJECTED:
        is_open = _end_of_objection(history, terms, now) is not None
        return is_open and _is_allowed(lead, kind, terms, now)
    if kind is EventKind.NO_SHOW and lead.appointment_at(now) == "held":
        is_open = history.held is not None and now < history.held.final_at
        return lead.appointment == "held" and is_open and _is_allowed(lead, kind, terms, now)
    if kind in MEETING_CHANGES and lead.is_deemed_held_at(now):
        return False
    if kind in MEETING_RESULTS and (lead.meeting_at is None or now < lead.meeting_at):
        return False
    if kind is EventKind.REFUNDED and history.won is None and not history.revenue:
        return False
    return _is_allowed(lead, kind, terms, now)


def _is_allowed(lead: Lead, kind: EventKind, terms: Campaign, now: datetime) -> bool:
    """Whether the lead's stages allow the event."""
    track = Track.APPOINTMENT if terms.price.billable in _APPOINTMENTS else Track.SALE
    data: dict[str, Any] = {"track": track.value} if kind is EventKind.OBJECTED else {}
    try:
        apply_event(lead, event_of(lead, kind, Actor.AGENCY, now, **data))
    except EventNotAllowed:
        return False
    return True


def end_of_outcome(
    kind: EventKind, history: LeadHistory, terms: Campaign, now: datetime
) -> datetime | None:
    """Until when a possible outcome can be recorded; None if no time ends it."""
    if kind is EventKind.OBJECTED:
        return _end_of_objection(history, terms, now)
    if kind is EventKind.NO_SHOW and history.lead.appointment_at(now) == "held":
        return None if history.held is None else history.held.final_at
    if kind in MEETING_CHANGES:
        return history.lead.deemed_held_at
    return None


def _end_of_objection(history: LeadHistory, terms: Campaign, now: datetime) -> datetime | None:
    """When the last outcome that costs something becomes final; None if all of them are final
    (rule 14 of docs/rules.md)."""
    match terms.price.billable:
        case "scheduled":
            outcomes: Sequence[BillableEvent | None] = [history.booked]
        case "held":
            outcomes = [history.held]
        case "won":
            outcomes = [history.won]
        case "revenue":
            outcomes = [each for amounts in history.revenue.values() for each in amounts]
        case _:
            outcomes = []
    ends = [outcome.final_at for outcome in outcomes if outcome and now < outcome.final_at]
    return max(ends, default=None)
