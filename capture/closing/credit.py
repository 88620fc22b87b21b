"""Credit notes: the way to correct a closed statement (rule 27), and what a refund gives back (23).

A credit note is an event: it names statement, line and amount, and takes the next number of its
client. All credits of a line together never exceed the line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from capture.billing import minor_units
from capture.campaign.kinds import CODE
from capture.errors import NotFound, Refused
from capture.lead import Actor, Event, Kind
from capture.ledger import Reading, Records
from capture.money import from_minor
from capture.statement import Statement, StatementLine, read_json

REFUND: Final = "refund"
"""The reason of credits that follow from a refund by themselves; nobody gives it by hand."""


@dataclass(frozen=True, slots=True)
class Credit:
    """One credit note. The amount is in minor units, net of tax, and positive."""

    number: str
    client: str
    campaign: str
    statement: str
    lead_id: str
    period: str
    amount: int
    currency: str
    reason: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """A credit as somebody asks for it; without an amount it is all that is left of the line."""

    statement: str
    lead_id: str
    reason: str
    """A code of small letters; words belong into a note, since events name nobody."""
    period: str = ""
    amount: Decimal | None = None
    """Net of tax, in major units of the statement's currency."""


def credit(records: Records, wish: Wish, by: str, now: datetime) -> Credit:
    """Issues a credit note. Raises `NotFound` or `Refused` with what is left of the line."""
    if not re.fullmatch(CODE, wish.reason) or wish.reason == REFUND:
        raise Refused(f"reason {wish.reason!r}: write a code such as goodwill or wrong_contact")
    if not by.strip():
        raise Refused("say who does it: --as NAME")
    bill, line = _billed_line(records, wish)
    left = line.amount - sum(one.amount for one in _of_line(records, bill, line))
    amount = left if wish.amount is None else minor_units(wish.amount, bill.currency)
    if not 0 < amount <= left:
        shown = from_minor(left, bill.currency)
        raise Refused(f"{bill.number}, lead {line.lead_id}: {shown} {bill.currency} is left of it")
    return _issue(records, bill, line, amount, wish.reason, records.pseudonym(bill.client, by), now)


def credit_refund(
    records: Records, lead_id: str, owed: int, client: str, now: datetime
) -> Credit | None:
    """Credits a line that was billed already down to what is owed after a refund (rule 23)."""
    for frozen in records.statements(client):
        bill = read_json(frozen.json)
        for line in bill.lines:
            if line.lead_id == lead_id:
                return _reduce(records, bill, line, owed, now)
    return None


def credits_of(reading: Reading, client: str | None = None) -> list[Credit]:
    """All credit notes, of one client or of all, in the order of their issue."""
    return [
        Credit(
            campaign=one.event.campaign,
            issued_at=one.event.recorded_at,
            **{name: one.event.data[name] for name in _SAID},
        )
        for one in reading.account_events()
        if one.event.kind is Kind.CREDITED and client in {None, one.event.data["client"]}
    ]


def next_number(reading: Reading, client: str) -> str:
    """Statements and credit notes of a client share one row of numbers, without gaps."""
    taken = len(reading.statements(client)) + len(credits_of(reading, client))
    return f"{client}-{taken + 1:04d}"


_SAID: Final = (
    "number",
    "client",
    "statement",
    "lead_id",
    "period",
    "amount",
    "currency",
    "reason",
)


def _billed_line(records: Reading, wish: Wish) -> tuple[Statement, StatementLine]:
    frozen = records.statement(wish.statement)
    if frozen is None:
        raise NotFound(f"no statement {wish.statement!r}: `gatepost statements` lists them")
    bill = read_json(frozen.json)
    lines = [line for line in bill.lines if line.lead_id == wish.lead_id]
    chosen = [line for line in lines if wish.period in {"", line.period}]
    if not chosen:
        raise NotFound(f"{bill.number} has no line of lead {wish.lead_id} {wish.period}".rstrip())
    if len(chosen) > 1:
        periods = ", ".join(line.period for line in chosen)
        raise Refused(f"{bill.number} has several lines of that lead: say --period, of {periods}")
    return bill, chosen[0]


def _of_line(reading: Reading, bill: Statement, line: StatementLine) -> Sequence[Credit]:
    return [
        one
        for one in credits_of(reading, bill.client)
        if (one.statement, one.lead_id, one.period) == (bill.number, line.lead_id, line.period)
    ]


def _reduce(
    records: Records, bill: Statement, line: StatementLine, owed: int, now: datetime
) -> Credit | None:
    given = _of_line(records, bill, line)
    refunded = sum(one.amount for one in given if one.reason == REFUND)
    left = line.amount - sum(one.amount for one in given)
    amount = min(left, line.amount - owed - refunded)
    return None if amount <= 0 else _issue(records, bill, line, amount, REFUND, "", now)


def _issue(  # noqa: PLR0913, PLR0917 - what a credit note says
    records: Records,
    bill: Statement,
    line: StatementLine,
    amount: int,
    reason: str,
    by: str,
    now: datetime,
) -> Credit:
    number = next_number(records, bill.client)
    data = {
        "number": number,
        "client": bill.client,
        "statement": bill.number,
        "lead_id": line.lead_id,
        "period": line.period,
        "amount": amount,
        "currency": bill.currency,
        "reason": reason,
    }
    actor = Actor.AGENCY if by else Actor.SYSTEM
    said = data | ({"by": by} if by else {})
    records.append(Event(bill.campaign, None, Kind.CREDITED, now, now, actor, said))
    return credits_of(records, bill.client)[-1]
