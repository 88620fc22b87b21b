"""A client's documents and payments, from its account events.

Rules 27 and 30 of docs/rules.md. Amounts are minor units unless a field says otherwise.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Final
from zoneinfo import ZoneInfo

from capture.billing.account import (
    Account,
    Document,
    DocumentKind,
    Entry,
    Payment,
    build_accounts,
)
from capture.errors import Hint, NotFound
from capture.lead.events import Event, EventKind
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import ClosedStatement, RecordedEvent

_NOTE_KINDS: Final[Mapping[EventKind, DocumentKind]] = {
    EventKind.CREDITED: DocumentKind.CREDIT,
    EventKind.DEBITED: DocumentKind.DEBIT,
}


def documents_of(
    reading: ReadTransaction, client: str | None = None, last: int | None = None
) -> list[Document]:
    """Statements, credit and debit notes in order of issue, of one client or of all.

    `last` is the sequence of the last event to read; None reads all.
    """
    documents: dict[str, Document] = {}
    for event in _document_events(reading, client, last):
        data = event.data
        if event.kind is EventKind.CLOSED and "number" in data:  # else a month without a document
            documents[data["number"]] = _statement_document(data)
        elif event.kind in _NOTE_KINDS:
            documents[data["number"]] = _note(event, documents[data["statement"]])
    return list(documents.values())


def documents_of_month(
    reading: ReadTransaction, month: str, client: str | None = None
) -> list[Document]:
    """The month's documents by client and number, of one client or of all.

    They are its statements, and the credit and debit notes that were issued on a day of the month.
    """
    documents = [
        document
        for document in documents_of(reading, client)
        if month == (f"{document.issued_on:%Y-%m}" if document.corrects else document.month)
    ]
    return sorted(documents, key=attrgetter("client"))


def _statement_document(data: Mapping[str, Any]) -> Document:
    return Document(
        number=data["number"],
        kind=DocumentKind(data["parties"]["document"]),
        client=data["client"],
        campaigns=tuple(data["campaigns"]),
        time_zone=data["time_zone"],
        month=data["month"],
        corrects="",
        currency=data["currency"],
        net=data["amount"],
        vat=data["vat"],
        vat_rate=data["parties"]["vat_rate"],
        issued_on=date.fromisoformat(data["issued_on"]),
        due_on=date.fromisoformat(data["due_on"]),
    )


def _note(event: Event, corrected: Document) -> Document:
    data = event.data
    return Document(
        number=data["number"],
        kind=_NOTE_KINDS[event.kind],
        client=data["client"],
        campaigns=(event.campaign,),
        time_zone=corrected.time_zone,
        month=corrected.month,
        corrects=corrected.number,
        currency=data["currency"],
        net=data["amount"],
        vat=data["vat"],
        vat_rate=corrected.vat_rate,
        issued_on=date.fromisoformat(data["issued_on"]),
        due_on=date.fromisoformat(data["due_on"]) if "due_on" in data else None,
    )


def payments_of(
    reading: ReadTransaction, client: str | None = None, last: int | None = None
) -> list[Payment]:
    """Payments in the order in which they were recorded; `last` as for `documents_of`."""
    return [
        Payment(
            event.data["client"],
            event.data["number"],
            event.data["amount"],
            date.fromisoformat(event.data["paid_on"]),
            event.data.get("reference", ""),
        )
        for event in _document_events(reading, client, last)
        if event.kind is EventKind.PAID
    ]


def accounts_of(
    reading: ReadTransaction, client: str | None = None, last: int | None = None
) -> list[Account]:
    """An account for each client and currency."""
    return build_accounts(documents_of(reading, client, last), payments_of(reading, client, last))


def state_of(entry: Entry, now: datetime) -> str:
    """`issued`, `settled`, `overdue` or `open`, as of an aware time."""
    return entry.state(day_in_zone(entry.document.time_zone, now))


def carried_forward(reading: ReadTransaction, client: str, currency: str, last: int) -> int:
    """The client's credit balance as of an event, in minor units: zero or less."""
    return sum(
        account.carried
        for account in accounts_of(reading, client, last)
        if account.currency == currency
    )


def find_document(reading: ReadTransaction, number: str) -> Document:
    """A statement or note by its number. Raises `NotFound`."""
    for document in documents_of(reading):
        if document.number == number:
            return document
    raise NotFound(f"no statement {number!r}", Hint.STATEMENTS)


def find_closed_statement(reading: ReadTransaction, number: str) -> ClosedStatement:
    """A closed statement by its number. Raises `NotFound`, also for the number of a note."""
    statement = reading.statements.get(number)
    if statement is None:
        kind = find_document(reading, number).kind
        raise NotFound(f"{number} is a {kind}, not a closed statement")
    return statement


def next_number(reading: ReadTransaction, client: str) -> str:
    """The client's next number; its statements and notes share one sequence without gaps."""
    return document_number(client, len(documents_of(reading, client)) + 1)


def document_number(client: str, position: int) -> str:
    """The number of a client's document by its position in the sequence, from 1."""
    return f"{client}-{position:04d}"


def day_in_zone(time_zone: str, now: datetime) -> date:
    """The day in a time zone; a statement's zone decides the days of its documents."""
    return now.astimezone(ZoneInfo(time_zone)).date()


def account_events(
    reading: ReadTransaction, client: str | None, *kinds: EventKind
) -> Sequence[RecordedEvent]:
    """Account events of these kinds in order, of one client or of all."""
    return [
        recorded
        for recorded in reading.events.of_account(*kinds)
        if client in {None, recorded.event.data["client"]}
    ]


def _document_events(
    reading: ReadTransaction, client: str | None, last: int | None
) -> Iterator[Event]:
    for recorded in account_events(reading, client, EventKind.CLOSED, *_NOTE_KINDS, EventKind.PAID):
        if last is None or recorded.sequence <= last:
            yield recorded.event
