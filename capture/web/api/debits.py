"""`/api/v1/debits`: what the agency asks for beyond a closed line, and the client's answer.

A debit note is approved by the client alone (rule 41): there is no other way to answer.
"""

from typing import Annotated, Final, Literal

from pydantic import Field, RootModel

from capture.client_access.idempotency import Once, once
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
from capture.web.api.schemas import Answer, Asked, Person, Remark
from capture.web.services import parts

Stage = Literal["open", "approved", "declined"]


class DebitsQuery(Asked):
    """Which of them."""

    stage: Stage | None = Field(default=None, description="Only those that stand there.")


class DebitShown(Answer):
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


class DebitsList(Answer):
    """All that was proposed to you, the oldest first."""

    debits: list[DebitShown]


class _Answered(Asked):
    by: Person = ""
    note: Remark = ""


class Approved(_Answered):
    """You agree: the debit note is issued."""

    type: Literal["approved"]


class Declined(_Answered):
    """You do not agree: nothing changes."""

    type: Literal["declined"]


class DebitAnswer(RootModel[Annotated[Approved | Declined, Field(discriminator="type")]]):
    """Your answer: one of these, told apart by `type`."""


def _list(asked: Request[DebitsQuery, Nothing]) -> str:
    found = parts().ledger.read(lambda reading: proposals_of(reading, asked.access.client))
    wanted = asked.query.stage
    shown = [_shown(one) for one in found if wanted in {None, one.answer}]
    return DebitsList(debits=shown).model_dump_json()


def _answer(asked: Request[Nothing, DebitAnswer], debit_id: str) -> str:
    access, now, said = asked.access, asked.now, asked.body.root
    by = said.by or access.name
    give = approve_debit if isinstance(said, Approved) else decline_debit

    def work(records: Records) -> str:
        found = open_proposal(records, access.client, debit_id)
        line = billed_line(records, found.statement, found.lead_id, found.period)
        give(records, line, by, now, said.note)
        return _shown(find_proposal(records, access.client, debit_id)).model_dump_json()

    request = canonical(["debit", debit_id, said.model_dump(mode="json")])
    asking = Once(access.client, asked.key, request)
    return parts().ledger.transact(lambda records: once(records, asking, work, now))


def _shown(one: Proposal) -> DebitShown:
    return DebitShown(
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
    answer=DebitShown,
    status=201,
    view=_answer,
    keyed=True,
)
