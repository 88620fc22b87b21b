"""Credit notes on closed statements (rule 27), also those that follow a refund or churn (rule 23).

A credit note is an event with statement, line and amount, and takes the client's next document
number. The credits of a line never exceed the line. Debit notes use `Correction` too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from capture.billing.account import DocumentKind
from capture.billing.history import LeadHistory, lead_history
from capture.billing.lines import exact_fee, minor_units
from capture.billing.statement import Statement, StatementLine
from capture.billing.statement_text import parse_statement
from capture.campaign.model import Campaign
from capture.campaign.value_types import CODE
from capture.closing.documents import events_about, next_number, today_in_zone
from capture.errors import Hint, NotFound, Refused
from capture.lead.events import Actor, Event, EventKind
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.money import from_minor, round_minor, show_money
from capture.text import is_blank

# Corrections: credit and debit notes, each on one line of a closed statement.


REFUND: Final = "refund"
CHURN: Final = "churn"
AUTOMATIC: Final = frozenset({REFUND, CHURN})
"""Reasons of credits that follow from an outcome automatically; users cannot give them."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One note. Amount (net of tax) and tax are positive minor units for both kinds."""

    number: str
    kind: DocumentKind
    client: str
    campaign: str
    statement: str
    lead_id: str
    period: str
    amount: int
    vat: int
    currency: str
    reason: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class CorrectionRequest:
    """A correction that a user asks for."""

    statement: str
    lead_id: str
    reason: str
    """A code of small letters. Free text goes into a note, because events hold no personal data."""
    period: str = ""
    amount: Decimal | None = None
    """Net of tax, in major units; None credits all that is left of the line."""
    again: bool = False
    """Issue the same credit a second time on the same day."""


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A line of a closed statement, with all corrections of that statement so far."""

    bill: Statement
    line: StatementLine
    corrections: Sequence[Correction]

    @property
    def of_line(self) -> list[Correction]:
        """The corrections of this line."""
        mine = (self.line.lead_id, self.line.period)
        return [one for one in self.corrections if (one.lead_id, one.period) == mine]

    @property
    def raised(self) -> int:
        """The line's amount plus its debits, in minor units."""
        debits = [one.amount for one in self.of_line if one.kind is DocumentKind.DEBIT]
        return self.line.amount + sum(debits)

    @property
    def left(self) -> int:
        """The line's amount plus debits less credits, in minor units; never below zero."""
        return self.line.amount + sum(map(_signed, self.of_line))

    def vat_of(self, change: int) -> int:
        """The tax on one more change, in minor units.

        It is the difference of two totals, so that the taxes add up to the tax on what is left.
        """
        before = self.bill.total + sum(map(_signed, self.corrections))
        tax, currency = self.bill.parties.vat, self.bill.currency
        return tax(before + change, currency) - tax(before, currency)

    def as_data(self) -> dict[str, Any]:
        """The data by which events identify the line."""
        return {
            "client": self.bill.client,
            "statement": self.bill.number,
            "lead_id": self.line.lead_id,
            "period": self.line.period,
            "currency": self.bill.currency,
        }


def corrections_of(reading: ReadTransaction, client: str | None = None) -> list[Correction]:
    """All notes, of one client or of all, in order of issue."""
    found = events_about(reading, client, EventKind.CREDITED, EventKind.DEBITED)
    return [_correction(one.event) for one in found]


def credits_of(reading: ReadTransaction, client: str | None = None) -> list[Correction]:
    """All credit notes, of one client or of all, in order of issue."""
    return [one for one in corrections_of(reading, client) if one.kind is DocumentKind.CREDIT]


def billed_line(
    reading: ReadTransaction, number: str, lead_id: str, period: str = ""
) -> BilledLine:
    """A line by its statement and lead. Raises `NotFound`, or `Refused` if a period is needed."""
    closed_statement = reading.statements.get(number)
    if closed_statement is None:
        raise NotFound(f"no statement {number!r}", Hint.STATEMENTS)
    bill = parse_statement(closed_statement.json)
    chosen = [
        line for line in bill.lines if line.lead_id == lead_id and period in {"", line.period}
    ]
    if not chosen:
        raise NotFound(f"{number} has no line of lead {lead_id} {period}".rstrip())
    if len(chosen) > 1:
        periods = ", ".join(line.period for line in chosen)
        raise Refused(
            f"{number} has several lines of that lead: say which period, of {periods}", Hint.PERIOD
        )
    results = [one for one in corrections_of(reading, bill.client) if one.statement == number]
    return BilledLine(bill, chosen[0], results)


def check_correction_request(request: CorrectionRequest, by: str) -> None:
    """Raises `Refused` unless it has a valid reason and a person's name."""
    if not re.fullmatch(CODE, request.reason) or request.reason in AUTOMATIC:
        raise Refused(f"reason {request.reason!r}: write a code such as goodwill or wrong_contact")
    check_name(by)


def check_name(by: str) -> None:
    """Raises `Refused` if the person's name is missing."""
    if is_blank(by):
        raise Refused("say who does it", Hint.BY)


def _signed(one: Correction) -> int:
    return -one.amount if one.kind is DocumentKind.CREDIT else one.amount


def _correction(event: Event) -> Correction:
    data = event.data
    return Correction(
        number=data["number"],
        kind=DocumentKind.CREDIT if event.kind is EventKind.CREDITED else DocumentKind.DEBIT,
        client=data["client"],
        campaign=event.campaign,
        statement=data["statement"],
        lead_id=data["lead_id"],
        period=data["period"],
        amount=data["amount"],
        vat=data["vat"],
        currency=data["currency"],
        reason=data["reason"],
        issued_at=event.recorded_at,
    )


def issue_credit(
    records: WriteTransaction, request: CorrectionRequest, by: str, now: datetime
) -> Correction:
    """Issues a credit note.

    Raises `NotFound`; `Refused` if more than is left of the line, or if issued today already.
    """
    check_correction_request(request, by)
    billed = billed_line(records, request.statement, request.lead_id, request.period)
    bill, left = billed.bill, billed.left
    amount = left if request.amount is None else minor_units(request.amount, bill.currency)
    if not 0 < amount <= left:
        shown = from_minor(left, bill.currency)
        raise Refused(
            f"{bill.number}, lead {request.lead_id}: only {shown} {bill.currency} is left to credit"
        )
    if not request.again:
        _check_new(records, billed, request, amount, now)
    return _issue(
        records, billed, amount, request.reason, records.people.pseudonym(bill.client, by), now
    )


def _check_new(
    records: WriteTransaction,
    billed: BilledLine,
    request: CorrectionRequest,
    amount: int,
    now: datetime,
) -> None:
    """Raises `Refused` for the same credit twice on one day, such as by a second click."""
    bill = billed.bill
    today = today_in_zone(records, bill.campaign, now)
    for one in billed.of_line:
        similar = (one.kind, one.amount, one.reason) == (
            DocumentKind.CREDIT,
            amount,
            request.reason,
        )
        if similar and today_in_zone(records, bill.campaign, one.issued_at) == today:
            raise Refused(
                f"{bill.number}, lead {request.lead_id}: {show_money(amount, bill.currency)} for "
                f"{request.reason} was credited today already, by {one.number}; if it is to be "
                "credited twice, say so",
                Hint.AGAIN,
            )


def credit_ended_lines(
    records: WriteTransaction, terms: Campaign, lead_id: str, reason: str, now: datetime
) -> list[Correction]:
    """Credits the billed lines of a lead that an outcome reduced or ended (rules 23, 37 and 42).

    Each line is credited down to what it would cost if it were billed now. `terms` are those of
    the lead's receipt.
    """
    results = []
    history = _history(records, lead_id)
    for number, period in records.statements.lines_of_lead(lead_id):
        billed = billed_line(records, number, lead_id, period)
        before = exact_fee(_history(records, lead_id, last=billed.bill.last_event), terms, period)
        amount = _credit_amount(billed, before, exact_fee(history, terms, period))
        if amount > 0:
            results.append(_issue(records, billed, amount, reason, "", now))
    return results


def _credit_amount(billed: BilledLine, before: Fraction, after: Fraction) -> int:
    """What to credit of a line whose fee was `before` and is now `after`, rounded once.

    What debit notes added is reduced in proportion to the fee.
    """
    if after >= before:
        return 0
    line = Fraction(0) if billed.line.free_over_cap else before
    added = billed.raised - billed.line.amount
    due = round_minor((line + added) * after / before)
    credited = sum(one.amount for one in billed.of_line if one.reason in AUTOMATIC)
    return min(billed.left, billed.raised - due - credited)


def _history(records: WriteTransaction, lead_id: str, last: int | None = None) -> LeadHistory:
    return lead_history(one.event for one in records.events.select(lead_id=lead_id, last=last))


def _issue(  # noqa: PLR0913, PLR0917 - what a credit note says
    records: WriteTransaction, billed: BilledLine, amount: int, reason: str, by: str, now: datetime
) -> Correction:
    bill = billed.bill
    data = billed.as_data() | {
        "number": next_number(records, bill.client),
        "amount": amount,
        "vat": -billed.vat_of(-amount),
        "reason": reason,
        "issued_on": today_in_zone(records, bill.campaign, now).isoformat(),
    }
    actor = Actor.AGENCY if by else Actor.SYSTEM
    event_data = data | ({"by": by} if by else {})
    records.append(
        Event(
            campaign=bill.campaign,
            lead_id=None,
            kind=EventKind.CREDITED,
            occurred_at=now,
            recorded_at=now,
            actor=actor,
            data=event_data,
        )
    )
    return credits_of(records, bill.client)[-1]
