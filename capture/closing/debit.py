"""Debit notes: a line that was billed too low is raised, once the client approves (rule 27).

The agency proposes; only the client itself approves or declines (rule 41). An approved debit
becomes a document with a number. A line has at most one open proposal.
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
from capture.closing.documents import events_about, next_number, today_in_zone
from capture.errors import Hint, NotFound, Refused
from capture.lead.events import Actor, Event, EventKind
from capture.ledger.facts import Note
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.money import check_amount, from_minor
from capture.text import trim_invisible

AnswerStage = Literal["open", "approved", "declined"]
_ANSWERS: Final[dict[EventKind, AnswerStage]] = {
    EventKind.DEBITED: "approved",
    EventKind.DEBIT_DECLINED: "declined",
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A debit that the agency proposes. The amount is in minor units, net of tax."""

    id: str
    """Such as acme-p0001."""
    client: str
    statement: str
    lead_id: str
    period: str
    amount: int
    currency: str
    reason: str
    proposed_at: datetime
    answer: AnswerStage = "open"
    number: str = ""
    """The number of the debit note, once approved."""
    vat: int = 0
    """Its tax, in minor units."""
    due_on: str = ""


def propose_debit(
    records: WriteTransaction, request: CorrectionRequest, by: str, now: datetime
) -> Proposal:
    """Proposes a debit to the client. Raises `Refused` while the line has an open proposal."""
    check_correction_request(request, by)
    billed = billed_line(records, request.statement, request.lead_id, request.period)
    bill = billed.bill
    if request.amount is None or (amount := minor_units(request.amount, bill.currency)) <= 0:
        raise Refused("a debit note needs an amount above zero", Hint.AMOUNT)
    raised = from_minor(billed.raised + amount, bill.currency)
    check_amount(raised, bill.currency, "the line with its debits")
    if _open_proposal_on(records, billed) is not None:
        raise Refused(
            f"{bill.number}, lead {request.lead_id}: a proposal already waits for the client"
        )
    author = records.people.pseudonym(bill.client, by)
    number = len(proposals_of(records, bill.client)) + 1
    asked = {"id": f"{bill.client}-p{number:04d}", "amount": amount, "reason": request.reason}
    data = billed.as_data() | asked | {"by": author}
    _append(records, billed, EventKind.DEBIT_PROPOSED, Actor.AGENCY, data, now)
    return proposals_of(records, bill.client)[-1]


def approve_debit(
    records: WriteTransaction, line: BilledLine, by: str, now: datetime, note: str = ""
) -> Correction:
    """Issues the proposed debit note, for the client. Raises `NotFound` if none is proposed."""
    proposal, bill = _answerable_proposal(records, line, by), line.bill
    issued_on = today_in_zone(records, bill.campaign, now)
    data = line.as_data() | {
        "number": next_number(records, bill.client),
        "amount": proposal.amount,
        "vat": line.vat_of(proposal.amount),
        "reason": proposal.reason,
        "issued_on": issued_on.isoformat(),
        "due_on": bill.parties.due_on(issued_on).isoformat(),
        "by": records.people.pseudonym(bill.client, by),
    }
    _append(records, line, EventKind.DEBITED, Actor.CLIENT, data, now)
    records.people.save_note(
        Note(line.line.lead_id, EventKind.DEBITED.value, by.strip(), trim_invisible(note), now)
    )
    return corrections_of(records, bill.client)[-1]


def decline_debit(
    records: WriteTransaction, line: BilledLine, by: str, now: datetime, note: str = ""
) -> Proposal:
    """Records that the client declines the proposal; the bill stays as it is."""
    _answerable_proposal(records, line, by)
    data = line.as_data() | {"by": records.people.pseudonym(line.bill.client, by)}
    _append(records, line, EventKind.DEBIT_DECLINED, Actor.CLIENT, data, now)
    kind = EventKind.DEBIT_DECLINED.value
    records.people.save_note(Note(line.line.lead_id, kind, by.strip(), trim_invisible(note), now))
    return next(one for one in reversed(proposals_of(records)) if _is_on(one, line))


def find_proposal(reading: ReadTransaction, client: str, debit_id: str) -> Proposal:
    """A client's proposal. Raises the same `NotFound` if it is unknown or another client's."""
    for one in proposals_of(reading, client):
        if one.id == debit_id:
            return one
    raise NotFound("There is no such debit.")


def open_proposal(reading: ReadTransaction, client: str, debit_id: str) -> Proposal:
    """A client's proposal that waits for its answer. Raises `NotFound`, or `Refused` if answered.

    So an answer never reaches a later proposal on the same line.
    """
    found = find_proposal(reading, client, debit_id)
    if found.answer != "open":
        raise Refused(f"The debit {debit_id} was {found.answer} already.")
    return found


def proposals_of(reading: ReadTransaction, client: str | None = None) -> Sequence[Proposal]:
    """All proposals in order, each with the client's answer."""
    found: list[Proposal] = []
    waiting: dict[tuple[str, str, str], int] = {}
    for one in events_about(reading, client, EventKind.DEBIT_PROPOSED, *_ANSWERS):
        event, data = one.event, one.event.data
        line = (data["statement"], data["lead_id"], data["period"])
        if event.kind is EventKind.DEBIT_PROPOSED:
            waiting[line] = len(found)
            found.append(_proposal(event))
        else:
            place = waiting.pop(line)
            found[place] = replace(
                found[place],
                answer=_ANSWERS[event.kind],
                number=data.get("number", ""),
                vat=data.get("vat", 0),
                due_on=data.get("due_on", ""),
            )
    return found


def _answerable_proposal(reading: ReadTransaction, line: BilledLine, by: str) -> Proposal:
    check_name(by)
    waiting = _open_proposal_on(reading, line)
    if waiting is None:
        raise NotFound(
            f"{line.bill.number}, lead {line.line.lead_id}: no debit waits for an answer"
        )
    return waiting


def _open_proposal_on(reading: ReadTransaction, line: BilledLine) -> Proposal | None:
    open_ones = [one for one in proposals_of(reading, line.bill.client) if one.answer == "open"]
    return next((one for one in open_ones if _is_on(one, line)), None)


def _is_on(proposal: Proposal, line: BilledLine) -> bool:
    return (proposal.statement, proposal.lead_id, proposal.period) == (
        line.bill.number,
        line.line.lead_id,
        line.line.period,
    )


def _proposal(event: Event) -> Proposal:
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


def _append(  # noqa: PLR0913, PLR0917 - an event, and the line that it is about
    records: WriteTransaction,
    line: BilledLine,
    kind: EventKind,
    actor: Actor,
    data: dict[str, object],
    now: datetime,
) -> None:
    records.append(
        Event(
            campaign=line.bill.campaign,
            lead_id=None,
            kind=kind,
            occurred_at=now,
            recorded_at=now,
            actor=actor,
            data=data,
        )
    )
