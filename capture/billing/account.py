"""A client's account: documents and payments, what is open, what is carried forward (27, 30). Pure.

Amounts are minor units with tax. Different currencies are different accounts (rule 29).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class DocumentKind(StrEnum):
    """What kind of document it is."""

    STATEMENT = "statement"
    CREDIT = "credit note"
    DEBIT = "debit note"


@dataclass(frozen=True, slots=True)
class Document:
    """One numbered document. Its amounts are positive; its kind says which way they go."""

    number: str
    kind: DocumentKind
    client: str
    campaign: str
    month: str
    """Of the statement, also where this is a note on it."""
    corrects: str
    """The statement that a note is on; empty for a statement."""
    currency: str
    net: int
    vat: int
    issued_on: date
    due_on: date | None
    """None where nothing is to be paid: a credit note."""

    @property
    def gross(self) -> int:
        """With tax."""
        return self.net + self.vat


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came in for a document; below nought if it went back."""

    client: str
    number: str
    amount: int
    paid_on: date


@dataclass(frozen=True, slots=True)
class Entry:
    """A document and what became of it."""

    document: Document
    credited: int = 0
    """By credit notes on it."""
    paid: int = 0
    offset: int = 0
    """Settled by what was paid or credited too much elsewhere."""

    @property
    def open(self) -> int:
        """What is still to be paid."""
        return max(0, self._left)

    @property
    def surplus(self) -> int:
        """What was paid or credited beyond it."""
        return max(0, -self._left)

    def state(self, today: date) -> str:
        """In a word, on a day in the campaign's zone."""
        due_on = self.document.due_on
        if due_on is None:
            return "issued"
        if not self.open:
            return "settled"
        return "overdue" if today > due_on else "open"

    @property
    def _left(self) -> int:
        owed = 0 if self.document.due_on is None else self.document.gross
        return owed - self.credited - self.paid - self.offset


@dataclass(frozen=True, slots=True)
class Account:
    """All documents of one client in one currency, in their order."""

    client: str
    currency: str
    entries: Sequence[Entry]
    carried: int
    """Nought or less: what the client has to its credit, taken off what it owes next."""

    @property
    def open(self) -> int:
        """What the client is still to pay."""
        return sum(entry.open for entry in self.entries)


def accounts(documents: Iterable[Document], payments: Iterable[Payment]) -> list[Account]:
    """An account for each client and currency, in the order of their first document.

    A credit lowers the statement that it is on. What is then paid or credited beyond a document
    settles the client's oldest open ones; what is left is carried forward.
    """
    by_owner: dict[tuple[str, str], list[Document]] = {}
    for document in documents:
        by_owner.setdefault((document.client, document.currency), []).append(document)
    paid: dict[str, int] = {}
    for payment in payments:
        paid[payment.number] = paid.get(payment.number, 0) + payment.amount
    return [
        _account(client, currency, of_one, paid) for (client, currency), of_one in by_owner.items()
    ]


def _account(
    client: str, currency: str, documents: Sequence[Document], paid: dict[str, int]
) -> Account:
    credited: dict[str, int] = {}
    for document in documents:
        if document.kind is DocumentKind.CREDIT:
            credited[document.corrects] = credited.get(document.corrects, 0) + document.gross
    first = [
        Entry(document, credited.get(document.number, 0), paid.get(document.number, 0))
        for document in documents
    ]
    surplus = sum(entry.surplus for entry in first)
    entries = []
    for entry in first:
        offset = min(surplus, entry.open) - entry.surplus
        surplus -= max(0, offset)
        entries.append(Entry(entry.document, entry.credited, entry.paid, offset))
    return Account(client, currency, entries, carried=-surplus)
