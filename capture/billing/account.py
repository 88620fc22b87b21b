"""A client's account: documents, payments, open amounts and credit.

Rules 27 and 30 of docs/rules.md. Amounts are minor units with tax. Each currency has its own
account (rule 29).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from operator import attrgetter


class DocumentKind(StrEnum):
    """The kind of a numbered document."""

    INVOICE = "invoice"
    STATEMENT = "statement"
    CREDIT = "credit note"
    DEBIT = "debit note"


@dataclass(frozen=True, slots=True)
class Document:
    """One numbered document. Amounts are positive, also those of a credit note."""

    number: str
    kind: DocumentKind
    client: str
    campaigns: tuple[str, ...]
    """The slugs of the campaigns that it bills or corrects."""
    time_zone: str
    """The zone of its days."""
    month: str
    """The month of the statement; for a note, the month of the statement that it corrects."""
    corrects: str
    """Number of the statement that a note corrects; empty for a statement."""
    currency: str
    net: int
    vat: int
    vat_rate: str
    """Percent as decimal text, such as `19`; a note has the rate of its statement."""
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
    reference: str = ""
    """The bank's id of the payment; empty if a person entered it."""


class SettlementKind(StrEnum):
    """What changed the open amount of a document."""

    PAYMENT = "payment"
    CREDIT = "credit note"
    SURPLUS = "surplus"
    """The surplus of another document settled part of this one."""
    CARRIED = "carried"
    """This document's own surplus settled another one, or is carried forward."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """One entry that changed the open amount of a document."""

    kind: SettlementKind
    on: date
    amount: int
    """Minor units; positive if it reduces the open amount."""
    reference: str = ""
    """The number of the other document, or the bank's id of a payment; empty for a payment that a
    person entered, and for a surplus that is carried forward to the next statement."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A document with all that settled it."""

    document: Document
    settlements: tuple[Settlement, ...] = ()
    """In order of their days."""

    @property
    def credited(self) -> int:
        """Sum of the credit notes on it."""
        return self._sum(SettlementKind.CREDIT)

    @property
    def paid(self) -> int:
        """Sum of the payments for it."""
        return self._sum(SettlementKind.PAYMENT)

    @property
    def offset(self) -> int:
        """What the surplus of other documents settled; negative if this one has the surplus."""
        return self._sum(SettlementKind.SURPLUS) + self._sum(SettlementKind.CARRIED)

    @property
    def open(self) -> int:
        """The amount still to be paid; never negative."""
        return max(0, self._balance)

    @property
    def surplus(self) -> int:
        """The amount paid or credited too much; never negative."""
        return max(0, -self._balance)

    def state(self, today: date) -> str:
        """`issued`, `settled`, `overdue` or `open`; `today` is in the document's time zone."""
        due_on = self.document.due_on
        if due_on is None:
            return "issued"
        if not self.open:
            return "settled"
        return "overdue" if today > due_on else "open"

    @property
    def _balance(self) -> int:
        payable = 0 if self.document.due_on is None else self.document.gross
        return payable - sum(settlement.amount for settlement in self.settlements)

    def _sum(self, kind: SettlementKind) -> int:
        return sum(settlement.amount for settlement in self.settlements if settlement.kind is kind)


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
    by_owner: dict[tuple[str, str], list[Document]] = {}
    settled: dict[str, list[Settlement]] = {}
    for document in documents:
        by_owner.setdefault((document.client, document.currency), []).append(document)
        if document.kind is DocumentKind.CREDIT:
            settled.setdefault(document.corrects, []).append(
                Settlement(
                    SettlementKind.CREDIT, document.issued_on, document.gross, document.number
                )
            )
    for payment in payments:
        settled.setdefault(payment.number, []).append(
            Settlement(SettlementKind.PAYMENT, payment.paid_on, payment.amount, payment.reference)
        )
    return [
        _account(client, currency, [_entry(document, settled) for document in group])
        for (client, currency), group in by_owner.items()
    ]


def _entry(document: Document, settled: Mapping[str, Sequence[Settlement]]) -> Entry:
    return Entry(document, _by_day(settled.get(document.number, ())))


def _by_day(settlements: Iterable[Settlement]) -> tuple[Settlement, ...]:
    return tuple(sorted(settlements, key=attrgetter("on")))


def _account(client: str, currency: str, entries: Sequence[Entry]) -> Account:
    """The account after every surplus has settled open documents, the oldest first."""
    added: dict[str, list[Settlement]] = {}
    open_amounts = {entry.document.number: entry.open for entry in entries if entry.open}
    issued = {entry.document.number: entry.document.issued_on for entry in entries}
    carried = 0
    for entry in entries:
        source, surplus = entry.document.number, entry.surplus
        since = max([entry.document.issued_on, *(each.on for each in entry.settlements)])
        for target in list(open_amounts):
            amount = min(surplus, open_amounts[target])
            if not amount:
                break
            on = max(since, issued[target])
            added.setdefault(source, []).append(
                Settlement(SettlementKind.CARRIED, on, -amount, target)
            )
            added.setdefault(target, []).append(
                Settlement(SettlementKind.SURPLUS, on, amount, source)
            )
            surplus -= amount
            open_amounts[target] -= amount
            if not open_amounts[target]:
                del open_amounts[target]
        if surplus:
            added.setdefault(source, []).append(Settlement(SettlementKind.CARRIED, since, -surplus))
            carried += surplus
    settled = [
        replace(
            entry,
            settlements=_by_day([*entry.settlements, *added.get(entry.document.number, ())]),
        )
        for entry in entries
    ]
    return Account(client, currency, settled, carried=-carried)
