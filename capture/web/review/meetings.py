"""The client's answer to "was the meeting held?" through a contact's link."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from flask import request

from capture.client_access.client_leads import (
    find_linked_lead,
    load_client_lead,
    open_linked_lead,
)
from capture.errors import EventNotAllowed, Refused
from capture.lead.events import Actor, EventKind
from capture.ledger.protocol import WriteTransaction
from capture.ledger.terms import saved_campaign
from capture.outcomes.record import Outcome, record_outcome, time_of_report
from capture.web.desk.meeting_view import meeting_view
from capture.web.review.access import (
    TOO_LATE,
    UNKNOWN_REASON,
    Refusal,
    Visitor,
    log_contact_look,
    typed_note,
)
from capture.web.services import services


def context(visitor: Visitor, lead_id: str, now: datetime) -> dict[str, object]:
    """The values of the meeting's page. Raises `NotFound`."""
    client = visitor.client_slug
    lead = services().ledger.read(
        lambda reading: load_client_lead(reading, find_linked_lead(reading, client, lead_id))
    )
    meeting = meeting_view(lead, now)
    if meeting.is_open:  # only then the page names the person
        log_contact_look(visitor, [lead_id], now)
    return {"meeting": meeting}


def _held(visitor: Visitor, lead_id: str, now: datetime) -> Refusal | None:
    return _record(visitor, lead_id, EventKind.HELD, "", now)


def _no_show(visitor: Visitor, lead_id: str, now: datetime) -> Refusal | None:
    return _record(visitor, lead_id, EventKind.NO_SHOW, "", now)


def _objection(visitor: Visitor, lead_id: str, now: datetime) -> Refusal | None:
    return _record(visitor, lead_id, EventKind.OBJECTED, request.form.get("reason", ""), now)


def _record(
    visitor: Visitor, lead_id: str, kind: EventKind, reason: str, now: datetime
) -> Refusal | None:
    """Records the answer. The same answer again changes nothing."""
    client, address = visitor.client_slug, visitor.address
    note = typed_note()

    def record(records: WriteTransaction) -> Refusal | None:
        lead = open_linked_lead(records, client, lead_id, now)
        if lead.appointment == kind.value:
            return None
        reasons = saved_campaign(records, lead.campaign, lead.version).review.reasons
        if kind is EventKind.OBJECTED and reason not in reasons:
            return Refusal(422, UNKNOWN_REASON)
        outcome = Outcome(
            lead_id=lead_id,
            kind=kind,
            actor=Actor.CLIENT,
            by=address,
            occurred_at=time_of_report(kind, lead, now),
            reason=reason,
            note=note,
        )
        record_outcome(records, outcome, now)
        return None

    try:
        return services().ledger.transact(record)
    except (EventNotAllowed, Refused):
        return Refusal(409, TOO_LATE)


ACTIONS: Final[Mapping[str, Callable[[Visitor, str, datetime], Refusal | None]]] = {
    "held": _held,
    "no_show": _no_show,
    "object": _objection,
}
"""What each button of the page does."""
