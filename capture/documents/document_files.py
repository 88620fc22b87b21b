"""Writes a document in each of its formats: printed, as e-invoice, as rows, as its JSON."""

from typing import BinaryIO, Final

from capture.billing.statement import Statement
from capture.closing.credit import Correction
from capture.documents.closed_document import ClosedDocument
from capture.documents.en16931 import to_xml
from capture.documents.lead_export import WRITERS
from capture.documents.sheet import Sheet, to_html, to_hybrid_pdf, to_pdf
from capture.documents.statement_rows import COLUMNS, statement_rows
from capture.errors import Refused

FACTURX: Final = "facturx"
"""A PDF with the e-invoice in it."""


def write_closed(closed: ClosedDocument, shape: str, out: BinaryIO) -> None:
    """Writes a numbered document: as an e-invoice (`cii`, `ubl`, `facturx`) or as `write_document`.

    Raises `Refused` if it cannot be an e-invoice, or has no such format.
    """
    if shape in {"cii", "ubl"}:
        out.write(to_xml(closed.einvoice(), "cii" if shape == "cii" else "ubl"))
    elif shape == FACTURX:
        einvoice = closed.einvoice()
        out.write(to_hybrid_pdf(closed.sheet, to_xml(einvoice, "cii"), einvoice.issued_on))
    else:
        write_document(closed.content, closed.text, closed.sheet, shape, out)


def write_document(
    content: Statement | Correction, text: str, sheet: Sheet, shape: str, out: BinaryIO
) -> None:
    """Writes a document or preview as `html`, `pdf`, `json`, or a format of `WRITERS`.

    `text` is its JSON. Raises `Refused` for the rows of a note, and if the fonts of the PDF lack
    characters.
    """
    if shape == "html":
        out.write(to_html(sheet).encode())
    elif shape == "pdf":
        out.write(to_pdf(sheet))
    elif shape == "json":
        out.write(text.encode())
    elif isinstance(content, Statement):
        WRITERS[shape](out, COLUMNS, statement_rows(content))
    else:
        raise Refused(
            f"{content.number} is a {content.kind} and has no rows: choose another format"
        )
