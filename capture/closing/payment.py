"""Records payments of statements and debit notes, in full or in part (rule 30)."""

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
"""A payment this long before its document probably has a mistyped year."""


@dataclass(frozen=True, slots=True)
class PaymentEntry:
    """A payment, as a user reports it."""

    number: str
    """The number of a statement or debit note."""
    amount: Decimal
    """With tax, in major units; negative if it went back to the client."""
    paid_on: date
    """The day on the bank statement."""
    again: bool = False
    """The same amount for the same document was paid twice on that day."""


def record_payment(records: Records, received: PaymentEntry, now: datetime) -> Entry:
    """Records a payment; returns the document's entry in the account after it.

    Raises `NotFound` for an unknown number; `Refused` for a credit note, a future day, a larger
    repayment than was paid, or a payment that is recorded already.
    """
    document = find_document(records, received.number)
    if document.due_on is None:
        raise Refused(f"{document.number} is a credit note: nothing is paid for it")
    amount = minor_units(received.amount, document.currency)
    payments = payments_of(records, document.client)
    payment = Payment(document.client, document.number, amount, received.paid_on)
    before = sum(one.amount for one in payments if one.number == document.number)
    if amount == 0:
        raise Refused("the amount is zero; write the amount that was paid")
    if before + amount < 0:
        shown = show_money(before, document.currency)
        raise Refused(f"{document.number}: {shown} came in, so no more can go back")
    if received.paid_on > today_in_zone(records, document.campaign, now):
        raise Refused(f"{received.paid_on} is in the future; record a payment once it has arrived")
    if received.paid_on < document.issued_on - _LONG_BEFORE:
        raise Refused(
            f"{received.paid_on} lies more than a year before {document.number} was issued; "
            "check the year"
        )
    if payment in payments and not received.again:
        raise Refused(
            f"{document.number}: {show_money(amount, document.currency)} of {received.paid_on} is "
            "recorded already; if it came twice, say so",
            Hint.AGAIN,
        )
    _append(records, document.campaign, payment, document.currency, now)
    return next(
        entry
        for account in accounts_of(records, document.client)
        for entry in account.entries
        if entry.document == document
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
