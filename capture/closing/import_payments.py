"""Records the payments of a bank's file, each once, for the documents that its texts name.

Nothing is guessed: an entry that may belong to several documents, or to none that is open for its
amount, is left for a person to decide (rule 30 of docs/rules.md).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from capture.billing.account import Document, Payment, build_accounts
from capture.billing.lines import minor_units
from capture.closing.bank_files import BankEntry
from capture.closing.documents import documents_of, payments_of
from capture.closing.payments import PaymentRequest, append_payment, checked_payment
from capture.errors import Refused
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.money import show_money


class Result(StrEnum):
    """What became of an entry of a bank's file."""

    RECORDED = "recorded"
    KNOWN = "recorded already"
    OUTGOING = "no income"
    UNMATCHED = "not matched"
    """Its texts name no document."""
    UNDECIDED = "for a person"


@dataclass(frozen=True, slots=True)
class EntryAnswer:
    """What became of an entry, for which document, and why."""

    entry: BankEntry
    result: Result
    number: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class MatchedPayment:
    """An entry's payment that can be recorded."""

    document: Document
    payment: Payment


def match_payments(
    reading: ReadTransaction, entries: Iterable[BankEntry], now: datetime
) -> list[tuple[EntryAnswer, MatchedPayment | None]]:
    """What would become of each entry, in order, with the payments that would be recorded."""
    matching = _Matching(documents_of(reading), payments_of(reading))
    found: list[tuple[EntryAnswer, MatchedPayment | None]] = []
    for entry in entries:
        try:
            answer, matched = _match_entry(matching, entry, now)
        except Refused as refused:
            answer, matched = EntryAnswer(entry, Result.UNDECIDED, note=str(refused)), None
        if matched is not None:
            matching.add(matched.payment)
        found.append((answer, matched))
    return found


def import_payments(
    records: WriteTransaction, entries: Iterable[BankEntry], now: datetime, by: str
) -> list[EntryAnswer]:
    """Records each payment that names exactly one document and is at most what is open for it.

    A payment that was recorded under the same id is not recorded again. `by` is the person who
    imports, or `BY_GATEPOST`. Returns an answer for each entry, in order.
    """
    answers = []
    for answer, matched in match_payments(records, entries, now):
        if matched is not None:
            append_payment(records, matched.document, matched.payment, now, by)
        answers.append(answer)
    return answers


def _match_entry(
    matching: "_Matching", entry: BankEntry, now: datetime
) -> tuple[EntryAnswer, MatchedPayment | None]:
    """Raises `Refused` if a person has to decide."""
    known = matching.recorded(entry)
    if known is not None:
        return EntryAnswer(entry, Result.KNOWN, known.number), None
    mentions = matching.finder.mentions(entry)
    if entry.fault and (mentions or entry.amount > 0):
        raise Refused(entry.fault)
    if not mentions:
        result = Result.UNMATCHED if entry.amount > 0 else Result.OUTGOING
        return EntryAnswer(entry, result), None
    document = matching.document(entry, mentions)
    request = PaymentRequest(document.number, entry.amount, entry.day, reference=entry.id)
    payment = checked_payment(document, matching.payments_of(document.client), request, now)
    open_amount = matching.open_amount(document)
    if payment.amount > open_amount:
        raise Refused(
            f"{document.number}: {show_money(open_amount, document.currency)} is open, which is "
            "less than was paid"
        )
    answer = EntryAnswer(entry, Result.RECORDED, document.number)
    return answer, MatchedPayment(document, payment)


class _Matching:
    """The documents and payments of all clients; payments grow during the import."""

    def __init__(self, documents: Iterable[Document], payments: Iterable[Payment]) -> None:
        self.documents = {document.number: document for document in documents}
        self._payments: dict[str, list[Payment]] = {}
        self._by_reference: dict[str, Payment] = {}
        for payment in payments:
            self.add(payment)
        self.finder = NumberFinder(self.documents.values())

    def recorded(self, entry: BankEntry) -> Payment | None:
        """The payment that was recorded under the entry's id.

        Raises `Refused` if it has another amount, currency or day.
        """
        payment = self._by_reference.get(entry.id)
        if payment is None:
            return None
        currency = self.documents[payment.number].currency
        if (payment.paid_on, currency) == (entry.day, entry.currency) and (
            minor_units(entry.amount, currency) == payment.amount
        ):
            return payment
        raise Refused(
            f"its id {entry.id} is recorded for {payment.number} with another amount or day"
        )

    def document(self, entry: BankEntry, mentions: "Mentions") -> Document:
        """The document that the entry pays. Raises `Refused` if a person has to decide."""
        if len(mentions.numbers) > 1:
            raise Refused(f"it names {', '.join(sorted(mentions.numbers))}")
        if mentions.unclear:
            raise Refused(f"{', '.join(sorted(mentions.unclear))}: no document has this number")
        document = self.documents[next(iter(mentions.numbers))]
        if entry.amount <= 0:
            raise Refused(f"{document.number}: the money left the account")
        if entry.currency != document.currency:
            raise Refused(
                f"{document.number}: it is in {document.currency}, and {entry.currency} was paid"
            )
        return document

    def add(self, payment: Payment) -> None:
        """Takes a payment that is recorded into account."""
        self._payments.setdefault(payment.client, []).append(payment)
        if payment.reference:
            self._by_reference[payment.reference] = payment

    def payments_of(self, client: str) -> list[Payment]:
        """The client's payments, in the order in which they were recorded."""
        return self._payments.get(client, [])

    def open_amount(self, document: Document) -> int:
        """What is still to be paid for a document, after all recorded payments."""
        documents = [each for each in self.documents.values() if each.client == document.client]
        return next(
            entry.open
            for account in build_accounts(documents, self.payments_of(document.client))
            for entry in account.entries
            if entry.document == document
        )


# The numbers of documents in a bank's texts.


_DASHES: Final = "\\-\u2010\u2011\u2012\u2013\u2014\u2212"
_GAP: Final = rf"[\s{_DASHES}]{{0,3}}"
"""What people and banks write, or leave out, between the parts of a number."""
_LONGER_START: Final = re.compile(rf"\w[{_DASHES}]\Z")
_LONGER_END: Final = re.compile(rf"[{_DASHES}/.][0-9]")


@dataclass(frozen=True, slots=True)
class Mentions:
    """What the texts of an entry name."""

    numbers: set[str] = field(default_factory=set)
    """Numbers of documents."""
    unclear: set[str] = field(default_factory=set)
    """Words like a number that no document has, or that are part of a longer word."""

    def __bool__(self) -> bool:
        return bool(self.numbers or self.unclear)


class NumberFinder:
    """Finds documents by their numbers in text, in any case, with or without hyphens and spaces.

    A number must not be a part of a longer word: `acme-0001` is not in `acme-00012`, `facme-0001`
    or `RE-acme-0001`.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self._numbers: dict[str, set[str]] = {}
        clients: set[str] = set()
        for document in documents:
            self._numbers.setdefault(_letters_and_digits(document.number), set()).add(
                document.number
            )
            clients.add(document.client)
        # The longest client first: `north acme 0001` is of north-acme, not of acme.
        slugs = "|".join(
            client.replace("-", _GAP) for client in sorted(clients, key=len, reverse=True)
        )
        self._pattern = re.compile(
            rf"(?<!\w)(?:{slugs}){_GAP}[0-9]{{4,}}(?!\w)" if slugs else r"(?!)", re.IGNORECASE
        )

    def mentions(self, entry: BankEntry) -> Mentions:
        """What the texts of an entry name."""
        mentions = Mentions()
        for text in entry.texts:
            for match in self._pattern.finditer(text):
                numbers = self._numbers.get(_letters_and_digits(match[0]), set())
                if numbers and not _is_part_of_word(text, match):
                    mentions.numbers.update(numbers)
                else:
                    mentions.unclear.add(_surrounding_word(text, match))
        for match in self._pattern.finditer(entry.joined):
            # Joining makes words that nobody wrote, so a number of no document means nothing.
            numbers = self._numbers.get(_letters_and_digits(match[0]), set())
            if numbers and _is_part_of_word(entry.joined, match):
                mentions.unclear.add(_surrounding_word(entry.joined, match))
            else:
                mentions.numbers.update(numbers)
        return mentions


def _is_part_of_word(text: str, match: re.Match[str]) -> bool:
    return bool(
        _LONGER_START.search(text[max(0, match.start() - 2) : match.start()])
        or _LONGER_END.match(text, match.end())
    )


def _surrounding_word(text: str, match: re.Match[str]) -> str:
    """The match, with what stands beside it up to the next spaces."""
    start = max(text.rfind(" ", 0, match.start()), match.start() - 20) + 1
    end = text.find(" ", match.end())
    return text[start : min(end if end >= 0 else len(text), match.end() + 20)]


def _letters_and_digits(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()
