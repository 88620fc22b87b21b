"""A lead as the fold of its events.

Only `apply_event` knows what an event does. The ledger, its projections and `verify` all use it, so
they cannot disagree. The rules that it cites are those of docs/rules.md.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from capture.errors import EventNotAllowed
from capture.lead.events import ON_BEHALF_OF, Event, EventKind, parse_time
from capture.lead.model import Lead
from capture.lead.moves import (
    DELIVERED,
    ENDS_DELIVERY,
    MOVES,
    NOT_STARTED,
    OBJECTIONS,
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
    match event.kind:
        case EventKind.QUALIFIED:
            changes |= {
                "free_over_cap": bool(event.data.get("free_over_cap", False)),
                "needs_explicit_acceptance": lead.needs_explicit_acceptance
                or bool(event.data.get("needs_explicit_acceptance", False)),
                "deadline": _time(event.data.get("deadline")),
                "notified": "deadline" in event.data,
            }
        case EventKind.NOTIFIED:
            changes |= {"deadline": _time(event.data.get("deadline")), "notified": True}
        case EventKind.ACCEPTED | EventKind.SETTLED:
            changes |= _acceptance(lead, event)
        case EventKind.DISPUTED | EventKind.BOUNCED:
            changes[event.kind.value] = True
        case EventKind.WITHDRAWN:
            changes |= {"accepted_at": None, "disputed": False, "meeting_lost": False}
            changes |= _restored_review(event)
            if lead.meeting_lost:
                changes["appointment"] = "scheduled"
        case kind if kind in ENDS_DELIVERY:
            changes |= _end_of_delivery(lead, event)
        case EventKind.CORRECTED:  # a pending meeting stays until the new verdict
            changes |= _correction(lead, event)
        case EventKind.SCHEDULED | EventKind.MOVED:
            changes |= {
                "meeting_at": _time(event.data.get("meeting_at")),
                "deemed_held_at": _time(event.data.get("deemed_held_at")),
            }
        case EventKind.REFUNDED | EventKind.OBJECTED if event.data.get("left") or event.data.get(
            "period"
        ):
            changes["sale"] = lead.sale  # a partial refund, or one about a single period
    lead = replace(lead, **changes)
    # After a bounce no time decides about a lead in review, so it has no deadline (rule 36).
    return replace(lead, deadline=None) if lead.bounced and lead.review == "qualified" else lead


def fold_events(events: Iterable[Event]) -> Lead:
    """The lead after all its events, in order. Raises ValueError if there are none."""
    lead: Lead | None = None
    for event in events:
        lead = apply_event(lead, event)
    if lead is None:
        raise ValueError("no events")
    return lead


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


def _acceptance(lead: Lead, event: Event) -> dict[str, Any]:
    """The changes of an acceptance. One that the agency entered becomes final at its deadline."""
    if event.data.get(ON_BEHALF_OF):
        return {"review": "qualified", **_agency_entry(event)}
    entered = lead.entered and bool(event.data.get("silence"))
    changes = {"accepted_at": event.occurred_at, "disputed": False, "entered": entered}
    return {**changes, "meeting_lost": False}


def _correction(lead: Lead, event: Event) -> dict[str, Any]:
    """The changes of a correction. Nothing has bounced at a corrected address yet."""
    return {
        "deadline": None,
        "needs_explicit_acceptance": True,
        "notified": False,
        "entered": False,
        "bounced": lead.bounced and "email" not in event.data.get("fields", ()),
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


def _restored_review(event: Event) -> dict[str, Any]:
    """The earlier state that an undone review restores; empty if no review was entered."""
    back = event.data.get("back")
    if back is None:
        return {}
    return {**back, "deadline": _time(back["deadline"])}


def _next_stage(lead: Lead, track: Track, event: Event) -> str:
    """The stage that the event leads to on its track. Raises `EventNotAllowed`."""
    stage = lead.stage(track)
    allowed = MOVES[track].get(stage, {})
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
        choices = [kind for kind in allowed if kind is not EventKind.BOUNCED]  # no person bounces
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
