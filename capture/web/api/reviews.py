"""`POST /api/v1/reviews`: records the client's decisions on many leads.

Each decision is an act of its own, so a refused one does not undo the others. All share one
Idempotency-Key and one transaction.
"""

from datetime import datetime
from typing import Annotated, Final, Literal

from flask import request
from pydantic import Field, StringConstraints

from capture.client_access.client_leads import open_client_lead
from capture.client_access.idempotency import IdempotentRequest, run_once
from capture.client_access.lead_schema import ResponseModel
from capture.errors import NotFound, Refused
from capture.lead.events import Actor, EventKind
from capture.ledger.protocol import WriteTransaction
from capture.ledger.types import ApiToken
from capture.review.acts import Act
from capture.review.decisions import Decision, DecisionResult, decide
from capture.text import canonical
from capture.web.api.events import Accepted, EventRecorded, Rejected, recorded_event, refusal
from capture.web.api.operation import Nothing, Operation, Request
from capture.web.api.problems import Problem, RefusedProblem
from capture.web.api.schemas import RequestModel
from capture.web.services import services

MAX_REVIEWS: Final = 100
"""Most decisions in one request."""

LeadId = Annotated[
    str, StringConstraints(max_length=200), Field(json_schema_extra={"format": "lead-id"})
]


class AcceptedReview(Accepted):
    """You accept this lead."""

    lead_id: LeadId


class RejectedReview(Rejected):
    """You reject this lead, before its deadline, for one of its reasons."""

    lead_id: LeadId


Review = AcceptedReview | RejectedReview


class Reviews(RequestModel):
    """Decisions on leads. They are recorded in this order, each on its own."""

    reviews: list[Annotated[Review, Field(discriminator="type")]] = Field(
        min_length=1, max_length=MAX_REVIEWS
    )


class ReviewResult(ResponseModel):
    """What became of one decision: an event or a problem."""

    lead_id: str
    status: Literal[200, 201, 404, 409] = Field(
        description="201: recorded. 200: you recorded the same before. 404: you have no such lead. "
        "409: the lead's stage or terms forbid it."
    )
    event: EventRecorded | None = Field(description="What was recorded; null if it was refused.")
    problem: RefusedProblem | Problem | None = Field(
        description="Why it was refused (RFC 9457); null if it was not."
    )


class ReviewResults(ResponseModel):
    """The result of each decision, in the order of the request."""

    reviews: list[ReviewResult]


def _record(api_request: Request[Nothing, Reviews]) -> str:
    api_token, now, body = api_request.api_token, api_request.now, api_request.body
    root = request.script_root  # another greenlet, without the request, may run the transaction

    def record(records: WriteTransaction) -> str:
        return ReviewResults(
            reviews=[
                _result(review, _decide(records, review, api_token, now), now, root)
                for review in body.reviews
            ]
        ).model_dump_json()

    text = canonical(["reviews", body.model_dump(mode="json")])
    idempotent = IdempotentRequest(api_token.client, api_request.key, text)
    return services().ledger.transact(lambda records: run_once(records, idempotent, record, now))


def _decide(
    records: WriteTransaction, review: Review, api_token: ApiToken, now: datetime
) -> DecisionResult | Refused | NotFound:
    act = Act(review.lead_id, review.by or api_token.name, Actor.CLIENT, review.note)
    reason = review.reason if isinstance(review, RejectedReview) else ""
    decision = Decision(act, EventKind(review.type), reason)

    def work(records: WriteTransaction) -> DecisionResult:
        open_client_lead(records, api_token.client, review.lead_id, now)
        return decide(records, decision, now)

    return records.attempt(work)


def _result(
    review: Review, answer: DecisionResult | Refused | NotFound, now: datetime, root: str
) -> ReviewResult:
    """The result of one decision. It is stored, so it contains no personal data."""
    if isinstance(answer, DecisionResult):
        event = recorded_event(answer.lead, review.type, now, answer.known)
        status = 200 if answer.is_known else 201
        return ReviewResult(lead_id=review.lead_id, status=status, event=event, problem=None)
    problem = refusal(answer).problem(root)
    return ReviewResult.model_validate(
        {"lead_id": review.lead_id, "status": problem.status, "event": None, "problem": problem}
    )


RECORD_REVIEWS: Final = Operation(
    name="recordReviews",
    method="POST",
    path="/v1/reviews",
    summary="Accept or reject many leads",
    description="Each decision is answered on its own, so look at every `status`. What you record "
    "is final. The same Idempotency-Key gets the same answer, its problems too: to send corrected "
    "decisions, use a new key. A decision that you recorded before changes nothing.",
    query=Nothing,
    body=Reviews,
    answer=ReviewResults,
    status=200,
    view=_record,
    needs_idempotency_key=True,
)
