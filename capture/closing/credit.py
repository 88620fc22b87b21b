"""Credit notes on closed statements, by hand or by an outcome (rules 23, 27 of docs/rules.md).

A credit note is an event with statement, line and amount, and takes the client's next document
number. The credits of a line never exceed the line. A `Correction` is a credit or a debit note.
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
from capture.closing.documents import account_events, day_in_zone, next_number
from capture.errors import Hint, NotFound, Refused
from capture.lead.events import Actor, Event, EventKind
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.money import from_minor, round_minor, show_money
from capture.text import is_blank

REFUND: Final = "refund"
CHURN: Final = "churn"
AUTOMATIC: Final = frozenset({REFUND, CHURN})
"""Reasons of credits that follow from an outcome automatically; users cannot give them."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A credit or debit note. Amount (net of tax) and tax are positive minor units for both."""

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
    """A credit note or debit note that a user requests."""

    statement: str
    lead_id: str
    reason: str
    """A code such as goodwill. It is no free text, because events hold no personal data."""
    period: str = ""
    amount: Decimal | None = None
    """Net of tax, in major units; None credits the line's remaining amount."""
    again: bool = False
    """Issue the same credit a second time on the same day."""


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A line of a closed statement, with all corrections of that statement so far."""

    statement: Statement
    line: StatementLine
    corrections: Sequence[Correction]
    """The corrections of all lines of the statement."""

    @property
    def campaign(self) -> str:
        """The slug of the line's campaign."""
        return next(part.campaign for part in self.statement.parts if self.line in part.lines)

    @property
    def line_corrections(self) -> list[Correction]:
        """The corrections of this line."""
        line_key = (self.line.lead_id, self.line.period)
        return [note for note in self.corrections if (note.lead_id, note.period) == line_key]

    @property
    def amount_with_debits(self) -> int:
        """The line's amount plus its debits, in minor units."""
        debits = [note.amount for note in self.line_corrections if note.kind is DocumentKind.DEBIT]
        return self.line.amount + sum(debits)

    @property
    def amount_left(self) -> int:
        """The line's amount plus debits less credits, in minor units; never below zero."""
        return self.line.amount + sum(map(signed_amount, self.line_corrections))

    def vat_on(self, change: int) -> int:
        """The tax on a further correction, in minor units; `change` is negative for a credit.

        It is the difference of two totals, so that all taxes add up to the tax on the net total.
        """
        total = self.statement.total + sum(map(signed_amount, self.corrections))
        vat, currency = self.statement.parties.vat, self.statement.currency
        return vat(total + change, currency) - vat(total, currency)

    def as_data(self) -> dict[str, Any]:
        """The event data that identify the line."""
        return {
            "client": self.statement.client,
            "statement": self.statement.number,
            "lead_id": self.line.lead_id,
            "period": self.line.period,
            "currency": self.statement.currency,
        }


def corrections_of(reading: ReadTransaction, client: str | None = None) -> list[Correction]:
    """All notes, of one client or of all, in order of issue."""
    recorded_events = account_events(reading, client, EventKind.CREDITED, EventKind.DEBITED)
    return [_parse_correction(recorded.event) for recorded in recorded_events]


def credits_of(reading: ReadTransaction, client: str | None = None) -> list[Correction]:
    """All credit notes, of one client or of all, in order of issue."""
    return [note for note in corrections_of(reading, client) if note.kind is DocumentKind.CREDIT]


def billed_line(
    reading: ReadTransaction, number: str, lead_id: str, period: str = ""
) -> BilledLine:
    """A line by its statement and lead. Raises `NotFound`, or `Refused` if a period is needed."""
    closed_statement = reading.statements.get(number)
    if closed_statement is None:
        raise NotFound(f"no statement {number!r}", Hint.STATEMENTS)
    statement = parse_statement(closed_statement.json)
    lines = [
        line for line in statement.lines if line.lead_id == lead_id and period in {"", line.period}
    ]
    if not lines:
        raise NotFound(f"{number} has no line of lead {lead_id} {period}".rstrip())
    if len(lines) > 1:
        periods = ", ".join(line.period for line in lines)
        raise Refused(
            f"{number} has several lines of that lead: say which period, of {periods}", Hint.PERIOD
        )
    corrections = [
        note for note in corrections_of(reading, statement.client) if note.statement == number
    ]
    return BilledLine(statement, lines[0], corrections)


def issue_credit(
    records: WriteTransaction, request: CorrectionRequest, by: str, now: datetime
) -> Correction:
    """Issues a credit note.

    Raises `NotFound`; `Refused` for an invalid request, an amount of zero or more than is left of
    the line, or the same credit twice on one day.
    """
    check_correction_request(request, by)
    billed = billed_line(records, request.statement, request.lead_id, request.period)
    statement, left = billed.statement, billed.amount_left
    amount = left if request.amount is None else minor_units(request.amount, statement.currency)
    if not 0 < amount <= left:
        raise Refused(
            f"{statement.number}, lead {request.lead_id}: only "
            f"{from_minor(left, statement.currency)} {statement.currency} is left to credit"
        )
    if not request.again:
        _check_not_repeated(billed, request, amount, now)
    author = records.people.pseudonym(statement.client, by)
    return _issue(records, billed, amount, request.reason, author, now)


def credit_ended_lines(
    records: WriteTransaction, terms: Campaign, lead_id: str, reason: str, now: datetime
) -> list[Correction]:
    """Credits the billed lines of a lead that an outcome reduced or ended (rules 23, 37 and 42).

    Each line is credited down to what it would cost if it were billed now. `terms` are those of
    the lead's receipt.
    """
    credit_notes = []
    history = _history(records, lead_id)
    for number, period in records.statements.lines_of_lead(lead_id):
        billed = billed_line(records, number, lead_id, period)
        billed_history = _history(records, lead_id, last=billed.statement.last_event)
        old_fee = exact_fee(billed_history, terms, period)
        amount = _credit_amount(billed, old_fee, exact_fee(history, terms, period))
        if amount > 0:
            credit_notes.append(_issue(records, billed, amount, reason, "", now))
    return credit_notes


def check_correction_request(request: CorrectionRequest, by: str) -> None:
    """Raises `Refused` unless it has a valid reason and a person's name."""
    if not re.fullmatch(CODE, request.reason) or request.reason in AUTOMATIC:
        raise Refused(f"reason {request.reason!r}: write a code such as goodwill or wrong_contact")
    check_name(by)


def check_name(by: str) -> None:
    """Raises `Refused` if the person's name is missing."""
    if is_blank(by):
        raise Refused("give the name of the person who does it", Hint.BY)


def _check_not_repeated(
    billed: BilledLine,
    request: CorrectionRequest,
    amount: int,
    now: datetime,
) -> None:
    """Raises `Refused` for the same credit twice on one day, such as after a second click."""
    statement = billed.statement
    today = day_in_zone(statement.time_zone, now)
    for note in billed.line_corrections:
        is_same_credit = (
            note.kind is DocumentKind.CREDIT
            and note.amount == amount
            and note.reason == request.reason
        )
        if is_same_credit and day_in_zone(statement.time_zone, note.issued_at) == today:
            raise Refused(
                f"{statement.number}, lead {request.lead_id}: "
                f"{show_money(amount, statement.currency)} for {request.reason} was credited today "
                f"already, by {note.number}; if it is to be credited twice, say so",
                Hint.AGAIN,
            )


def _credit_amount(billed: BilledLine, old_fee: Fraction, new_fee: Fraction) -> int:
    """The credit in minor units for a line whose exact fee has changed; rounded once.

    Debits on the line are reduced in the same proportion as its fee.
    """
    if new_fee >= old_fee:
        return 0
    charged = Fraction(0) if billed.line.free_over_cap else old_fee
    debits = billed.amount_with_debits - billed.line.amount
    new_amount = round_minor((charged + debits) * new_fee / old_fee)
    credited = sum(note.amount for note in billed.line_corrections if note.reason in AUTOMATIC)
    return min(billed.amount_left, billed.amount_with_debits - new_amount - credited)


def _issue(  # noqa: PLR0913, PLR0917 - the content of a credit note
    records: WriteTransaction, billed: BilledLine, amount: int, reason: str, by: str, now: datetime
) -> Correction:
    """Issues the credit note; an empty `by` means that it follows from an outcome."""
    statement = billed.statement
    data = billed.as_data() | {
        "number": next_number(records, statement.client),
        "amount": amount,
        "vat": -billed.vat_on(-amount),
        "reason": reason,
        "issued_on": day_in_zone(statement.time_zone, now).isoformat(),
    }
    records.append(
        Event(
            campaign=billed.campaign,
            lead_id=None,
            kind=EventKind.CREDITED,
            occurred_at=now,
            recorded_at=now,
            actor=Actor.AGENCY if by else Actor.SYSTEM,
            data=data | ({"by": by} if by else {}),
        )
    )
    return credits_of(records, statement.client)[-1]


def _history(records: WriteTransaction, lead_id: str, last: int | None = None) -> LeadHistory:
    recorded_events = records.events.select(lead_id=lead_id, last=last)
    return lead_history(recorded.event for recorded in recorded_events)


def _parse_correction(event: Event) -> Correction:
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


def signed_amount(correction: Correction) -> int:
    """The amount of a note, negative for a credit note."""
    is_credit = correction.kind is DocumentKind.CREDIT
    return -correction.amount if is_credit else correction.amount
