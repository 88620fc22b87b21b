"""Puts a lead into quarantine, releases it, or discards it (rule 36 of docs/rules.md).

A lead that the client was not notified of is `quarantined`: the client never sees it. A lead in
review is `held_back`: its deadline stops, and the client sees that it is being checked. Only a
person at the agency releases or discards it. Until then it stays in quarantine and is not billed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from capture.errors import EventNotAllowed
from capture.intake.judge_again import judge_again
from capture.lead.events import Actor, Event, EventKind, show_time
from capture.lead.fold import apply_event
from capture.lead.model import Lead, event_of
from capture.lead.moves import MOVES, NOT_STARTED, QUARANTINE_STAGES, Track
from capture.lead.review_window import deadline
from capture.ledger.protocol import WriteTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import Note
from capture.review.acts import (
    check_name,
    find_lead,
    record_held_meeting,
    record_silent_acceptance,
)
from capture.text import trim_invisible

_UNDECIDED: Final = frozenset({"unconfirmed", "qualified"})
"""Stages of a lead that nobody has decided yet."""


def hold_back(
    records: WriteTransaction, lead: Lead, signals: Sequence[Mapping[str, Any]], now: datetime
) -> Lead:
    """Puts an undecided lead into quarantine because of risk signals, and returns it.

    An acceptance by silence before `now` is recorded first. A lead is returned unchanged if it is
    decided, a test, or erased, or if it has a meeting, a sale, or a review that the agency entered.
    `signals` are as `capture.intake.risk.as_data` writes them.
    """
    lead = record_silent_acceptance(records, lead, now)
    lead = record_held_meeting(records, lead, now)
    if not _can_be_quarantined(lead, now):
        return lead
    records.append(event_of(lead, EventKind.HELD_BACK, Actor.SYSTEM, now, signals=list(signals)))
    records.traits.set_usual(lead.lead_id, is_usual=False)
    return find_lead(records, lead.lead_id)


def release(
    records: WriteTransaction, lead_id: str, by: str, now: datetime, note: str = ""
) -> Lead:
    """Ends the quarantine of a lead, because a person has checked it, and returns the lead.

    A `quarantined` lead passes the gate again: duplicates are checked at `now`, caps by the month
    of receipt. A `held_back` lead gets a full review window, or no deadline if silence never
    accepts it. Raises `EventNotAllowed` if the lead is not in quarantine, `Refused` without a name,
    `NotFound` for an unknown lead.
    """
    lead = _lead_in_quarantine(records, lead_id, by, now)
    data: dict[str, Any] = {}
    if lead.review == "held_back":
        terms = saved_campaign(records, lead.campaign, lead.version)
        ends = None if lead.silence_never_accepts else deadline(terms, now)
        data["deadline"] = ends and show_time(ends)
    event = event_of(lead, EventKind.RELEASED, Actor.AGENCY, now, **data)
    released = _record(records, lead, event, by, note)
    records.traits.set_usual(lead_id, is_usual=True)
    if released.review == "received":
        judge_again(records, released, now)
    return find_lead(records, lead_id)


def discard(
    records: WriteTransaction, lead_id: str, by: str, now: datetime, note: str = ""
) -> Lead:
    """Records that a lead in quarantine is not from a real person, and returns the lead.

    It is kept, and never billed. Raises what `release` raises.
    """
    lead = _lead_in_quarantine(records, lead_id, by, now)
    event = event_of(lead, EventKind.DISCARDED, Actor.AGENCY, now)
    _record(records, lead, event, by, note)
    return find_lead(records, lead_id)


def _can_be_quarantined(lead: Lead, now: datetime) -> bool:
    is_undecided = lead.review_at(now) in _UNDECIDED and not lead.entered
    is_untouched = lead.appointment == NOT_STARTED and lead.sale == NOT_STARTED
    return is_undecided and is_untouched and not (lead.test or lead.erased or lead.disputed)


def _lead_in_quarantine(records: WriteTransaction, lead_id: str, by: str, now: datetime) -> Lead:
    """The lead, if it is in quarantine. Raises `EventNotAllowed` otherwise."""
    check_name(by)
    lead = find_lead(records, lead_id)
    if lead.review in QUARANTINE_STAGES:
        return lead
    raise EventNotAllowed(
        f"lead {lead_id} is {lead.review_at(now)}: only a lead in quarantine can be released "
        "or discarded",
        lead.review_at(now),
        MOVES[Track.REVIEW][lead.review],
    )


def _record(records: WriteTransaction, lead: Lead, event: Event, by: str, note: str) -> Lead:
    """Appends the agency's decision, with the person's name in a note (rule 31)."""
    event = replace(event, data={"by": records.people.pseudonym(lead.client, by), **event.data})
    records.append(event)
    text = trim_invisible(note)
    records.people.save_note(
        Note(lead.lead_id, event.kind.value, by.strip(), text, event.recorded_at)
    )
    return apply_event(lead, event)
