"""A statement or note as a printed document: what it consists of, and its HTML and PDF.

The same sheet gives the same bytes.
"""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Final

from capture.documents import printing
from capture.documents.agreement.model import Side
from capture.documents.facturx_metadata import declare_facturx


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell: text, and smaller text below it."""

    text: str
    small: str = ""
    code: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Each row has one cell per column; the last column holds amounts."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    widths: tuple[int, ...]
    """Shares of the PDF's width, one per column; 0: as wide as its longest text."""
    total: tuple[str, str] | None = None
    """Label and sum of the rows, below them."""


@dataclass(frozen=True, slots=True)
class SheetPart:
    """The lines of one campaign, or the line of a note."""

    table: Table
    title: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A section of text, steps, a table or hashes."""

    title: str
    text: str = ""
    steps: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    table: Table | None = None
    proof: tuple[tuple[str, str], ...] = ()
    """Pairs of label and hash, printed so that they can be copied."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A statement or note, ready to print."""

    title: str
    subtitle: str
    sides: tuple[Side, ...]
    facts: tuple[tuple[str, str], ...]
    totals: tuple[tuple[str, str], ...]
    """Labels and amounts; the last one is the amount to pay."""
    payment: Section
    parts: tuple[SheetPart, ...]
    """Follow the totals and the payment, so that those are on the first page."""
    sections: tuple[Section, ...]
    proof: str
    """The hash in the footer of each page; empty for a note."""


_PAGES: Final = printing.pages()
_LAYOUT: Final = printing.LAYOUTS / "sheet.typ"


def to_html(sheet: Sheet) -> str:
    """A complete HTML document; all text is escaped."""
    return _PAGES.get_template("sheet.html").render(sheet=sheet)


def to_pdf(sheet: Sheet) -> bytes:
    """The sheet as PDF. Raises `Refused` for characters that its fonts lack."""
    return printing.to_pdf(_LAYOUT, asdict(sheet), sheet.title)


def to_hybrid_pdf(sheet: Sheet, cii: bytes, issued_on: date) -> bytes:
    """The sheet as Factur-X: a PDF/A-3 with the e-invoice `cii` in it.

    Raises `Refused` for characters that its fonts lack.
    """
    attachment = printing.Attachment(cii, issued_on)
    return declare_facturx(printing.to_pdf(_LAYOUT, asdict(sheet), sheet.title, attachment))
