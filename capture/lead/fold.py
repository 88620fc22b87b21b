"""A lead as the fold of its events.

Only `apply_event` knows what an event does. The ledger, its projections and `verify` all use it, so
they cannot disagree. The rules that it cites are those of docs/rules.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from capture.errors import EventNotAllowed
from capture.lead.events import ON_BEHALF_OF, Event, EventKind, parse_time
from capture.lead.model import Lead
from capture.lead.moves import (
    AT_ANY_STAGE,
    DELIVERED,
    ENDS_DELIVERY,
    MOVES,
    NOT_STARTED,
    OBJECTIONS,
    UNDELIVERED,
    Track,
    track_of_event,
)

_NO_BASIS = "no consent was given and no lawful basis is recorded, so it is not delivered (rule 35)"


def apply_event(lead: Lead | None, event: Event) -> Lead:
    """The lead after one more event. The first event must be `received`.

    Raises `EventNotAllowed` for a move that the stage does not allow; it names the allowed moves.
    """
    if event.lead_id is None:
        raise ValueError(f"{event.kind} is not about a lead")
    if lead is None:
        return _new_lead(event)
    track = track_of_event(event.kind, event.data)
    changes: dict[str, Any] = {track.value: _next_stage(lead, track, event)}
    changes |= _changes(lead, event, changes)
    if changes.get("notified"):
        changes["was_notified"] = True
    lead = replace(lead, **changes)
    if lead.review == "qualified" and lead.is_silence_ended:
        return replace(lead, deadline=None)  # no time decides about it any more
    return lead


def fold_events(events: Iterable[Event]) -> Lead:
    """The lead after all its events, in order. Raises ValueError if there are none."""
    lead: Lead | None = None
    for event in events:
        lead = apply_event(lead, event)
    if lead is None:
        raise ValueError("no events")
    return lead


def _changes(lead: Lead, event: Event, next_stage: Mapping[str, str]) -> Mapping[str, Any]:
    """What the event changes besides the stage of its track."""
    data = event.data
    changes: Mapping[str, Any] = {}
    match event.kind:
        case EventKind.QUALIFIED | EventKind.UNCONFIRMED:
            changes = _admission(lead, event)
        case EventKind.NOTIFIED:
            changes = {"deadline": _time(data.get("deadline")), "notified": True}
        case EventKind.HELD_BACK | EventKind.RELEASED:  # a release gives a full review window
            changes = {"deadline": _time(data.get("deadline"))}
        case EventKind.ACCEPTED | EventKind.SETTLED:
            changes = _acceptance(lead, event)
        case EventKind.DISPUTED | EventKind.BOUNCED | EventKind.CONFIRMED | EventKind.ERASED:
            changes = {event.kind.value: True}
        case EventKind.WITHDRAWN:
            changes = _undone_review(lead, event)
        case EventKind.CONSENT_WITHDRAWN:
            is_last = next_stage["review"] == "consent_withdrawn"
            ended = _end_of_delivery(lead, event) if is_last else {}
            changes = {"consent_withdrawn": True, "basis": None, **ended}
        case kind if kind in ENDS_DELIVERY:
            changes = _end_of_delivery(lead, event)
        case EventKind.CORRECTED:  # a pending meeting stays until the new verdict
            changes = _correction(lead, event)
        case EventKind.SCHEDULED | EventKind.MOVED:
            changes = {
                "meeting_at": _time(data.get("meeting_at")),
                "deemed_held_at": _time(data.get("deemed_held_at")),
            }
        case EventKind.REFUNDED | EventKind.OBJECTED if data.get("left") or data.get("period"):
            changes = {"sale": lead.sale}  # a partial refund, or one about a single period
    return changes


def _new_lead(event: Event) -> Lead:
    if event.kind is not EventKind.RECEIVED:
        raise EventNotAllowed(f"the first event of a lead must be received, not {event.kind}")
    data = event.data
    return Lead(
        lead_id=str(event.lead_id),
        campaign=event.campaign,
        client=data["client"],
        version=data["version"],
        consent_version=data["consent_version"],
        consent_given=data["consent_given"],
        basis=data.get("basis"),
        source=data["source"],
        received_at=event.occurred_at,
        month=data["month"],
        test=data["test"],
    )


def _admission(lead: Lead, event: Event) -> dict[str, Any]:
    """The changes of a lead that passed the gate, or that waits for the proof of its address."""
    data = event.data
    changes: dict[str, Any] = {
        "free_over_cap": bool(data.get("free_over_cap", False)),
        "needs_explicit_acceptance": lead.needs_explicit_acceptance
        or bool(data.get("needs_explicit_acceptance", False)),
    }
    if event.kind is EventKind.UNCONFIRMED:  # again, if a correction changed a proved address
        changes |= _end_of_delivery(lead, event)
        return changes | {"confirm_until": _time(data.get("until"))}
    return changes | {"deadline": _time(data.get("deadline")), "notified": "deadline" in data}


def _acceptance(lead: Lead, event: Event) -> dict[str, Any]:
    """The changes of an acceptance. One that the agency entered becomes final at its deadline."""
    if event.data.get(ON_BEHALF_OF):
        return {"review": "qualified", **_agency_entry(event)}
    entered = lead.entered and bool(event.data.get("silence"))
    changes = {"accepted_at": event.occurred_at, "disputed": False, "entered": entered}
    return {**changes, "meeting_lost": False}


def _correction(lead: Lead, event: Event) -> dict[str, Any]:
    """The changes of a correction. Nothing has bounced at a corrected address yet, and nobody has
    proved that it is theirs."""
    has_new_address = "email" in event.data.get("fields", ())
    return {
        "deadline": None,
        "needs_explicit_acceptance": True,
        "notified": False,
        "entered": False,
        "bounced": lead.bounced and not has_new_address,
        "confirmed": lead.confirmed and not has_new_address,
        "basis": event.data.get("basis", lead.basis),
    }


def _end_of_delivery(lead: Lead, event: Event) -> dict[str, Any]:
    """The client rejected the lead or does not get it, so a pending meeting is cancelled."""
    is_rejection = event.kind is EventKind.REJECTED
    changes: dict[str, Any] = {"entered": False} if is_rejection else {}
    if event.data.get(ON_BEHALF_OF):
        changes = _agency_entry(event)
    if lead.appointment == "scheduled":  # only a rejection can be undone
        changes |= {"appointment": "cancelled", "meeting_lost": is_rejection}
    return changes


def _agency_entry(event: Event) -> dict[str, Any]:
    """The changes of a review that the agency entered; the client may object until `final_at`."""
    return {"entered": True, "deadline": _time(event.data["final_at"])}


def _undone_review(lead: Lead, event: Event) -> dict[str, Any]:
    """The changes of an undone review, and the earlier state if a review was entered before."""
    changes: dict[str, Any] = {"accepted_at": None, "disputed": False, "meeting_lost": False}
    back = event.data.get("back")
    if back is not None:
        changes |= {**back, "deadline": _time(back["deadline"])}
    if lead.meeting_lost:
        changes["appointment"] = "scheduled"
    return changes


def _next_stage(lead: Lead, track: Track, event: Event) -> str:
    """The stage that the event leads to on its track. Raises `EventNotAllowed`."""
    stage = lead.stage(track)
    allowed = MOVES[track].get(stage, {})
    if track is Track.REVIEW and not lead.notified:
        allowed = {**allowed, **UNDELIVERED.get(stage, {})}
    if track is Track.REVIEW and lead.entered:
        allowed = {**allowed, **OBJECTIONS.get(stage, {})}
    if track is not Track.REVIEW and lead.review not in DELIVERED:
        raise EventNotAllowed(
            f"lead {lead.lead_id} is {lead.review}: only a qualified or accepted lead "
            f"can be {event.kind}",
            lead.review,
            MOVES[Track.REVIEW][lead.review],
        )
    if event.kind not in allowed:
        choices = [kind for kind in allowed if kind not in AT_ANY_STAGE]  # these are no decisions
        names = ", ".join(choices) or "none"
        stage_text = "not started" if stage == NOT_STARTED else stage
        raise EventNotAllowed(
            f"lead {lead.lead_id}: {track} is {stage_text}, so {event.kind} is refused; "
            f"allowed now: {names}",
            stage_text,
            choices,
        )
    if event.kind is EventKind.QUALIFIED and not lead.consent.is_lawful:
        raise EventNotAllowed(
            f"lead {lead.lead_id}: {_NO_BASIS}",
            stage,
            [kind for kind in allowed if kind is not EventKind.QUALIFIED],
        )
    return allowed[event.kind]


def _time(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)
