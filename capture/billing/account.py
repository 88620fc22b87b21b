"""A client's account: documents, payments, open amounts and credit.

Rules 27 and 30 of docs/rules.md. Amounts are minor units with tax. Each currency has its own
account (rule 29).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class DocumentKind(StrEnum):
    """The kind of a numbered document."""

    STATEMENT = "statement"
    CREDIT = "credit note"
    DEBIT = "debit note"


@dataclass(frozen=True, slots=True)
class Document:
    """One numbered document. Amounts are positive, also those of a credit note."""

    number: str
    kind: DocumentKind
    client: str
    campaign: str
    month: str
    """The month of the statement; for a note, the month of the statement that it corrects."""
    corrects: str
    """Number of the statement that a note corrects; empty for a statement."""
    currency: str
    net: int
    vat: int
    issued_on: date
    due_on: date | None
    """The day by which it has to be paid; None for a credit note, which is not paid."""

    @property
    def gross(self) -> int:
        """Net amount plus tax."""
        return self.net + self.vat


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment for a document. The amount is negative if the money was returned."""

    client: str
    number: str
    amount: int
    paid_on: date


@dataclass(frozen=True, slots=True)
class Entry:
    """A document with its credits and payments."""

    document: Document
    credited: int = 0
    """Sum of the credit notes on it."""
    paid: int = 0
    """Sum of the payments for it."""
    offset: int = 0
    """The amount settled by the surplus of other documents; minus its own surplus, if any."""

    @property
    def open(self) -> int:
        """The amount still to be paid; never negative."""
        return max(0, self._balance)

    @property
    def surplus(self) -> int:
        """The amount paid or credited too much; never negative."""
        return max(0, -self._balance)

    def state(self, today: date) -> str:
        """`issued`, `settled`, `overdue` or `open`; `today` is in the campaign's time zone."""
        due_on = self.document.due_on
        if due_on is None:
            return "issued"
        if not self.open:
            return "settled"
        return "overdue" if today > due_on else "open"

    @property
    def _balance(self) -> int:
        payable = 0 if self.document.due_on is None else self.document.gross
        return payable - self.credited - self.paid - self.offset


@dataclass(frozen=True, slots=True)
class Account:
    """All documents of one client in one currency, in order."""

    client: str
    currency: str
    entries: Sequence[Entry]
    carried: int
    """The client's credit for the next statement, as zero or a negative amount."""

    @property
    def open(self) -> int:
        """The total that the client still has to pay."""
        return sum(entry.open for entry in self.entries)


def build_accounts(documents: Iterable[Document], payments: Iterable[Payment]) -> list[Account]:
    """The accounts by client and currency, in the order of their first documents.

    A credit note reduces its statement. An amount that was paid or credited too much for a document
    settles the client's oldest open documents; the rest is carried forward.
    """
    by_account: dict[tuple[str, str], list[Document]] = {}
    for document in documents:
        by_account.setdefault((document.client, document.currency), []).append(document)
    paid: dict[str, int] = {}
    for payment in payments:
        paid[payment.number] = paid.get(payment.number, 0) + payment.amount
    return [
        _build_account(client, currency, group, paid)
        for (client, currency), group in by_account.items()
    ]


def _build_account(
    client: str, currency: str, documents: Sequence[Document], paid: dict[str, int]
) -> Account:
    credited: dict[str, int] = {}
    for document in documents:
        if document.kind is DocumentKind.CREDIT:
            credited[document.corrects] = credited.get(document.corrects, 0) + document.gross
    unsettled = [
        Entry(document, credited.get(document.number, 0), paid.get(document.number, 0))
        for document in documents
    ]
    surplus = sum(entry.surplus for entry in unsettled)
    entries = []
    for entry in unsettled:
        offset = min(surplus, entry.open) - entry.surplus
        surplus -= max(0, offset)
        entries.append(Entry(entry.document, entry.credited, entry.paid, offset))
    return Account(client, currency, entries, carried=-surplus)
