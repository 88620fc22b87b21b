"""The printed document of a credit or debit note."""

from typing import Final

from capture.billing.account import Document, DocumentKind
from capture.billing.statement import Statement
from capture.closing.credit import Correction
from capture.documents.agreement.model import day, month_name, side, visible_text
from capture.documents.sheet import Cell, Section, Sheet, SheetPart, Table
from capture.documents.statement_sheet import (
    lead_cell,
    payment_lines,
    period_words,
    reason_words,
)
from capture.money import show_money

_WIDTHS: Final = (2, 3, 0)


def note_sheet(note: Correction, document: Document, statement: Statement, lead: str = "") -> Sheet:
    """The sheet of a note; parties and tax rate are those of its statement.

    `lead` is the lead's name that the client knows, such as its company.
    """
    is_credit = note.kind is DocumentKind.CREDIT
    kind = statement.parties.document
    corrected = f"{statement.number}, {month_name(statement.month)}"
    facts = [
        ("Number", note.number),
        ("Date", day(document.issued_on)),
        (f"On {kind}", corrected),
        ("Purchase order", visible_text(statement.parties.purchase_order)),
        ("Due", "" if document.due_on is None else day(document.due_on)),
    ]
    totals = [("Net", note.amount)]
    if note.vat or statement.parties.vat_rate != "0":
        totals.append((f"VAT {statement.parties.vat_rate} %", note.vat))
    totals.append(("Credited to you" if is_credit else "To pay", note.amount + note.vat))
    about = Cell(
        reason_words(note.reason).capitalize(),
        f"Revenue{period_words(note.period)}" if note.period else "",
    )
    row = lead_cell(note.lead_id, lead), about, Cell(show_money(note.amount, note.currency))
    return Sheet(
        title=f"{note.kind.capitalize()} {note.number}",
        subtitle=f"on {kind} {corrected}",
        sides=(side("From", statement.parties.supplier), side("To", statement.parties.customer)),
        facts=tuple((name, value) for name, value in facts if value),
        totals=tuple((name, show_money(amount, note.currency)) for name, amount in totals),
        payment=_payment_section(note, document, statement),
        parts=(
            SheetPart(
                Table(("Lead", "Reason", "Amount"), (row,), _WIDTHS),
                title=visible_text(statement.title_of(note.campaign)),
                text=f"What is {'credited' if is_credit else 'charged'}, net of tax:",
            ),
        ),
        sections=(),
        proof="",
    )


def _payment_section(note: Correction, document: Document, statement: Statement) -> Section:
    if document.due_on is None:
        text = (
            f"It reduces the amount due on {statement.number}. What you paid beyond that is "
            "deducted from the oldest of your open documents, or else from your next one."
        )
        return Section(
            "What this note does", text, lines=payment_lines(statement.parties, open_amount=0)
        )
    text = f"You approved it. Please pay by {day(document.due_on)}. Quote reference {note.number}."
    return Section("Payment", text, lines=payment_lines(statement.parties, open_amount=note.amount))
