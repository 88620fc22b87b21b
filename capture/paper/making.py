"""A sheet as a page that stands by itself, and as PDF: the same sheet, the same bytes."""

from dataclasses import asdict
from pathlib import Path
from typing import Final

from capture import printing
from capture.paper.sheet import Sheet

_PAGES: Final = printing.pages("capture.paper")
_LAYOUT: Final = Path(__file__).with_name("sheet.typ")


def to_html(sheet: Sheet) -> str:
    """A whole document; every text in it is escaped."""
    return _PAGES.get_template("sheet.html").render(sheet=sheet)


def to_pdf(sheet: Sheet) -> bytes:
    """Raises `Refused` for letters that the PDF's fonts lack."""
    return printing.to_pdf(_LAYOUT, asdict(sheet), sheet.title)
