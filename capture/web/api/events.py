"""`POST /api/v1/leads/<id>/events`: records the client's review or outcome of a lead.

The actor of these events is the client. What the client itself records is final (rule 14 of
docs/rules.md).
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal, get_args

from pydantic import BeforeValidator, Field, RootModel

from capture.client_access.client_leads import open_client_lead
from capture.client_access.idempotency import IdempotentRequest, run_once
from capture.client_access.lead_schema import MeetingStage, ResponseModel, SaleStage, Stage
from capture.errors import EventNotAllowed, NotFound, Refused
from capture.lead.events import Actor, Event, EventKind, show_time
from capture.lead.model import Lead
from capture.ledger.protocol import WriteTransaction
from capture.ledger.types import ApiToken
from capture.outcomes.record import Outcome
from capture.outcomes.repeats import find_recorded_outcome, record_once
from capture.review.acts import Act, accept, find_lead, reject, settle, withdraw
from capture.text import canonical
from capture.web.api.operation import Nothing, Operation, Request
from capture.web.api.problems import NOT_FOUND, REFUSED, ProblemError
from capture.web.api.schemas import (
    Amount,
    Currency,
    Day,
    Person,
    Reason,
    Reference,
    Remark,
    RequestModel,
    Time,
    read_integer,
)
from capture.web.services import services

# The events that a client may record, with the fields of each.

Months = Annotated[int, Field(ge=1, le=120), BeforeValidator(read_integer)]


class _EventRequest(RequestModel):
    by: Person = ""
    note: Remark = ""


class _TimedEventRequest(_EventRequest):
    occurred_at: Time | None = Field(default=None, description="When it happened; now by default.")
    reference: Reference | None = None
    again: bool = Field(
        default=False,
        description="Records it although a very similar event was recorded within a day.",
    )


class Accepted(_EventRequest):
    """You accept the lead."""

    type: Literal["accepted"]


class Rejected(_EventRequest):
    """You reject the lead, before its deadline, for one of its reasons."""

    type: Literal["rejected"]
    reason: Reason


class Withdrawn(_EventRequest):
    """You undo an acceptance or rejection: the same person, within ten seconds."""

    type: Literal["withdrawn"]


class Settled(_EventRequest):
    """You agree with the agency, which disputed your rejection: the lead is accepted."""

    type: Literal["settled"]


class Scheduled(_TimedEventRequest):
    """A meeting was arranged."""

    type: Literal["scheduled"]
    meeting_at: Time = Field(description="When the meeting begins.")


class Moved(_TimedEventRequest):
    """The meeting was moved."""

    type: Literal["moved"]
    meeting_at: Time = Field(description="When the meeting begins now.")


class Held(_TimedEventRequest):
    """The meeting took place."""

    type: Literal["held"]


class NoShow(_TimedEventRequest):
    """Nobody came to the meeting."""

    type: Literal["no_show"]


class Cancelled(_TimedEventRequest):
    """The meeting was cancelled."""

    type: Literal["cancelled"]


class Won(_TimedEventRequest):
    """The lead bought."""

    type: Literal["won"]
    amount: Amount
    currency: Currency


class Lost(_TimedEventRequest):
    """The lead did not buy."""

    type: Literal["lost"]


class Revenue(_TimedEventRequest):
    """The customer paid for a period; a payment for several months is split by month."""

    type: Literal["revenue"]
    amount: Amount
    currency: Currency
    period: Day = Field(description="The first day of the period.")
    months: Months = Field(default=1, description="Number of months that it covers.")


class Refunded(_TimedEventRequest):
    """The customer got money back: the purchase or, under revenue share, part of a month."""

    type: Literal["refunded"]
    amount: Amount
    currency: Currency
    period: Day | None = Field(
        default=None,
        description="Under revenue share, for a partial refund: the first day of its month.",
    )
    months: Months = Field(default=1, description="Number of months that it covers.")


class Churned(_TimedEventRequest):
    """The customer left."""

    type: Literal["churned"]


class Objected(_TimedEventRequest):
    """You object to an outcome that the agency recorded, before it is final."""

    type: Literal["objected"]
    reason: Reason
    period: Day | None = Field(
        default=None, description="Under revenue share: the period objected to."
    )


ReviewRequest = Accepted | Rejected | Withdrawn | Settled
OutcomeRequest = (
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

EVENT_TYPES: Final = frozenset(
    kind.model_fields["type"].annotation.__args__[0]  # "accepted" of Literal["accepted"]
    for kind in get_args(ReviewRequest | OutcomeRequest)
)
"""The types of event that a client may record."""


class EventToRecord(
    RootModel[Annotated[ReviewRequest | OutcomeRequest, Field(discriminator="type")]]
):
    """A review or outcome of a lead: one of these, by `type`."""


class EventRecorded(ResponseModel):
    """What was recorded, and the stages of the lead after it. The same key gets the same answer."""

    lead_id: str
    type: str
    recorded_at: str = Field(description="In UTC.")
    source: Literal["client", "agency"] = Field(
        description="`agency`: the agency recorded the same event before, under your reference."
    )
    stage: Stage
    deadline: str | None
    appointment: MeetingStage
    sale: SaleStage


def _record(api_request: Request[Nothing, EventToRecord], lead_id: str) -> str:
    api_token, now, body = api_request.api_token, api_request.now, api_request.body.root

    def record(records: WriteTransaction) -> str:
        open_client_lead(records, api_token.client, lead_id, now)
        if isinstance(body, ReviewRequest):
            lead = _record_review(records, lead_id, body, api_token, now)
            return _answer(lead, body.type, now)
        outcome = _outcome(lead_id, body, api_token, now)
        known = find_recorded_outcome(records, outcome)
        if known is not None:
            lead = find_lead(records, lead_id)
            return _answer(lead, body.type, now, known.event)
        return _answer(record_once(records, outcome, now), body.type, now)

    text = canonical([lead_id, body.model_dump(mode="json")])
    request = IdempotentRequest(api_token.client, api_request.key, text)
    return services().ledger.transact(lambda records: run_once(records, request, record, now))


def _record_review(
    records: WriteTransaction, lead_id: str, body: ReviewRequest, api_token: ApiToken, now: datetime
) -> Lead:
    act = Act(lead_id, body.by or api_token.name, Actor.CLIENT, body.note)
    match body:
        case Accepted():
            return accept(records, act, now)
        case Rejected():
            return reject(records, act, body.reason, now)
        case Withdrawn():
            return withdraw(records, act, now)
        case Settled():
            return settle(records, act, now)


def _outcome(lead_id: str, body: OutcomeRequest, api_token: ApiToken, now: datetime) -> Outcome:
    amount: str | None = getattr(body, "amount", None)
    return Outcome(
        lead_id=lead_id,
        kind=EventKind(body.type),
        actor=Actor.CLIENT,
        by=body.by or api_token.name,
        occurred_at=body.occurred_at or now,
        meeting_at=getattr(body, "meeting_at", None),
        amount=None if amount is None else Decimal(amount),
        currency=getattr(body, "currency", ""),
        period=getattr(body, "period", None),
        months=getattr(body, "months", 1),
        reason=getattr(body, "reason", ""),
        note=body.note,
        reference=body.reference or "",
        again=body.again,
        timed=body.occurred_at is not None,
    )


def _answer(lead: Lead, kind: str, now: datetime, known: Event | None = None) -> str:
    return recorded_event(lead, kind, now, known).model_dump_json()


def recorded_event(
    lead: Lead, kind: str, now: datetime, known: Event | None = None
) -> EventRecorded:
    """The answer about an event that was recorded now, or is `known`.

    It contains no personal data, since it is stored for repeated requests.
    """
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
    )


def refusal(error: Refused | NotFound) -> ProblemError:
    """The problem of a refused event."""
    if isinstance(error, NotFound):
        return ProblemError(NOT_FOUND, str(error))
    if not isinstance(error, EventNotAllowed):
        return ProblemError(REFUSED, str(error))
    allowed = [kind for kind in error.allowed if kind in EVENT_TYPES]
    text = str(error)
    if allowed:  # the error's own text also names events that a client may not record
        words = ", ".join(allowed)
        text = f"The lead is {error.stage}, so this cannot be recorded; allowed now: {words}."
    return ProblemError(REFUSED, text, stage=error.stage, allowed=allowed)


RECORD_EVENT = Operation(
    name="recordEvent",
    method="POST",
    path="/v1/leads/{lead_id}/events",
    summary="Record a review or an outcome of a lead",
    description="What you record is final. Safe to send again under the same Idempotency-Key: it "
    "is recorded once and gets the same answer.",
    query=Nothing,
    body=EventToRecord,
    answer=EventRecorded,
    status=201,
    view=_record,
    needs_idempotency_key=True,
)
