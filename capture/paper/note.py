"""A credit or debit note as a sheet. Pure."""

from capture.account import Document, DocumentKind
from capture.agreement import side
from capture.agreement.words import day, visible
from capture.closing import Correction
from capture.money import show_money
from capture.paper.sheet import Cell, Section, Sheet, Table
from capture.paper.statement import month_name, payment_lines
from capture.statement import Statement


def note_sheet(note: Correction, document: Document, bill: Statement) -> Sheet:
    """The sheet of a note on a statement, whose parties and tax are its own."""
    is_credit = note.kind is DocumentKind.CREDIT
    of_bill = f"{bill.number}, {month_name(bill.month)}"
    facts = [
        ("Number", note.number),
        ("Date", day(document.issued_on)),
        ("On statement", of_bill),
        ("Campaign", note.campaign),
        ("Your order", visible(bill.parties.purchase_order)),
        ("Due", "" if document.due_on is None else day(document.due_on)),
    ]
    about = f"{note.period} {note.reason}".strip()
    rows = [("Net", note.amount)]
    if note.vat or bill.parties.vat_rate != "0":
        rows.append((f"VAT {bill.parties.vat_rate} %", note.vat))
    rows.append(("Credited to you" if is_credit else "To pay", note.amount + note.vat))
    return Sheet(
        title=f"{note.kind.capitalize()} {note.number}",
        subtitle=f"on statement {of_bill}",
        sides=(side("From", bill.parties.supplier), side("To", bill.parties.customer)),
        facts=tuple((name, value) for name, value in facts if value),
        table=Table(
            ("Lead", "Why", "Amount"),
            (
                (
                    Cell(note.lead_id, code=True),
                    Cell(about),
                    Cell(show_money(note.amount, note.currency)),
                ),
            ),
        ),
        totals=tuple((name, show_money(sum_, note.currency)) for name, sum_ in rows),
        sections=(_payment(note, document, bill),),
        proof="",
    )


def _payment(note: Correction, document: Document, bill: Statement) -> Section:
    if document.due_on is None:
        text = (
            f"It lowers what is open of {bill.number}. What you paid beyond that is taken off the "
            "oldest of your open documents, else off your next statement."
        )
        return Section("What it does", text, lines=payment_lines(bill.parties, asked=False))
    text = f"You approved it. Please pay by {day(document.due_on)}, naming {note.number}."
    return Section("Payment", text, lines=payment_lines(bill.parties, asked=True))
