"""The proof of every document: statements drawn again, numbers without gaps, credits in bounds."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from capture.account import Document, DocumentKind
from capture.canonical import canonical
from capture.closing.close import closing_data
from capture.closing.correction import corrections_of
from capture.closing.documents import Closing, closed_months, documents_of, numbered
from capture.closing.redrawing import Redrawn, redraw
from capture.lead import Kind
from capture.ledger import Frozen, Reading
from capture.statement import fingerprint, read_json, to_json


def check_documents(reading: Reading) -> list[str]:
    """A line for each fault; none if all documents are as their events have them."""
    unlike = list(_months(reading)) or list(_lines(reading))
    return [*unlike, *_numbers(documents_of(reading)), *_credits(reading)]


def _months(reading: Reading) -> Iterator[str]:
    """Every closed month; of all statements one text is held at a time."""
    told = {
        one.event.data["number"]: one.event.data
        for one in reading.events.of_account()
        if one.event.kind is Kind.CLOSED and "number" in one.event.data
    }
    for number in reading.statements.numbers():
        if number not in told:
            yield f"statement {number}: differs from the event that closed it"
    closings = closed_months(reading)
    for closing, drawn in zip(closings, redraw(reading, closings), strict=True):
        if closing.number:
            yield from _statement(reading, closing, told[closing.number], drawn)
        elif drawn.lines:
            yield (
                f"{closing.campaign}, {closing.month}: closed without a statement, "
                "and there was something to bill"
            )


def _statement(
    reading: Reading, closing: Closing, said: Mapping[str, Any], drawn: Redrawn
) -> Iterator[str]:
    frozen = reading.statements.get(closing.number)
    if frozen is None:
        yield f"statement {closing.number}: closed, but gone"
        return
    if said["sha256"] != frozen.sha256 or not _same_month(frozen, closing):
        yield f"statement {frozen.number}: differs from the event that closed it"
        return
    bill = drawn.statement(reading, said)
    same_event = canonical(closing_data(bill, frozen.sha256)) == canonical(said)
    if to_json(bill) != frozen.json or not same_event:
        yield f"statement {frozen.number}: drawn again, its bytes differ"
    elif fingerprint(frozen.json) != frozen.sha256:
        yield f"statement {frozen.number}: its SHA-256 is not that of its bytes"


def _same_month(frozen: Frozen, closing: Closing) -> bool:
    of = (closing.client, closing.campaign, closing.month, closing.closed_at)
    return (frozen.client, frozen.campaign, frozen.month, frozen.closed_at) == of


def _lines(reading: Reading) -> Iterator[str]:
    """Rule 20: what keeps a line from being billed twice is whole."""
    for lead_id, period, number in reading.statements.mismatched_lines():
        line = f"its line of lead {lead_id} {period}".rstrip()
        yield f"statement {number}: {line} differs from what keeps it from being billed twice"


def _numbers(documents: list[Document]) -> Iterator[str]:
    """Rule 27: without gaps for each client, and each number once."""
    places: Counter[str] = Counter()
    for document in documents:
        places[document.client] += 1
        wanted = numbered(document.client, places[document.client])
        if document.number != wanted:
            yield f"{document.kind} {document.number}: its number should be {wanted}"


def _credits(reading: Reading) -> Iterator[str]:
    """Rule 27: all credits of a line together never exceed it, raised by its debit notes."""
    made = corrections_of(reading)
    left: Counter[tuple[str, str, str]] = Counter()
    for frozen in map(reading.statements.get, sorted({one.statement for one in made})):
        if frozen is None or fingerprint(frozen.json) != frozen.sha256:
            continue
        for line in read_json(frozen.json).lines:
            left[frozen.number, line.lead_id, line.period] = line.amount
    for one in made:
        key = (one.statement, one.lead_id, one.period)
        left[key] += -one.amount if one.kind is DocumentKind.CREDIT else one.amount
        if left[key] < 0:
            yield f"credit note {one.number}: more than was left of its line"
