"""Statements, credit notes and debit notes as printed sheets, in HTML and PDF."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from capture.billing.account import Document, DocumentKind, Entry
from capture.billing.statement import Parties, Statement, StatementLine
from capture.closing.credit import Correction
from capture.documents import printing
from capture.documents.agreement.model import Side, day, month_name, side, visible_text
from capture.money import show_money
from capture.text import count_noun

# The sheet before any format.


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


@dataclass(frozen=True, slots=True)
class Section:
    """A section below the bill lines."""

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
    table: Table
    totals: tuple[tuple[str, str], ...]
    """Labels and amounts; the last one is the amount to pay."""
    sections: tuple[Section, ...]
    proof: str
    """The hash in the footer of each page; empty for a note."""


# The sheet of a statement.


MODELS: Final = {
    "cpl": "cost per lead",
    "cpap": "cost per appointment",
    "cpa": "cost per acquisition",
    "revenue_share": "share of revenue",
}
EVENTS: Final = {
    "accepted": "Lead accepted",
    "scheduled": "Appointment scheduled",
    "held": "Appointment held",
    "won": "Customer won",
    "revenue": "Revenue",
}


def statement_sheet(
    statement: Statement, digest: str, entry: Entry | None, corrections: Sequence[Correction]
) -> Sheet:
    """The sheet of a statement. A preview has no account entry, so `entry` is None."""
    letters = _criteria_letters(statement)
    return Sheet(
        title=f"Statement {statement.number}" if statement.number else "Preview of a statement",
        subtitle=f"{statement.campaign}, {month_name(statement.month)}",
        sides=(
            side("From", statement.parties.supplier),
            side("To", statement.parties.customer),
        ),
        facts=_facts(statement),
        table=_lines_table(statement, letters),
        totals=_totals(statement),
        sections=tuple(
            section
            for section in (
                _payment_section(statement),
                _changes_section(statement, entry, corrections),
                _criteria_section(letters),
                _not_billed_section(statement),
                checking_section(statement, digest),
            )
            if section is not None
        ),
        proof=digest,
    )


def _facts(statement: Statement) -> tuple[tuple[str, str], ...]:
    facts = [
        ("Number", statement.number or "given at the close"),
        ("Date", day(statement.issued_on)),
        ("For", f"{month_name(statement.month)}, {statement.time_zone}"),
        ("Campaign", statement.campaign),
        ("Price model", MODELS[statement.model]),
        ("Your order", visible_text(statement.parties.purchase_order)),
        ("Due", day(statement.due_on)),
    ]
    return tuple((name, value) for name, value in facts if value)


CriteriaKey = tuple[str, tuple[str, ...]]
"""A campaign version, and the criteria that a lead met under it."""


def _criteria_letters(statement: Statement) -> dict[CriteriaKey, str]:
    """A letter for each combination of campaign version and criteria met."""
    letters: dict[CriteriaKey, str] = {}
    for line in statement.lines:
        letters.setdefault(_criteria_key(line), _letter(len(letters)))
    return letters


def _criteria_key(line: StatementLine) -> CriteriaKey:
    return line.version, tuple(criterion.rule for criterion in line.met)


def _letter(index: int) -> str:
    """A to Z, then AA, AB ..."""
    prefix, last = divmod(index, 26)
    return (_letter(prefix - 1) if prefix else "") + chr(ord("A") + last)


def _lines_table(statement: Statement, letters: dict[CriteriaKey, str]) -> Table:
    zone = ZoneInfo(statement.time_zone)
    rows = tuple(
        (
            Cell(line.lead_id, f"received {_date(line.received_at, zone)}", code=True),
            Cell(_paid_for(line), _details(statement, line, zone)),
            Cell(letters[_criteria_key(line)]),
            Cell(show_money(line.amount, statement.currency)),
        )
        for line in statement.lines
    )
    return Table(("Lead", "Paid for", "Criteria", "Amount"), rows)


def _paid_for(line: StatementLine) -> str:
    period = f" from {day(date.fromisoformat(line.period))}" if line.period else ""
    return f"{EVENTS[line.event]}{period}"


def _details(statement: Statement, line: StatementLine, zone: ZoneInfo) -> str:
    parts = [_date(line.event_at, zone)]
    if _date(line.due_at, zone) != parts[0]:
        parts.append(f"billable since {_date(line.due_at, zone)}")
    if line.base is not None:
        parts.append(f"of {show_money(line.base, statement.currency)}")
    if line.late:
        parts.append("late: its own month was closed")
    if line.entered:
        parts.append("entered by the agency for the client, who did not object in time")
    if line.free_over_cap:
        parts.append("free: over the cap on money")
    return "; ".join(parts)


def _date(moment: datetime, zone: ZoneInfo) -> str:
    return day(moment.astimezone(zone).date())


def _totals(statement: Statement) -> tuple[tuple[str, str], ...]:
    rows = [(f"Net total of {count_noun(len(statement.lines), 'line')}", statement.total)]
    if statement.vat or statement.parties.vat_rate != "0":
        rows.append((f"VAT {statement.parties.vat_rate} %", statement.vat))
    if statement.brought_forward:
        rows += [("Total", statement.gross), ("To your credit before", statement.brought_forward)]
    if statement.credit_left:
        rows.append(("Still to your credit", statement.credit_left))
    rows.append(("To pay", statement.to_pay))
    return tuple((name, show_money(amount, statement.currency)) for name, amount in rows)


def _payment_section(statement: Statement) -> Section:
    if statement.to_pay:
        amount = show_money(statement.to_pay, statement.currency)
        reference = f", naming {statement.number}" if statement.number else ""
        text = f"Please pay {amount} by {day(statement.due_on)}{reference}."
    else:
        text = "Nothing is to be paid on this statement."
    return Section(
        "Payment", text, lines=payment_lines(statement.parties, is_due=bool(statement.to_pay))
    )


def payment_lines(parties: Parties, *, is_due: bool) -> tuple[str, ...]:
    """The payment details if a payment is due, and the tax note."""
    lines = [*(parties.payment if is_due else ()), parties.vat_note]
    return tuple(visible_text(line) for line in lines if line)


def _changes_section(
    statement: Statement, entry: Entry | None, corrections: Sequence[Correction]
) -> Section | None:
    """Payments and corrections after the close; None if there are none."""
    if entry is None or not (corrections or entry.paid or entry.offset):
        return None
    currency = statement.currency
    parts = [f"{show_money(entry.open, currency)} of this statement is open."]
    if entry.paid:
        parts.insert(0, f"{show_money(entry.paid, currency)} was paid.")
    rows = tuple(
        (
            Cell(note.number, str(note.kind), code=True),
            Cell(note.lead_id, f"{note.period} {note.reason}".strip(), code=True),
            Cell(_signed_amount(note, note.vat)),
            Cell(_signed_amount(note, note.amount + note.vat)),
        )
        for note in corrections
    )
    table = Table(("Document", "Lead", "VAT in it", "Amount"), rows) if rows else None
    return Section("Since the close", " ".join(parts), table=table)


def _signed_amount(note: Correction, amount: int) -> str:
    sign = -1 if note.kind is DocumentKind.CREDIT else 1
    return show_money(sign * amount, note.currency)


def _criteria_section(letters: dict[CriteriaKey, str]) -> Section | None:
    if not letters:
        return None
    lines = tuple(
        f"{letter}: {'; '.join(map(visible_text, rules)) or 'no criteria'}. "
        f"Campaign version {version[:12]}."
        for (version, rules), letter in letters.items()
    )
    text = "A lead meets every criterion of its campaign version, or it is not on a statement."
    return Section("What each lead met", text, lines=lines)


def _not_billed_section(statement: Statement) -> Section:
    counts = statement.counts
    return Section(
        "Not on this statement",
        f"{count_noun(counts.in_review, 'lead')} in review at the close, which may appear on a "
        f"later statement; {count_noun(counts.over_cap_refused, 'lead')} refused over a cap; "
        f"{count_noun(counts.over_cap_free, 'lead')} delivered over a cap for free.",
    )


# The section that shows how a client can check the statement without trusting the agency.


def checking_section(statement: Statement, digest: str) -> Section:
    """The steps of the check, and the hashes that they need."""
    name = statement.number or "preview"
    steps = (
        "The leads. Each was delivered to you under its id. The evidence file of this statement "
        "holds each of them with its answers, its verdict criterion by criterion, its events and "
        "the agreement that judged it, and no other leads. Ask for it: "
        f"gatepost evidence {name} -o {name}.db",
        f"The sum. {count_noun(len(statement.lines), 'line')} above, "
        f"{show_money(statement.total, statement.currency)} net. Tax is computed once, on the net "
        "total, and rounded half to even.",
        f"The text. What was frozen at the close is {name}.json, which we send with this "
        f"statement. Its SHA-256 is below; sha256sum {name}.json must print the same.",
        "The ledger. This prints whether the statement, computed again from the events, still "
        f"has that hash: gatepost verify --against {name} --hash {digest[:16]}",
        f"The past. The chain's head below is the hash of event {statement.last_event} and "
        "covers all events before it. Keep this page: if an event is changed later, the head is "
        "different.",
        "A mistake. Tell us which line is wrong. A closed statement is never changed: a credit "
        "note gives money back, and a debit note needs your approval.",
    )
    return Section(
        "How to check this statement",
        steps=steps,
        proof=(
            ("SHA-256 of the statement", digest),
            (f"Chain's head at event {statement.last_event}", statement.chain_head),
        ),
    )


# Credit and debit notes.


def note_sheet(note: Correction, document: Document, statement: Statement) -> Sheet:
    """The sheet of a note; parties and tax rate are those of its statement."""
    is_credit = note.kind is DocumentKind.CREDIT
    statement_and_month = f"{statement.number}, {month_name(statement.month)}"
    facts = [
        ("Number", note.number),
        ("Date", day(document.issued_on)),
        ("On statement", statement_and_month),
        ("Campaign", note.campaign),
        ("Your order", visible_text(statement.parties.purchase_order)),
        ("Due", "" if document.due_on is None else day(document.due_on)),
    ]
    about = f"{note.period} {note.reason}".strip()
    rows = [("Net", note.amount)]
    if note.vat or statement.parties.vat_rate != "0":
        rows.append((f"VAT {statement.parties.vat_rate} %", note.vat))
    rows.append(("Credited to you" if is_credit else "To pay", note.amount + note.vat))
    return Sheet(
        title=f"{note.kind.capitalize()} {note.number}",
        subtitle=f"on statement {statement_and_month}",
        sides=(side("From", statement.parties.supplier), side("To", statement.parties.customer)),
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
        totals=tuple((name, show_money(amount, note.currency)) for name, amount in rows),
        sections=(_note_payment(note, document, statement),),
        proof="",
    )


def _note_payment(note: Correction, document: Document, statement: Statement) -> Section:
    if document.due_on is None:
        text = (
            f"It lowers the open amount of {statement.number}. What you paid beyond that is "
            "deducted from the oldest of your open documents, or else from your next statement."
        )
        return Section(
            "What this note does", text, lines=payment_lines(statement.parties, is_due=False)
        )
    text = f"You approved it. Please pay by {day(document.due_on)}, naming {note.number}."
    return Section("Payment", text, lines=payment_lines(statement.parties, is_due=True))


# HTML and PDF. The same sheet gives the same bytes.


_PAGES: Final = printing.pages()
_LAYOUT: Final = printing.LAYOUTS / "sheet.typ"


def to_html(sheet: Sheet) -> str:
    """A complete HTML document; all text is escaped."""
    return _PAGES.get_template("sheet.html").render(sheet=sheet)


def to_pdf(sheet: Sheet) -> bytes:
    """The sheet as PDF. Raises `Refused` for characters that its fonts lack."""
    return printing.to_pdf(_LAYOUT, asdict(sheet), sheet.title)
