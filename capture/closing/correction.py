"""What corrects a closed statement (rule 27): credit and debit notes, each on one of its lines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from capture.account import DocumentKind
from capture.campaign.kinds import CODE
from capture.closing.documents import events_about
from capture.errors import Hint, NotFound, Refused
from capture.lead import Event, Kind
from capture.ledger import Reading
from capture.statement import Statement, StatementLine, read_json
from capture.visible import is_blank

REFUND: Final = "refund"
CHURN: Final = "churn"
AUTOMATIC: Final = frozenset({REFUND, CHURN})
"""The reasons of credits that follow from an outcome by themselves; nobody gives them by hand."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One note. Amount (net of tax) and tax are positive minor units, on either kind."""

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
class Wish:
    """A correction as somebody asks for it."""

    statement: str
    lead_id: str
    reason: str
    """A code of small letters; words belong into a note, since events name nobody."""
    period: str = ""
    amount: Decimal | None = None
    """Net of tax, in major units; without one, a credit is all that is left of the line."""
    again: bool = False
    """The same credit is to be given a second time on one day."""


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A line of a closed statement, with what was corrected on that statement so far."""

    bill: Statement
    line: StatementLine
    corrections: Sequence[Correction]

    @property
    def of_line(self) -> list[Correction]:
        """The corrections of this very line."""
        mine = (self.line.lead_id, self.line.period)
        return [one for one in self.corrections if (one.lead_id, one.period) == mine]

    @property
    def raised(self) -> int:
        """The line's amount, raised by its debits."""
        debits = [one.amount for one in self.of_line if one.kind is DocumentKind.DEBIT]
        return self.line.amount + sum(debits)

    @property
    def left(self) -> int:
        """That, less its credits: never below nought."""
        return self.line.amount + sum(map(_signed, self.of_line))

    def vat_of(self, change: int) -> int:
        """The tax on one more change, so that all tax together is that on what is left."""
        before = self.bill.total + sum(map(_signed, self.corrections))
        tax, currency = self.bill.parties.vat, self.bill.currency
        return tax(before + change, currency) - tax(before, currency)

    def as_data(self) -> dict[str, Any]:
        """How events name it."""
        return {
            "client": self.bill.client,
            "statement": self.bill.number,
            "lead_id": self.line.lead_id,
            "period": self.line.period,
            "currency": self.bill.currency,
        }


def corrections_of(reading: Reading, client: str | None = None) -> list[Correction]:
    """All notes, of one client or of all, in the order of their issue."""
    found = events_about(reading, client, Kind.CREDITED, Kind.DEBITED)
    return [_correction(one.event) for one in found]


def credits_of(reading: Reading, client: str | None = None) -> list[Correction]:
    """The credit notes among them."""
    return [one for one in corrections_of(reading, client) if one.kind is DocumentKind.CREDIT]


def billed_line(reading: Reading, number: str, lead_id: str, period: str = "") -> BilledLine:
    """A line by its statement and lead. Raises `NotFound`, or `Refused` if a period is wanting."""
    frozen = reading.statements.get(number)
    if frozen is None:
        raise NotFound(f"no statement {number!r}", Hint.STATEMENTS)
    bill = read_json(frozen.json)
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
    made = [one for one in corrections_of(reading, bill.client) if one.statement == number]
    return BilledLine(bill, chosen[0], made)


def check_wish(wish: Wish, by: str) -> None:
    """Raises `Refused` unless it has a reason that a person may give, and a person."""
    if not re.fullmatch(CODE, wish.reason) or wish.reason in AUTOMATIC:
        raise Refused(f"reason {wish.reason!r}: write a code such as goodwill or wrong_contact")
    check_name(by)


def check_name(by: str) -> None:
    """Raises `Refused` if nobody is named."""
    if is_blank(by):
        raise Refused("say who does it", Hint.BY)


def _signed(one: Correction) -> int:
    return -one.amount if one.kind is DocumentKind.CREDIT else one.amount


def _correction(event: Event) -> Correction:
    data = event.data
    return Correction(
        number=data["number"],
        kind=DocumentKind.CREDIT if event.kind is Kind.CREDITED else DocumentKind.DEBIT,
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
