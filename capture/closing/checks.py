"""Checks of all documents: statements are drawn again, numbers and credits are counted."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from capture.billing.account import Document, DocumentKind
from capture.billing.statement_text import fingerprint, parse_statement, statement_json
from capture.closing.close import closing_data, document_data
from capture.closing.credit import corrections_of
from capture.closing.documents import document_number, documents_of
from capture.closing.months import Closing, closed_months
from capture.closing.redrawing import RedrawnMonth, redraw
from capture.lead.events import EventKind
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import ClosedStatement
from capture.text import canonical

WRONG_TOTAL: Final = "differs in the table of totals"
"""Ends the line about a total that can be derived again from its statement."""


def check_documents(reading: ReadTransaction) -> list[str]:
    """One line for each fault; empty if all documents agree with their events.

    Statements are drawn again, numbers must have no gaps, credits must not exceed their lines.
    """
    # A damaged statement also has other lines than the table: one fault says enough.
    statement_faults = list(_month_faults(reading)) or list(_line_faults(reading))
    return [
        *statement_faults,
        *_number_faults(documents_of(reading)),
        *_credit_faults(reading),
    ]


def _month_faults(reading: ReadTransaction) -> Iterator[str]:
    """Faults of closed months; holds the text of one statement at a time in memory."""
    closing_events = {
        recorded.event.data["number"]: recorded.event.data
        for recorded in reading.events.of_account(EventKind.CLOSED)
        if "number" in recorded.event.data
    }
    for number in reading.statements.numbers():
        if number not in closing_events:
            yield f"statement {number}: no event closed it"
    closings = closed_months(reading)
    unreadable: dict[str, str] = {}
    redrawn_months = redraw(reading, closings, unreadable)
    for closing, redrawn in zip(closings, redrawn_months, strict=True):
        if closing.number:
            data = closing_events[closing.number]
            yield from _statement_faults(reading, closing, data, redrawn)
        elif redrawn.has_lines:
            yield (
                f"{closing.client}, {closing.month}, {closing.currency}: closed without a "
                "statement, but there is something to bill"
            )
    for lead_id, reason in unreadable.items():
        yield f"lead {lead_id}: its lines cannot be computed: {reason}"


def _statement_faults(
    reading: ReadTransaction, closing: Closing, data: Mapping[str, Any], redrawn: RedrawnMonth
) -> Iterator[str]:
    closed_statement = reading.statements.get(closing.number)
    if closed_statement is None:
        yield f"statement {closing.number}: it is missing, although its month is closed"
        return
    if data["sha256"] != closed_statement.sha256 or not _matches(closed_statement, closing):
        yield f"statement {closing.number}: differs from the event that closed it"
        return
    statement = redrawn.statement(reading, data)
    redrawn_data = closing_data(statement, closing.titles)
    redrawn_data |= document_data(statement, closed_statement.sha256)
    redrawn_data |= {"by": data["by"]} if "by" in data else {}  # nothing follows from the person
    if statement_json(statement) != closed_statement.json or canonical(redrawn_data) != canonical(
        data
    ):
        yield f"statement {closing.number}: drawn again, its bytes differ"
    elif not _is_sound(closed_statement):
        yield f"statement {closing.number}: its SHA-256 is not that of its bytes"


def _matches(closed_statement: ClosedStatement, closing: Closing) -> bool:
    """Whether the statement is of the same client, currency, month and time."""
    return (
        closed_statement.client == closing.client
        and closed_statement.currency == closing.currency
        and closed_statement.month == closing.month
        and closed_statement.closed_at == closing.closed_at
    )


def _line_faults(reading: ReadTransaction) -> Iterator[str]:
    """The tables of billed lines (rule 20) and of totals agree with the statements."""
    for lead_id, period, number in reading.statements.mismatched_lines():
        line = f"its line of lead {lead_id} {period}".rstrip()
        yield f"statement {number}: {line} is in the statement or in the table of billed lines only"
    for number, campaign in reading.statements.mismatched_totals():
        yield f"statement {number}: its total of {campaign} {WRONG_TOTAL}"


def _number_faults(documents: list[Document]) -> Iterator[str]:
    """Rule 27: each client's numbers have no gaps and no repeats."""
    positions: Counter[str] = Counter()
    for document in documents:
        positions[document.client] += 1
        expected = document_number(document.client, positions[document.client])
        if document.number != expected:
            yield f"{document.kind} {document.number}: its number should be {expected}"


def _credit_faults(reading: ReadTransaction) -> Iterator[str]:
    """Rule 27: the credits of a line never exceed the line plus its debit notes."""
    notes = corrections_of(reading)
    left: Counter[tuple[str, str, str]] = Counter()
    sound: set[str] = set()
    for number in {note.statement for note in notes}:
        closed_statement = reading.statements.get(number)
        if closed_statement is None or not _is_sound(closed_statement):
            continue  # its own fault is reported already
        sound.add(number)
        for line in parse_statement(closed_statement.json).lines:
            left[number, line.lead_id, line.period] = line.amount
    for note in notes:
        if note.statement not in sound:
            continue
        key = (note.statement, note.lead_id, note.period)
        left[key] += -note.amount if note.kind is DocumentKind.CREDIT else note.amount
        if left[key] < 0:
            yield f"{note.kind} {note.number}: more than was left of its line"


def _is_sound(closed_statement: ClosedStatement) -> bool:
    return fingerprint(closed_statement.json) == closed_statement.sha256
