"""`/api/v1/debits`: proposed debit notes on closed statements, and the client's answers.

Only the client can approve a debit note (rule 41 of docs/rules.md): here, or through its link
(capture/web/review).
"""

from typing import Annotated, Final, Literal

from pydantic import Field, RootModel

from capture.client_access.idempotency import IdempotentRequest, run_once
from capture.client_access.lead_schema import ResponseModel
from capture.closing.credit import billed_line
from capture.closing.debit import (
    Proposal,
    approve_debit,
    decline_debit,
    find_open_proposal,
    find_proposal,
    proposals_of,
)
from capture.lead.events import show_time
from capture.ledger.protocol import WriteTransaction
from capture.money import from_minor
from capture.text import canonical
from capture.web.api.operation import Nothing, Operation, Request
from capture.web.api.schemas import Person, Remark, RequestModel
from capture.web.services import services

Stage = Literal["open", "approved", "declined"]


class DebitsQuery(RequestModel):
    """Which debits to list."""

    stage: Stage | None = Field(default=None, description="Only debits in this stage.")


class DebitSchema(ResponseModel):
    """A debit that the agency proposes, on top of a line of a closed statement."""

    id: str
    statement: str = Field(description="Number of the closed statement.")
    lead_id: str
    period: str = Field(description="First day of the line's revenue period; empty: none.")
    amount: str = Field(description="Net of tax, in major units.")
    currency: str = Field(description="ISO 4217.")
    reason: str = Field(description="The agency's code, such as wrong_rate.")
    proposed_at: str = Field(description="In UTC.")
    stage: Stage
    number: str | None = Field(description="Number of the debit note; null until you approve.")
    vat: str | None = Field(description="Tax of the note, in major units; null until you approve.")
    due_on: str | None = Field(description="Date when the note is due; null until you approve.")


class DebitsList(ResponseModel):
    """All debits that were proposed to you, the oldest first."""

    debits: list[DebitSchema]


class _DebitAnswer(RequestModel):
    by: Person = ""
    note: Remark = ""


class Approved(_DebitAnswer):
    """You agree: the debit note is issued."""

    type: Literal["approved"]


class Declined(_DebitAnswer):
    """You do not agree: nothing changes."""

    type: Literal["declined"]


class DebitAnswer(RootModel[Annotated[Approved | Declined, Field(discriminator="type")]]):
    """Your answer: one of these, by `type`."""


def _list(request: Request[DebitsQuery, Nothing]) -> str:
    proposals = services().ledger.read(
        lambda reading: proposals_of(reading, request.api_token.client)
    )
    stage = request.query.stage
    debits = [_debit_schema(proposal) for proposal in proposals if stage in {None, proposal.stage}]
    return DebitsList(debits=debits).model_dump_json()


def _answer(api_request: Request[Nothing, DebitAnswer], debit_id: str) -> str:
    api_token, now, body = api_request.api_token, api_request.now, api_request.body.root
    by = body.by or api_token.name
    record_answer = approve_debit if isinstance(body, Approved) else decline_debit

    def record(records: WriteTransaction) -> str:
        proposal = find_open_proposal(records, api_token.client, debit_id)
        billed = billed_line(records, proposal.statement, proposal.lead_id, proposal.period)
        record_answer(records, billed, by, now, body.note)
        return _debit_schema(find_proposal(records, api_token.client, debit_id)).model_dump_json()

    text = canonical(["debit", debit_id, body.model_dump(mode="json")])
    request = IdempotentRequest(api_token.client, api_request.key, text)
    return services().ledger.transact(lambda records: run_once(records, request, record, now))


def _debit_schema(proposal: Proposal) -> DebitSchema:
    return DebitSchema(
        id=proposal.id,
        statement=proposal.statement,
        lead_id=proposal.lead_id,
        period=proposal.period,
        amount=str(from_minor(proposal.amount, proposal.currency)),
        currency=proposal.currency,
        reason=proposal.reason,
        proposed_at=show_time(proposal.proposed_at),
        stage=proposal.stage,
        number=proposal.number or None,
        vat=str(from_minor(proposal.vat, proposal.currency)) if proposal.number else None,
        due_on=proposal.due_on or None,
    )


LIST_DEBITS: Final = Operation(
    name="listDebits",
    method="GET",
    path="/v1/debits",
    summary="Debits that the agency proposes on closed statements",
    description="You owe nothing of a debit until you approve it.",
    query=DebitsQuery,
    body=Nothing,
    answer=DebitsList,
    status=200,
    view=_list,
)

ANSWER_DEBIT: Final = Operation(
    name="answerDebit",
    method="POST",
    path="/v1/debits/{debit_id}/answer",
    summary="Approve or decline a debit",
    description="Only your answer counts. Safe to send again under the same Idempotency-Key.",
    query=Nothing,
    body=DebitAnswer,
    answer=DebitSchema,
    status=201,
    view=_answer,
    needs_idempotency_key=True,
)
