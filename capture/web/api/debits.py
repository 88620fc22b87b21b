"""`/api/v1/debits`: what the agency asks for beyond a closed line, and the client's answer.

A debit note is approved by the client alone (rule 41): there is no other way to answer.
"""

from typing import Annotated, Final, Literal

from pydantic import Field, RootModel

from capture.client_access.idempotency import IdempotentRequest, run_once
from capture.closing.credit import billed_line
from capture.closing.debit import (
    Proposal,
    approve_debit,
    decline_debit,
    find_proposal,
    open_proposal,
    proposals_of,
)
from capture.lead.events import show_time
from capture.ledger.protocol import Records
from capture.money import from_minor
from capture.text import canonical
from capture.web.api.operation import Nothing, Operation, Request
from capture.web.api.schemas import Person, Remark, RequestModel, ResponseModel
from capture.web.services import services

Stage = Literal["open", "approved", "declined"]


class DebitsQuery(RequestModel):
    """Which of them."""

    stage: Stage | None = Field(default=None, description="Only those that stand there.")


class DebitSchema(ResponseModel):
    """What the agency asks for, beyond a line of a closed statement."""

    id: str
    statement: str = Field(description="Number of the closed statement.")
    lead_id: str
    period: str = Field(description="First day of the line's period of revenue; empty: none.")
    amount: str = Field(description="Net of tax, in major units.")
    currency: str = Field(description="ISO 4217.")
    reason: str = Field(description="The agency's code, such as wrong_rate.")
    proposed_at: str = Field(description="In UTC.")
    stage: Stage
    number: str | None = Field(description="Of the debit note; null until you approve.")
    vat: str | None = Field(description="The note's tax, in major units; null until you approve.")
    due_on: str | None = Field(description="By when to pay the note; null until you approve.")


class DebitsList(ResponseModel):
    """All that was proposed to you, the oldest first."""

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
    """Your answer: one of these, told apart by `type`."""


def _list(request: Request[DebitsQuery, Nothing]) -> str:
    found = services().ledger.read(lambda reading: proposals_of(reading, request.access.client))
    wanted = request.query.stage
    shown = [_debit_schema(one) for one in found if wanted in {None, one.answer}]
    return DebitsList(debits=shown).model_dump_json()


def _answer(api_request: Request[Nothing, DebitAnswer], debit_id: str) -> str:
    api_token, now, text = api_request.access, api_request.now, api_request.body.root
    by = text.by or api_token.name
    give = approve_debit if isinstance(text, Approved) else decline_debit

    def work(records: Records) -> str:
        found = open_proposal(records, api_token.client, debit_id)
        line = billed_line(records, found.statement, found.lead_id, found.period)
        give(records, line, by, now, text.note)
        return _debit_schema(find_proposal(records, api_token.client, debit_id)).model_dump_json()

    request = canonical(["debit", debit_id, text.model_dump(mode="json")])
    asking = IdempotentRequest(api_token.client, api_request.key, request)
    return services().ledger.transact(lambda records: run_once(records, asking, work, now))


def _debit_schema(one: Proposal) -> DebitSchema:
    return DebitSchema(
        id=one.id,
        statement=one.statement,
        lead_id=one.lead_id,
        period=one.period,
        amount=str(from_minor(one.amount, one.currency)),
        currency=one.currency,
        reason=one.reason,
        proposed_at=show_time(one.proposed_at),
        stage=one.answer,
        number=one.number or None,
        vat=str(from_minor(one.vat, one.currency)) if one.number else None,
        due_on=one.due_on or None,
    )


LIST_DEBITS: Final = Operation(
    name="listDebits",
    method="GET",
    path="/v1/debits",
    summary="What the agency asks for beyond closed lines",
    description="Nothing of it is owed until you approve it.",
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
    description="Your answer alone counts. Safe to send again under the same Idempotency-Key.",
    query=Nothing,
    body=DebitAnswer,
    answer=DebitSchema,
    status=201,
    view=_answer,
    keyed=True,
)
