"""The proof of every document: statements drawn again, numbers without gaps, credits in bounds."""

from collections import Counter
from collections.abc import Iterator

from capture.account import Document, DocumentKind
from capture.canonical import canonical
from capture.closing.close import closing_data, redraw
from capture.closing.correction import corrections_of
from capture.closing.documents import closed_months, documents_of, numbered
from capture.closing.month import holds_lines
from capture.lead import Kind
from capture.ledger import Frozen, Reading
from capture.statement import fingerprint, read_json, to_json


def check_documents(reading: Reading) -> list[str]:
    """A line for each fault; none if all documents are as their events have them."""
    unlike = [*_statements(reading), *_empty_months(reading)] or list(_lines(reading))
    return [*unlike, *_numbers(documents_of(reading)), *_credits(reading)]


def _statements(reading: Reading) -> Iterator[str]:
    closings = {
        one.event.data["number"]: one.event.data
        for one in reading.account_events()
        if one.event.kind is Kind.CLOSED and "number" in one.event.data
    }
    for frozen in reading.statements():
        said = closings.pop(frozen.number, None)
        if said is None or said["sha256"] != frozen.sha256:
            yield f"statement {frozen.number}: differs from the event that closed it"
            continue
        drawn = redraw(reading, frozen, said)
        same_event = canonical(closing_data(drawn, frozen.sha256)) == canonical(said)
        if to_json(drawn) != frozen.json or not same_event:
            yield f"statement {frozen.number}: drawn again, its bytes differ"
        elif fingerprint(frozen.json) != frozen.sha256:
            yield f"statement {frozen.number}: its SHA-256 is not that of its bytes"
    for number in closings:
        yield f"statement {number}: closed, but gone"


def _empty_months(reading: Reading) -> Iterator[str]:
    """Where a month was closed without a statement, there was nothing to bill."""
    for one in closed_months(reading):
        if not one.number and holds_lines(reading, one):
            yield (
                f"{one.campaign}, {one.month}: closed without a statement, "
                "and there was something to bill"
            )


def _lines(reading: Reading) -> Iterator[str]:
    """Rule 20: what keeps a line from being billed twice is whole."""
    for lead_id, period, number in reading.lines_apart():
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
    for frozen in _corrected(reading, {one.statement for one in made}):
        for line in read_json(frozen.json).lines:
            left[frozen.number, line.lead_id, line.period] = line.amount
    for one in made:
        key = (one.statement, one.lead_id, one.period)
        left[key] += -one.amount if one.kind is DocumentKind.CREDIT else one.amount
        if left[key] < 0:
            yield f"credit note {one.number}: more than was left of its line"


def _corrected(reading: Reading, numbers: set[str]) -> Iterator[Frozen]:
    for frozen in reading.statements():
        if frozen.number in numbers and fingerprint(frozen.json) == frozen.sha256:
            yield frozen
