"""The entries of a bank's file as the desk shows them before they are recorded."""

import binascii
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from capture.billing.lines import minor_units
from capture.closing.bank_files import BankEntry
from capture.closing.import_payments import EntryAnswer, Result
from capture.documents.agreement.model import visible_text
from capture.errors import Refused
from capture.money import CURRENCIES, show_money
from capture.text import count_noun

MAX_FILE: Final = 1_000_000
"""The largest file that the page reads, in bytes. Larger ones are imported by command."""
MAX_ENTRIES: Final = 2_000
_LONGEST_TEXT: Final = 200
_MOST_LINES: Final = 10

GROUPS: Final[Mapping[Result, tuple[str, str]]] = {
    Result.RECORDED: (
        "Payments to record",
        "Each names one document, and is at most what is open for it. Remove the tick of those "
        "that you do not want to record.",
    ),
    Result.UNDECIDED: (
        "For you to decide",
        "These are not recorded. If you know the document, record the payment on its page.",
    ),
    Result.UNMATCHED: (
        "No document is named",
        "Nothing in these texts is the number of a document, so they are not recorded.",
    ),
    Result.KNOWN: ("Recorded before", "The same entry was recorded by an earlier import."),
    Result.OUTGOING: ("No income", "Money that left the account, and names no document."),
}
"""By result: the title of its table, and what happens to its entries."""


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry of the file in words."""

    position: int
    """In the file, from 0. The form sends it."""
    entry: BankEntry
    amount: str
    payer: str
    text: str
    number: str
    """The document's number; empty if none was found."""
    note: str


@dataclass(frozen=True, slots=True)
class EntryGroup:
    """The entries with one result."""

    result: Result
    title: str
    explanation: str
    rows: Sequence[EntryRow]

    @property
    def is_recordable(self) -> bool:
        """Whether its entries can be recorded."""
        return self.result is Result.RECORDED


def entry_groups(answers: Sequence[EntryAnswer]) -> list[EntryGroup]:
    """The entries of a file, grouped by the result of an import, in the order of `GROUPS`."""
    rows = [_row(position, answer) for position, answer in enumerate(answers)]
    by_result = {
        result: [row for row, answer in zip(rows, answers, strict=True) if answer.result is result]
        for result in GROUPS
    }
    return [
        EntryGroup(result, *GROUPS[result], found) for result, found in by_result.items() if found
    ]


def import_in_words(answers: Sequence[EntryAnswer]) -> list[str]:
    """What an import did, in lines: the numbers first, then what was not recorded, and why."""
    done = sum(answer.result is Result.RECORDED for answer in answers)
    known = sum(answer.result is Result.KNOWN for answer in answers)
    others = [answer for answer in answers if answer.result not in {Result.RECORDED, Result.KNOWN}]
    counts = [f"{count_noun(done, 'payment')} recorded"]
    if known:
        counts.append(f"{known} recorded before")
    if others:
        counts.append(f"{len(others)} not recorded")
    lines = [", ".join(counts) + "."]
    lines += [
        visible_text(f"{answer.entry.place}: {answer.note or answer.result}")[:_LONGEST_TEXT]
        for answer in others[:_MOST_LINES]
    ]
    return lines


def _row(position: int, answer: EntryAnswer) -> EntryRow:
    entry = answer.entry
    return EntryRow(
        position,
        entry,
        _amount(entry.amount, entry.currency),
        visible_text(entry.payer)[:_LONGEST_TEXT],
        visible_text(" ".join(entry.texts))[:_LONGEST_TEXT],
        answer.number,
        visible_text(answer.note),
    )


def _amount(amount: Decimal, currency: str) -> str:
    """The amount in the currency's form; as the file has it if that is impossible."""
    if currency in CURRENCIES:
        try:
            return show_money(minor_units(amount, currency), currency)
        except Refused:  # more decimals than the currency has
            pass
    return visible_text(f"{amount:,} {currency}")[:_LONGEST_TEXT]


# The file travels with the form that confirms it, so nothing of it is stored before.


def pack_file(content: bytes) -> str:
    """A file as text of a form."""
    return urlsafe_b64encode(zlib.compress(content)).decode("ascii")


def unpack_file(text: str) -> bytes:
    """The file that `pack_file` packed. Raises `Refused` for any other text."""
    try:
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(urlsafe_b64decode(text.encode("ascii")), MAX_FILE + 1)
    except (ValueError, binascii.Error, zlib.error):
        raise Refused("the form was damaged on its way: choose the file again") from None
    if not unpacking.eof or len(content) > MAX_FILE:
        raise Refused("the form was damaged on its way: choose the file again")
    return content
