"""The printed document of a credit or debit note."""

from capture.billing.account import Document, DocumentKind
from capture.billing.statement import Statement
from capture.closing.credit import Correction
from capture.documents.agreement.model import day, month_name, side, visible_text
from capture.documents.sheet import Cell, Section, Sheet, SheetPart, Table
from capture.documents.statement_sheet import payment_lines
from capture.money import show_money


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
        ("Campaign", visible_text(statement.title_of(note.campaign))),
        ("Your order", visible_text(statement.parties.purchase_order)),
        ("Due", "" if document.due_on is None else day(document.due_on)),
    ]
    reference = Cell(visible_text(lead), note.lead_id) if lead else Cell(note.lead_id, code=True)
    about = Cell(f"{note.period} {note.reason}".strip())
    totals = [("Net", note.amount)]
    if note.vat or statement.parties.vat_rate != "0":
        totals.append((f"VAT {statement.parties.vat_rate} %", note.vat))
    totals.append(("Credited to you" if is_credit else "To pay", note.amount + note.vat))
    table = Table(
        ("Lead", "Reason", "Amount"),
        ((reference, about, Cell(show_money(note.amount, note.currency))),),
    )
    return Sheet(
        title=f"{note.kind.capitalize()} {note.number}",
        subtitle=f"on {kind} {corrected}",
        sides=(side("From", statement.parties.supplier), side("To", statement.parties.customer)),
        facts=tuple((name, value) for name, value in facts if value),
        parts=(SheetPart(table),),
        totals=tuple((name, show_money(amount, note.currency)) for name, amount in totals),
        sections=(_payment_section(note, document, statement),),
        proof="",
    )


def _payment_section(note: Correction, document: Document, statement: Statement) -> Section:
    if document.due_on is None:
        text = (
            f"It reduces the amount due on {statement.number}. What you paid beyond that is "
            "deducted from the oldest of your open documents, or else from your next one."
        )
        return Section(
            "What this note does", text, lines=payment_lines(statement.parties, is_due=False)
        )
    text = f"You approved it. Please pay by {day(document.due_on)}. Quote reference {note.number}."
    return Section("Payment", text, lines=payment_lines(statement.parties, is_due=True))
