"""Statements and notes as sheets that an accountant files: HTML and PDF, with how to check them."""

from capture.paper.making import to_html, to_pdf
from capture.paper.note import note_sheet
from capture.paper.sheet import Sheet
from capture.paper.statement import statement_sheet

__all__ = ["Sheet", "note_sheet", "statement_sheet", "to_html", "to_pdf"]
