"""Payments: statements and debit notes are marked paid, in part or whole (rule 30)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from capture.billing.account import Entry, Payment
from capture.billing.lines import minor_units
from capture.closing.documents import accounts_of, find_document, payments_of, today_in_zone
from capture.errors import Hint, Refused
from capture.lead.events import Actor, Event, EventKind
from capture.ledger.protocol import Records
from capture.money import show_money

_LONG_BEFORE: Final = timedelta(days=366)
"""Nobody pays so early: an earlier day has a mistyped year."""


@dataclass(frozen=True, slots=True)
class PaymentEntry:
    """Money that came in, as somebody says it."""

    number: str
    """Of a statement or a debit note."""
    amount: Decimal
    """With tax, in major units; below nought if it went back to the client."""
    paid_on: date
    """The day on the bank's account."""
    again: bool = False
    """The same sum for the same document on the same day did come twice."""


def record_payment(records: Records, received: PaymentEntry, now: datetime) -> Entry:
    """Records a payment; the document as it then stands.

    Raises `NotFound` for an unknown number; `Refused` for a credit note, a day to come, more going
    back than came in, or what was recorded already.
    """
    paper = find_document(records, received.number)
    if paper.due_on is None:
        raise Refused(f"{paper.number} is a credit note: nothing is paid for it")
    amount = minor_units(received.amount, paper.currency)
    payments = payments_of(records, paper.client)
    payment = Payment(paper.client, paper.number, amount, received.paid_on)
    before = sum(one.amount for one in payments if one.number == paper.number)
    if amount == 0:
        raise Refused("an amount of nought is no payment")
    if before + amount < 0:
        shown = show_money(before, paper.currency)
        raise Refused(f"{paper.number}: {shown} came in, so no more can go back")
    if received.paid_on > today_in_zone(records, paper.campaign, now):
        raise Refused(f"{received.paid_on} is still to come; record a payment once it is there")
    if received.paid_on < paper.issued_on - _LONG_BEFORE:
        raise Refused(
            f"{received.paid_on} lies more than a year before {paper.number} was issued; "
            "look at the year"
        )
    if payment in payments and not received.again:
        raise Refused(
            f"{paper.number}: {show_money(amount, paper.currency)} of {received.paid_on} is "
            "recorded already; if it came twice, say so",
            Hint.AGAIN,
        )
    _append(records, paper.campaign, payment, paper.currency, now)
    return next(
        entry
        for account in accounts_of(records, paper.client)
        for entry in account.entries
        if entry.document == paper
    )


def _append(
    records: Records, campaign: str, payment: Payment, currency: str, now: datetime
) -> None:
    data = {
        "client": payment.client,
        "number": payment.number,
        "amount": payment.amount,
        "currency": currency,
        "paid_on": payment.paid_on.isoformat(),
    }
    begins = datetime.combine(payment.paid_on, time(), tzinfo=UTC)
    records.append(Event(campaign, None, EventKind.PAID, min(begins, now), now, Actor.AGENCY, data))
