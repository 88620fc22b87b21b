"""Debit notes: they raise a line that was billed too low, once the client approves.

Rule 27 of docs/rules.md. The agency proposes; only the client itself approves or declines (rule
41). An approved debit becomes a document with a number. A line has at most one open proposal.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from capture.billing.lines import minor_units
from capture.closing.credit import (
    BilledLine,
    Correction,
    CorrectionRequest,
    billed_line,
    check_correction_request,
    check_name,
    corrections_of,
)
from capture.closing.documents import account_events, day_in_zone, next_number
from capture.errors import Hint, NotFound, Refused
from capture.lead.events import Actor, Event, EventKind
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.types import Note
from capture.money import check_amount, from_minor
from capture.text import trim_invisible

ProposalStage = Literal["open", "approved", "declined"]
DebitAnswer = Literal["approved", "declined"]
_ANSWER_STAGES: Final[dict[EventKind, ProposalStage]] = {
    EventKind.DEBITED: "approved",
    EventKind.DEBIT_DECLINED: "declined",
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A debit that the agency proposes. The amount is in minor units, net of tax."""

    id: str
    """The client and a number, such as acme-p0001."""
    client: str
    statement: str
    lead_id: str
    period: str
    amount: int
    currency: str
    reason: str
    proposed_at: datetime
    stage: ProposalStage = "open"
    number: str = ""
    """The number of the debit note, once approved."""
    vat: int = 0
    """The tax of the debit note, in minor units."""
    due_on: str = ""
    """The day by which the debit note has to be paid, such as 2026-12-31."""


def propose_debit(
    records: WriteTransaction, request: CorrectionRequest, by: str, now: datetime
) -> Proposal:
    """Proposes a debit to the client.

    Raises `NotFound`; `Refused` for an invalid request or while the line has an open proposal.
    """
    check_correction_request(request, by)
    billed = billed_line(records, request.statement, request.lead_id, request.period)
    statement = billed.statement
    if request.amount is None or (amount := minor_units(request.amount, statement.currency)) <= 0:
        raise Refused("a debit note needs an amount above zero", Hint.AMOUNT)
    total = from_minor(billed.amount_with_debits + amount, statement.currency)
    check_amount(total, statement.currency, "the line with its debits")
    if _open_proposal_on(records, billed) is not None:
        raise Refused(
            f"{statement.number}, lead {request.lead_id}: a proposal already waits for the client"
        )
    author = records.people.pseudonym(statement.client, by)
    number = len(proposals_of(records, statement.client)) + 1
    data = billed.as_data() | {
        "id": f"{statement.client}-p{number:04d}",
        "amount": amount,
        "reason": request.reason,
        "by": author,
    }
    _append(records, billed, EventKind.DEBIT_PROPOSED, Actor.AGENCY, data, now)
    return proposals_of(records, statement.client)[-1]


def approve_debit(
    records: WriteTransaction, billed: BilledLine, by: str, now: datetime, note: str = ""
) -> Correction:
    """Records that the client approves the proposal; issues the debit note.

    Raises `NotFound` if no proposal waits on the line.
    """
    proposal, statement = _answerable_proposal(records, billed, by), billed.statement
    issued_on = day_in_zone(statement.time_zone, now)
    data = billed.as_data() | {
        "number": next_number(records, statement.client),
        "amount": proposal.amount,
        "vat": billed.vat_on(proposal.amount),
        "reason": proposal.reason,
        "issued_on": issued_on.isoformat(),
        "due_on": statement.parties.due_on(issued_on).isoformat(),
        "by": records.people.pseudonym(statement.client, by),
    }
    _append(records, billed, EventKind.DEBITED, Actor.CLIENT, data, now)
    _save_note(records, billed, EventKind.DEBITED, by, note, now)
    return corrections_of(records, statement.client)[-1]


def decline_debit(
    records: WriteTransaction, billed: BilledLine, by: str, now: datetime, note: str = ""
) -> Proposal:
    """Records that the client declines the proposal; the statement does not change.

    Raises `NotFound` if no proposal waits on the line.
    """
    _answerable_proposal(records, billed, by)
    data = billed.as_data() | {"by": records.people.pseudonym(billed.statement.client, by)}
    _append(records, billed, EventKind.DEBIT_DECLINED, Actor.CLIENT, data, now)
    _save_note(records, billed, EventKind.DEBIT_DECLINED, by, note, now)
    return next(
        proposal for proposal in reversed(proposals_of(records)) if _is_on(proposal, billed)
    )


def answer_debit(  # noqa: PLR0913, PLR0917 - the answer, and who gives it
    records: WriteTransaction,
    client: str,
    debit_id: str,
    answer: DebitAnswer,
    by: str,
    now: datetime,
    note: str = "",
) -> bool:
    """Records the client's answer to a proposal; the same answer again changes nothing.

    False if the other answer was recorded before. Raises `NotFound`.
    """
    proposal = find_proposal(records, client, debit_id)
    if proposal.stage != "open":
        return proposal.stage == answer
    billed = billed_line(records, proposal.statement, proposal.lead_id, proposal.period)
    record_answer = approve_debit if answer == "approved" else decline_debit
    record_answer(records, billed, by, now, note)
    return True


def find_proposal(reading: ReadTransaction, client: str, debit_id: str) -> Proposal:
    """A client's proposal by its id.

    Raises the same `NotFound` for an unknown id and for another client's proposal.
    """
    for proposal in proposals_of(reading, client):
        if proposal.id == debit_id:
            return proposal
    raise NotFound("There is no such debit.")


def find_open_proposal(reading: ReadTransaction, client: str, debit_id: str) -> Proposal:
    """A client's proposal that waits for an answer.

    Raises `NotFound`; `Refused` if it is answered already, so that an answer never applies to a
    later proposal on the same line.
    """
    proposal = find_proposal(reading, client, debit_id)
    if proposal.stage != "open":
        raise Refused(f"The debit {debit_id} was {proposal.stage} already.")
    return proposal


def proposals_of(reading: ReadTransaction, client: str | None = None) -> Sequence[Proposal]:
    """All proposals in order, of one client or of all, each with the client's answer."""
    proposals: list[Proposal] = []
    open_positions: dict[tuple[str, str, str], int] = {}
    for recorded in account_events(reading, client, EventKind.DEBIT_PROPOSED, *_ANSWER_STAGES):
        event, data = recorded.event, recorded.event.data
        line_key = (data["statement"], data["lead_id"], data["period"])
        if event.kind is EventKind.DEBIT_PROPOSED:
            open_positions[line_key] = len(proposals)
            proposals.append(_parse_proposal(event))
        else:
            position = open_positions.pop(line_key)
            proposals[position] = replace(
                proposals[position],
                stage=_ANSWER_STAGES[event.kind],
                number=data.get("number", ""),
                vat=data.get("vat", 0),
                due_on=data.get("due_on", ""),
            )
    return proposals


def _answerable_proposal(reading: ReadTransaction, billed: BilledLine, by: str) -> Proposal:
    check_name(by)
    proposal = _open_proposal_on(reading, billed)
    if proposal is None:
        raise NotFound(
            f"{billed.statement.number}, lead {billed.line.lead_id}: no debit waits for an answer"
        )
    return proposal


def _open_proposal_on(reading: ReadTransaction, billed: BilledLine) -> Proposal | None:
    for proposal in proposals_of(reading, billed.statement.client):
        if proposal.stage == "open" and _is_on(proposal, billed):
            return proposal
    return None


def _is_on(proposal: Proposal, billed: BilledLine) -> bool:
    return (proposal.statement, proposal.lead_id, proposal.period) == (
        billed.statement.number,
        billed.line.lead_id,
        billed.line.period,
    )


def _parse_proposal(event: Event) -> Proposal:
    data = event.data
    return Proposal(
        id=data["id"],
        client=data["client"],
        statement=data["statement"],
        lead_id=data["lead_id"],
        period=data["period"],
        amount=data["amount"],
        currency=data["currency"],
        reason=data["reason"],
        proposed_at=event.recorded_at,
    )


def _append(  # noqa: PLR0913, PLR0917 - the fields of an event, and the line that it is about
    records: WriteTransaction,
    billed: BilledLine,
    kind: EventKind,
    actor: Actor,
    data: dict[str, object],
    now: datetime,
) -> None:
    records.append(
        Event(
            campaign=billed.campaign,
            lead_id=None,
            kind=kind,
            occurred_at=now,
            recorded_at=now,
            actor=actor,
            data=data,
        )
    )


def _save_note(  # noqa: PLR0913, PLR0917 - the fields of a note, and the line that it is about
    records: WriteTransaction,
    billed: BilledLine,
    kind: EventKind,
    by: str,
    note: str,
    now: datetime,
) -> None:
    records.people.save_note(
        Note(billed.line.lead_id, kind.value, by.strip(), trim_invisible(note), now)
    )
