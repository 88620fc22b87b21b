"""The agreement between agency and client as text: made from the campaign file, never typed."""

from capture.agreement.difference import differences
from capture.agreement.html import to_html
from capture.agreement.making import agreement
from capture.agreement.markdown import to_markdown
from capture.agreement.model import Agreement, Clause, Section, Table
from capture.agreement.pdf import to_pdf
from capture.agreement.side import Side, side

__all__ = [
    "Agreement",
    "Clause",
    "Section",
    "Side",
    "Table",
    "agreement",
    "differences",
    "side",
    "to_html",
    "to_markdown",
    "to_pdf",
]
