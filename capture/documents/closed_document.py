"""A numbered document with its JSON text and its printed sheet."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial

from capture.billing.account import Document
from capture.billing.statement import Statement
from capture.billing.statement_text import fingerprint
from capture.closing.close import read_statement
from capture.closing.credit import Correction, corrections_of
from capture.closing.documents import accounts_of, find_closed_statement, find_document
from capture.documents.einvoice import note_einvoice, statement_einvoice
from capture.documents.en16931 import EInvoice
from capture.documents.lead_references import lead_references
from capture.documents.note_sheet import note_sheet
from capture.documents.sheet import Sheet
from capture.documents.statement_sheet import SheetAccount, statement_sheet
from capture.ledger.protocol import ReadTransaction


@dataclass(frozen=True, slots=True)
class ClosedDocument:
    """A statement, credit note or debit note."""

    document: Document
    content: Statement | Correction
    """A `Correction` for a note."""
    text: str
    """Of a statement the canonical JSON, whose SHA-256 is printed; of a note its fields as JSON."""
    sheet: Sheet
    einvoice: Callable[[], EInvoice]
    """Returns it as an e-invoice; raises `Refused` if it cannot be one."""


def load_closed_document(reading: ReadTransaction, number: str) -> ClosedDocument:
    """A document by its number, with what settled or corrected it until now. Raises `NotFound`."""
    document = find_document(reading, number)
    notes = corrections_of(reading, document.client)
    if document.corrects:
        note = next(note for note in notes if note.number == number)
        statement = read_statement(find_closed_statement(reading, document.corrects))
        references = lead_references(reading, statement, [note.lead_id])
        name = references.get(note.lead_id, "")
        sheet = note_sheet(note, document, statement, name)
        einvoice = partial(note_einvoice, note, document, statement, name)
        text = json.dumps(asdict(note), indent=2, default=str) + "\n"
        return ClosedDocument(document, note, text, sheet, einvoice)
    closed_statement = find_closed_statement(reading, number)
    entry = next(
        entry
        for account in accounts_of(reading, document.client)
        for entry in account.entries
        if entry.document.number == number
    )
    account = SheetAccount(entry, [note for note in notes if note.statement == number])
    statement, text = read_statement(closed_statement), closed_statement.json
    sheet = sheet_of_statement(reading, statement, text, account)
    names = lead_references(reading, statement, {line.lead_id for line in statement.lines})
    einvoice = partial(statement_einvoice, statement, fingerprint(text), names)
    return ClosedDocument(document, statement, text, sheet, einvoice)


def sheet_of_statement(
    reading: ReadTransaction, statement: Statement, text: str, account: SheetAccount | None = None
) -> Sheet:
    """The sheet of a statement or preview, with its leads named as the client's file chose."""
    lead_ids = {line.lead_id for line in statement.lines}
    references = lead_references(reading, statement, lead_ids)
    return statement_sheet(statement, fingerprint(text), account, references)


def named_leads(content: Statement | Correction) -> list[str]:
    """The leads of which the document prints more than the id: the company or the initials."""
    if isinstance(content, Correction):
        return [content.lead_id]
    if content.parties.line_reference == "lead_id":
        return []
    return list(dict.fromkeys(line.lead_id for line in content.lines))
