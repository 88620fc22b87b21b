"""The client's review of leads through a contact's link: accept, reject, undo."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import request

from capture.client_access.client_leads import (
    ClientLead,
    find_linked_lead,
    held_back_leads,
    load_client_lead,
    waiting_leads,
)
from capture.client_access.client_review import decide_on_lead, undo_review
from capture.errors import EventNotAllowed, Refused
from capture.lead.events import Actor, EventKind
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.review_queue import ReviewQuery
from capture.review.acts import Act
from capture.review.decisions import Decision
from capture.web.desk.lead_view import LeadView, Reader, lead_view
from capture.web.review.access import (
    HELD_BACK,
    TOO_LATE,
    UNKNOWN_REASON,
    Refusal,
    Visitor,
    log_contact_look,
    typed_note,
)
from capture.web.services import services

MAX_LISTED: Final = 100
"""Most leads on the page of the list."""

_TOO_LATE_TO_UNDO = (
    "It was not undone: a review can be undone for ten seconds, by the person who made it. "
    "This page shows what counts. If it is wrong, ask the agency."
)


def lead_context(visitor: Visitor, lead_id: str, now: datetime) -> dict[str, object]:
    """The values of the lead's page. Raises `NotFound`."""
    client, address = visitor.client_slug, visitor.address

    def read(reading: ReadTransaction) -> LeadView:
        reader = Reader(reading.people.pseudonym(client, address))
        return lead_view(
            load_client_lead(reading, find_linked_lead(reading, client, lead_id)), reader, now
        )

    view = services().ledger.read(read)
    log_contact_look(visitor, [lead_id], now)
    return {"lead": view}


@dataclass(frozen=True, slots=True)
class ListView:
    """The page of a client's list."""

    leads: Sequence[LeadView]
    """The first leads that wait for the client, the soonest deadline first."""
    count: int
    """The number of all leads that wait for the client."""
    held_back_leads: Sequence[LeadView]
    """The first leads that the agency is checking; the client cannot decide them now."""


def list_view(visitor: Visitor, now: datetime) -> ListView:
    """The leads that wait for the client, and those that are held back."""
    client, address = visitor.client_slug, visitor.address

    def read(reading: ReadTransaction) -> ListView:
        reader = Reader(reading.people.pseudonym(client, address))

        def views(leads: Iterable[ClientLead]) -> list[LeadView]:
            return [lead_view(lead, reader, now) for lead in leads]

        waiting = waiting_leads(reading, ReviewQuery(now, client), MAX_LISTED)
        checked = held_back_leads(reading, client, MAX_LISTED)
        return ListView(views(waiting.leads), waiting.count, views(checked))

    view = services().ledger.read(read)
    shown = (lead.lead_id for lead in (*view.leads, *view.held_back_leads))
    log_contact_look(visitor, shown, now)
    return view


def _accept(visitor: Visitor, lead_id: str, now: datetime) -> Refusal | None:
    return _decide(visitor, lead_id, EventKind.ACCEPTED, "", now)


def _reject(visitor: Visitor, lead_id: str, now: datetime) -> Refusal | None:
    return _decide(visitor, lead_id, EventKind.REJECTED, request.form.get("reason", ""), now)


def _decide(
    visitor: Visitor, lead_id: str, kind: EventKind, reason: str, now: datetime
) -> Refusal | None:
    client, note = visitor.client_slug, typed_note()
    decision = Decision(Act(lead_id, visitor.address, Actor.CLIENT, note), kind, reason)

    def record(records: WriteTransaction) -> None:
        decide_on_lead(records, client, decision, now)

    try:
        services().ledger.transact(record)
    except EventNotAllowed as error:
        return Refusal(409, HELD_BACK if error.stage == "held_back" else TOO_LATE)
    except Refused:  # the only other refusal: the reason is not one of the campaign's
        return Refusal(422, UNKNOWN_REASON)
    return None


def _undo(visitor: Visitor, lead_id: str, now: datetime) -> Refusal | None:
    """Undoes the review. A second click on the button changes nothing."""
    act = Act(lead_id, visitor.address, Actor.CLIENT)
    try:
        services().ledger.transact(
            lambda records: undo_review(records, visitor.client_slug, act, now)
        )
    except Refused:
        return Refusal(409, _TOO_LATE_TO_UNDO)
    return None


ACTIONS: Final[Mapping[str, Callable[[Visitor, str, datetime], Refusal | None]]] = {
    "accept": _accept,
    "reject": _reject,
    "undo": _undo,
}
"""What each button of the page does."""
