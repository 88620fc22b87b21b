"""`POST /api/v1/leads/<id>/events`: what the client says of a lead, recorded as its own word.

What the client itself records is final (rule 14).
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal, get_args

from pydantic import BeforeValidator, Field, RootModel

from capture.client_access.client_leads import open_client_lead
from capture.client_access.idempotency import IdempotentRequest, run_once
from capture.lead.events import Actor, Event, EventKind, show_time
from capture.lead.model import Lead
from capture.ledger.facts import ApiToken
from capture.ledger.protocol import Records
from capture.outcomes.record import Outcome
from capture.outcomes.repeats import find_recorded_outcome, record_once
from capture.review import Act, accept, find_lead, reject, settle, withdraw
from capture.text import canonical
from capture.web.api.operation import Nothing, Operation, Request
from capture.web.api.schemas import (
    Amount,
    Currency,
    Day,
    MeetingStage,
    Person,
    Reason,
    Reference,
    Remark,
    RequestModel,
    ResponseModel,
    SaleStage,
    Stage,
    Time,
    read_integer,
)
from capture.web.services import services

# The events that a client may record, each with what it must say.


Months = Annotated[int, Field(ge=1, le=120), BeforeValidator(read_integer)]


class _EventRequest(RequestModel):
    by: Person = ""
    note: Remark = ""


class _TimedEventRequest(_EventRequest):
    occurred_at: Time | None = Field(default=None, description="When it happened; now by default.")
    reference: Reference | None = None
    again: bool = Field(
        default=False,
        description="It is another one, though much the same was recorded within a day.",
    )


class Accepted(_EventRequest):
    """You take the lead."""

    type: Literal["accepted"]


class Rejected(_EventRequest):
    """You do not take the lead, before its deadline, for one of its reasons."""

    type: Literal["rejected"]
    reason: Reason


class Withdrawn(_EventRequest):
    """The same person takes an acceptance or rejection back, within ten seconds."""

    type: Literal["withdrawn"]


class Settled(_EventRequest):
    """You agree with the agency, which disputed your rejection: the lead is accepted."""

    type: Literal["settled"]


class Scheduled(_TimedEventRequest):
    """A meeting was arranged."""

    type: Literal["scheduled"]
    meeting_at: Time = Field(description="When it is to begin.")


class Moved(_TimedEventRequest):
    """The meeting was moved."""

    type: Literal["moved"]
    meeting_at: Time = Field(description="When it is to begin now.")


class Held(_TimedEventRequest):
    """The meeting took place."""

    type: Literal["held"]


class NoShow(_TimedEventRequest):
    """Nobody came to the meeting."""

    type: Literal["no_show"]


class Cancelled(_TimedEventRequest):
    """The meeting was called off."""

    type: Literal["cancelled"]


class Won(_TimedEventRequest):
    """They bought."""

    type: Literal["won"]
    amount: Amount
    currency: Currency


class Lost(_TimedEventRequest):
    """They did not buy."""

    type: Literal["lost"]


class Revenue(_TimedEventRequest):
    """They paid for a period; a payment for several months is split by month."""

    type: Literal["revenue"]
    amount: Amount
    currency: Currency
    period: Day = Field(description="The first day that it is for.")
    months: Months = Field(default=1, description="For how many months it is.")


class Refunded(_TimedEventRequest):
    """They were given money back: all that they paid or, under revenue share, a month's part."""

    type: Literal["refunded"]
    amount: Amount
    currency: Currency
    period: Day | None = Field(
        default=None,
        description="Under revenue share, of a refund in part: the first day of its month.",
    )
    months: Months = Field(default=1, description="For how many months it is.")


class Churned(_TimedEventRequest):
    """They are a customer no longer."""

    type: Literal["churned"]


class Objected(_TimedEventRequest):
    """You object to an outcome that the agency recorded, before it is final."""

    type: Literal["objected"]
    reason: Reason
    period: Day | None = Field(
        default=None, description="Under revenue share: the period objected to."
    )


Review = Accepted | Rejected | Withdrawn | Settled
Happened = (
    Scheduled
    | Moved
    | Held
    | NoShow
    | Cancelled
    | Won
    | Lost
    | Revenue
    | Refunded
    | Churned
    | Objected
)

TYPES: Final = frozenset(
    kind.model_fields["type"].annotation.__args__[0]  # of Literal["accepted"], say
    for kind in get_args(Review | Happened)
)
"""What a client may record."""


class EventToRecord(RootModel[Annotated[Review | Happened, Field(discriminator="type")]]):
    """What you say of a lead: one of these, told apart by `type`."""


class EventRecorded(ResponseModel):
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


def _record(api_request: Request[Nothing, EventToRecord], lead_id: str) -> str:
    api_token, now, text = api_request.access, api_request.now, api_request.body.root
    request = canonical([lead_id, text.model_dump(mode="json")])

    def work(records: Records) -> str:
        open_client_lead(records, api_token.client, lead_id, now)
        if isinstance(text, Review):
            lead = _review(records, lead_id, text, api_token, now)
            return _answer(lead, text.type, now)
        outcome = _outcome(lead_id, text, api_token, now)
        known = find_recorded_outcome(records, outcome)
        if known is not None:
            lead = find_lead(records, lead_id)
            return _answer(lead, text.type, now, known.event)
        return _answer(record_once(records, outcome, now), text.type, now)

    asking = IdempotentRequest(api_token.client, api_request.key, request)
    return services().ledger.transact(lambda records: run_once(records, asking, work, now))


def _review(
    records: Records, lead_id: str, text: Review, api_token: ApiToken, now: datetime
) -> Lead:
    act = Act(lead_id, text.by or api_token.name, Actor.CLIENT, text.note)
    match text:
        case Accepted():
            return accept(records, act, now)
        case Rejected():
            return reject(records, act, text.reason, now)
        case Withdrawn():
            return withdraw(records, act, now)
        case Settled():
            return settle(records, act, now)


def _outcome(lead_id: str, text: Happened, api_token: ApiToken, now: datetime) -> Outcome:
    amount: str | None = getattr(text, "amount", None)
    return Outcome(
        lead_id=lead_id,
        kind=EventKind(text.type),
        actor=Actor.CLIENT,
        by=text.by or api_token.name,
        occurred_at=text.occurred_at or now,
        meeting_at=getattr(text, "meeting_at", None),
        amount=None if amount is None else Decimal(amount),
        currency=getattr(text, "currency", ""),
        period=getattr(text, "period", None),
        months=getattr(text, "months", 1),
        reason=getattr(text, "reason", ""),
        note=text.note,
        reference=text.reference or "",
        again=text.again,
        timed=text.occurred_at is not None,
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
