"""`POST /api/v1/leads/<id>/events`: what the client says of a lead, recorded as its own word.

What the client itself records is final (rule 14).
"""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import Field

from capture.canonical import canonical
from capture.lead import Actor, Event, Kind, Lead, show_time
from capture.ledger import Access, Records
from capture.outcomes import Outcome, known_outcome, record
from capture.review import Act, accept, find_lead, reject, settle, withdraw
from capture.sharing import Once, once, take_up
from capture.web.api.operation import Nothing, Operation, Request
from capture.web.api.said import (
    Accepted,
    EventToRecord,
    Happened,
    Rejected,
    Review,
    Settled,
    Withdrawn,
)
from capture.web.api.shown import Answer, MeetingStage, SaleStage, Stage
from capture.web.parts import parts


class EventRecorded(Answer):
    """What was recorded, and where it left the lead. The same key is given the same answer."""

    lead_id: str
    type: str
    recorded_at: str = Field(description="In UTC.")
    source: Literal["client", "agency"] = Field(
        description="`agency`: it recorded the very same before, under your reference."
    )
    stage: Stage
    deadline: str | None
    appointment: MeetingStage
    sale: SaleStage


def _record(asked: Request[Nothing, EventToRecord], lead_id: str) -> str:
    access, now, said = asked.access, asked.now, asked.body.root
    request = canonical([lead_id, said.model_dump(mode="json")])

    def work(records: Records) -> str:
        take_up(records, access.client, lead_id, now)
        if isinstance(said, Review):
            lead = _review(records, lead_id, said, access, now)
            return _answer(lead, said.type, now)
        outcome = _outcome(lead_id, said, access, now)
        known = known_outcome(records, outcome)
        if known is not None:
            lead = find_lead(records, lead_id)
            return _answer(lead, said.type, now, known.event)
        return _answer(record(records, outcome, now), said.type, now)

    asking = Once(access.client, asked.key, request)
    return parts().ledger.transact(lambda records: once(records, asking, work, now))


def _review(records: Records, lead_id: str, said: Review, access: Access, now: datetime) -> Lead:
    act = Act(lead_id, said.by or access.name, Actor.CLIENT, said.note)
    match said:
        case Accepted():
            return accept(records, act, now)
        case Rejected():
            return reject(records, act, said.reason, now)
        case Withdrawn():
            return withdraw(records, act, now)
        case Settled():
            return settle(records, act, now)


def _outcome(lead_id: str, said: Happened, access: Access, now: datetime) -> Outcome:
    amount: str | None = getattr(said, "amount", None)
    return Outcome(
        lead_id=lead_id,
        kind=Kind(said.type),
        actor=Actor.CLIENT,
        by=said.by or access.name,
        occurred_at=said.occurred_at or now,
        meeting_at=getattr(said, "meeting_at", None),
        amount=None if amount is None else Decimal(amount),
        currency=getattr(said, "currency", ""),
        period=getattr(said, "period", None),
        months=getattr(said, "months", 1),
        reason=getattr(said, "reason", ""),
        note=said.note,
        reference=said.reference or "",
        again=said.again,
        timed=said.occurred_at is not None,
    )


def _answer(lead: Lead, kind: str, now: datetime, known: Event | None = None) -> str:
    """Without personal data, since it is kept for whoever asks again."""
    recorded_at, source = (known.recorded_at, known.actor) if known else (now, Actor.CLIENT)
    return EventRecorded(
        lead_id=lead.lead_id,
        type=kind,
        recorded_at=show_time(recorded_at),
        source="client" if source is Actor.CLIENT else "agency",
        stage=lead.review_at(now),
        deadline=lead.deadline and show_time(lead.deadline),
        appointment=lead.appointment_at(now),
        sale=lead.sale,
    ).model_dump_json()


RECORD = Operation(
    name="recordEvent",
    method="POST",
    path="/v1/leads/{lead_id}/events",
    summary="Say what became of a lead",
    description="Recorded as your word, which is final. Safe to send again under the same "
    "Idempotency-Key: it is recorded once, and answered alike.",
    query=Nothing,
    body=EventToRecord,
    answer=EventRecorded,
    status=201,
    view=_record,
    keyed=True,
)
