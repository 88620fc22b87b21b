"""Records payments of statements and debit notes, in full or in part (rule 30 of docs/rules.md).

Amounts are minor units unless a field says otherwise.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from capture.billing.account import Document, Entry, Payment
from capture.billing.lines import minor_units
from capture.closing.documents import accounts_of, day_in_zone, find_document, payments_of
from capture.errors import Hint, Refused
from capture.lead.events import Actor, Event, EventKind
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.money import from_minor, show_money

_TOO_EARLY: Final = timedelta(days=366)
"""A payment this long before its document's issue probably has a mistyped year."""


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """A payment, as a user or a bank reports it."""

    number: str
    """The number of a statement or debit note."""
    amount: Decimal
    """With tax, in major units; negative if the money was returned to the client."""
    paid_on: date
    """The day on the bank statement."""
    again: bool = False
    """Record it although the same amount for the same document is recorded on that day."""
    reference: str = ""
    """The bank's id of the payment."""


def record_payment(
    records: WriteTransaction, request: PaymentRequest, now: datetime, by: str
) -> Entry:
    """Records a payment; returns the document's entry in the account after it.

    `by` is the person who entered it, or `BY_GATEPOST`.

    Raises `NotFound` for an unknown number; `Refused` for a credit note, an amount of zero, a day
    in the future or long before the document, a larger repayment than was paid, or a payment that
    is recorded already.
    """
    document = find_document(records, request.number)
    payments = payments_of(records, document.client)
    payment = checked_payment(document, payments, request, now)
    append_payment(records, document, payment, now, by)
    return next(
        entry
        for account in accounts_of(records, document.client)
        for entry in account.entries
        if entry.document == document
    )


def checked_payment(
    document: Document, payments: Sequence[Payment], request: PaymentRequest, now: datetime
) -> Payment:
    """The payment of a document, if it may be recorded. `payments` are all of the client.

    Raises `Refused` as `record_payment` does.
    """
    if document.due_on is None:
        raise Refused(f"{document.number} is a credit note: nothing is paid for it")
    amount = minor_units(request.amount, document.currency)
    earlier = [payment for payment in payments if payment.number == document.number]
    paid = sum(payment.amount for payment in earlier)
    if amount == 0:
        raise Refused("the amount is zero; write the amount that was paid")
    if paid + amount < 0:
        raise Refused(
            f"{document.number}: only {show_money(paid, document.currency)} was paid, so no more "
            "than that can be returned"
        )
    if request.paid_on > day_in_zone(document.time_zone, now):
        raise Refused(f"{request.paid_on} is in the future; record a payment once it has arrived")
    if request.paid_on < document.issued_on - _TOO_EARLY:
        raise Refused(
            f"{request.paid_on} lies more than a year before {document.number} was issued; "
            "check the year"
        )
    is_recorded = any(
        (payment.amount, payment.paid_on) == (amount, request.paid_on) for payment in earlier
    )
    if is_recorded and not request.again:
        raise Refused(
            f"{document.number}: {show_money(amount, document.currency)} of {request.paid_on} is "
            "recorded already; if it was paid twice, say so",
            Hint.AGAIN,
        )
    return Payment(document.client, document.number, amount, request.paid_on, request.reference)


def append_payment(
    records: WriteTransaction, document: Document, payment: Payment, now: datetime, by: str
) -> None:
    """Appends the event of a checked payment; `by` is the person who entered it."""
    data = {
        "client": payment.client,
        "number": payment.number,
        "amount": payment.amount,
        "currency": document.currency,
        "paid_on": payment.paid_on.isoformat(),
    }
    if payment.reference:
        data["reference"] = payment.reference
    if by:
        data["by"] = records.people.pseudonym(payment.client, by)
    day_start = datetime.combine(payment.paid_on, time(), tzinfo=UTC)
    records.append(
        Event(
            campaign="",  # it is about all campaigns of a client
            lead_id=None,
            kind=EventKind.PAID,
            occurred_at=min(day_start, now),
            recorded_at=now,
            actor=Actor.AGENCY,
            data=data,
        )
    )


# All open documents of a client, paid in full.


def open_entries(reading: ReadTransaction, client: str) -> list[Entry]:
    """The documents of a client with an open amount, by currency and in order."""
    return [
        entry for account in accounts_of(reading, client) for entry in account.entries if entry.open
    ]


@dataclass(frozen=True, slots=True)
class FullPayment:
    """A payment of everything that is open of a client."""

    client: str
    confirmed: Sequence[tuple[str, int]]
    """The `open_amounts` that a person saw."""
    paid_on: date
    by: str
    """The person who entered it, or `BY_GATEPOST`."""


def record_all_as_paid(records: WriteTransaction, full: FullPayment, now: datetime) -> None:
    """Records a payment of what is open, for each open document of the client.

    Raises `Refused` if other amounts are open than were confirmed, and for a day that
    `record_payment` refuses.
    """
    client = full.client
    entries = open_entries(records, client)
    if open_amounts(entries) != list(full.confirmed):
        raise Refused(f"{client}: the open amounts have changed meanwhile; look at them again")
    payments = payments_of(records, client)
    for entry in entries:
        document = entry.document
        amount = from_minor(entry.open, document.currency)
        request = PaymentRequest(document.number, amount, full.paid_on, again=True)
        payment = checked_payment(document, payments, request, now)
        append_payment(records, document, payment, now, full.by)


def open_amounts(entries: Iterable[Entry]) -> list[tuple[str, int]]:
    """The number of each document with its open amount, in minor units."""
    return [(entry.document.number, entry.open) for entry in entries]
