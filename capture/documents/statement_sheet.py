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
from capture.documents.agreement.model import Side, count, day, month_name, side, visible_text
from capture.money import show_money

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


# The section that explains how a client can check the statement without trusting the agency.


def checking_section(bill: Statement, digest: str) -> Section:
    """The steps, and the hashes that they need."""
    name = bill.number or "preview"
    steps = (
        "The leads. Each was delivered to you under its id. The evidence file of this statement "
        "holds each of them with its answers, its verdict criterion by criterion, its events and "
        "the agreement that judged it, and nobody else's. Ask for it: "
        f"gatepost evidence {name} -o {name}.db",
        f"The sum. {count(len(bill.lines), 'line')} above, {show_money(bill.total, bill.currency)} "
        "net. Tax is taken once, of the net total, and rounded half to even.",
        f"The text. What was frozen at the close is {name}.json, which we send with this "
        f"statement. Its SHA-256 is below; sha256sum {name}.json must print the same.",
        "The ledger. This prints whether the statement, drawn again from the events, still has "
        f"that hash: gatepost verify --against {name} --hash {digest[:16]}",
        f"The past. The chain's head below is the hash of event {bill.last_event} and of all "
        "events "
        "before it. Keep this page: an event that was changed later would give another head.",
        "A mistake. Say which line. A closed statement is never changed: a credit note gives back, "
        "and a debit note needs your approval.",
    )
    return Section(
        "How to check this statement",
        steps=steps,
        proof=(
            ("SHA-256 of the statement", digest),
            (f"Chain's head at event {bill.last_event}", bill.chain_head),
        ),
    )


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
    bill: Statement, digest: str, entry: Entry | None, corrections: Sequence[Correction]
) -> Sheet:
    """The sheet of a statement. A preview has no account entry, so `entry` is None."""
    marks = _marks(bill)
    return Sheet(
        title=f"Statement {bill.number}" if bill.number else "Preview of a statement",
        subtitle=f"{bill.campaign}, {month_name(bill.month)}",
        sides=(
            side("From", bill.parties.supplier),
            side("To", bill.parties.customer),
        ),
        facts=_facts(bill),
        table=_lines(bill, marks),
        totals=_totals(bill),
        sections=tuple(
            section
            for section in (
                _payment(bill),
                _since(bill, entry, corrections),
                _criteria(marks),
                _not_billed(bill),
                checking_section(bill, digest),
            )
            if section is not None
        ),
        proof=digest,
    )


def _facts(bill: Statement) -> tuple[tuple[str, str], ...]:
    facts = [
        ("Number", bill.number or "given at the close"),
        ("Date", day(bill.issued_on)),
        ("For", f"{month_name(bill.month)}, {bill.time_zone}"),
        ("Campaign", bill.campaign),
        ("Price model", MODELS[bill.model]),
        ("Your order", visible_text(bill.parties.purchase_order)),
        ("Due", day(bill.due_on)),
    ]
    return tuple((name, value) for name, value in facts if value)


Marks = dict[tuple[str, tuple[str, ...]], str]


def _marks(bill: Statement) -> Marks:
    """A letter for each combination of campaign version and criteria met."""
    found: Marks = {}
    for line in bill.lines:
        found.setdefault(_terms(line), _letters(len(found)))
    return found


def _terms(line: StatementLine) -> tuple[str, tuple[str, ...]]:
    return line.version, tuple(met.rule for met in line.met)


def _letters(place: int) -> str:
    """A to Z, then AA, AB ..."""
    head, tail = divmod(place, 26)
    return (_letters(head - 1) if head else "") + chr(ord("A") + tail)


def _lines(bill: Statement, marks: Marks) -> Table:
    zone = ZoneInfo(bill.time_zone)
    rows = tuple(
        (
            Cell(line.lead_id, f"received {_date(line.received_at, zone)}", code=True),
            Cell(_paid_for(line), _details(bill, line, zone)),
            Cell(marks[_terms(line)]),
            Cell(show_money(line.amount, bill.currency)),
        )
        for line in bill.lines
    )
    return Table(("Lead", "Paid for", "Criteria", "Amount"), rows)


def _paid_for(line: StatementLine) -> str:
    period = f" from {day(date.fromisoformat(line.period))}" if line.period else ""
    return f"{EVENTS[line.event]}{period}"


def _details(bill: Statement, line: StatementLine, zone: ZoneInfo) -> str:
    parts = [_date(line.event_at, zone)]
    if _date(line.due_at, zone) != parts[0]:
        parts.append(f"billable since {_date(line.due_at, zone)}")
    if line.base is not None:
        parts.append(f"of {show_money(line.base, bill.currency)}")
    if line.late:
        parts.append("late: its own month was closed")
    if line.entered:
        parts.append("entered by the agency for the client, who did not object in time")
    if line.free_over_cap:
        parts.append("free: over the cap on money")
    return "; ".join(parts)


def _date(moment: datetime, zone: ZoneInfo) -> str:
    return day(moment.astimezone(zone).date())


def _totals(bill: Statement) -> tuple[tuple[str, str], ...]:
    rows = [(f"Net total of {count(len(bill.lines), 'line')}", bill.total)]
    if bill.vat or bill.parties.vat_rate != "0":
        rows.append((f"VAT {bill.parties.vat_rate} %", bill.vat))
    if bill.brought_forward:
        rows += [("Total", bill.gross), ("To your credit before", bill.brought_forward)]
    if bill.credit_left:
        rows.append(("Still to your credit", bill.credit_left))
    rows.append(("To pay", bill.to_pay))
    return tuple((name, show_money(amount, bill.currency)) for name, amount in rows)


def _payment(bill: Statement) -> Section:
    if bill.to_pay:
        text = f"Please pay {show_money(bill.to_pay, bill.currency)} by {day(bill.due_on)}"
        text += f", naming {bill.number}." if bill.number else "."
    else:
        text = "Nothing is to be paid on this statement."
    return Section("Payment", text, lines=payment_lines(bill.parties, asked=bool(bill.to_pay)))


def payment_lines(parties: Parties, *, asked: bool) -> tuple[str, ...]:
    """Payment details if `asked`, and the tax note."""
    lines = [*(parties.payment if asked else ()), parties.vat_note]
    return tuple(visible_text(line) for line in lines if line)


def _since(
    bill: Statement, entry: Entry | None, corrections: Sequence[Correction]
) -> Section | None:
    """Payments and corrections after the close; None if there are none."""
    if entry is None or not (corrections or entry.paid or entry.offset):
        return None
    currency = bill.currency
    parts = [f"{show_money(entry.open, currency)} of this statement is open."]
    if entry.paid:
        parts.insert(0, f"{show_money(entry.paid, currency)} was paid.")
    rows = tuple(
        (
            Cell(one.number, str(one.kind), code=True),
            Cell(one.lead_id, f"{one.period} {one.reason}".strip(), code=True),
            Cell(_signed(one, one.vat)),
            Cell(_signed(one, one.amount + one.vat)),
        )
        for one in corrections
    )
    table = Table(("Document", "Lead", "VAT in it", "Amount"), rows) if rows else None
    return Section("Since the close", " ".join(parts), table=table)


def _signed(one: Correction, amount: int) -> str:
    sign = -1 if one.kind is DocumentKind.CREDIT else 1
    return show_money(sign * amount, one.currency)


def _criteria(marks: Marks) -> Section | None:
    if not marks:
        return None
    steps = tuple(
        f"{letter}: {'; '.join(map(visible_text, rules)) or 'no criteria'}. "
        f"Campaign version {version[:12]}."
        for (version, rules), letter in marks.items()
    )
    text = "A lead meets every criterion of its campaign version, or it is not on a statement."
    return Section("What each lead met", text, lines=steps)


def _not_billed(bill: Statement) -> Section:
    counts = bill.counts
    return Section(
        "Not on this statement",
        f"{count(counts.in_review, 'lead')} in review at the close, which may stand on a later "
        f"one; {count(counts.over_cap_refused, 'lead')} refused over a cap; "
        f"{count(counts.over_cap_free, 'lead')} delivered over a cap for free.",
    )


# HTML and PDF. The same sheet gives the same bytes.


_PAGES: Final = printing.pages()
_LAYOUT: Final = printing.LAYOUTS / "sheet.typ"


def to_html(sheet: Sheet) -> str:
    """A complete HTML document; all text is escaped."""
    return _PAGES.get_template("sheet.html").render(sheet=sheet)


def to_pdf(sheet: Sheet) -> bytes:
    """The sheet as PDF. Raises `Refused` for characters that its fonts lack."""
    return printing.to_pdf(_LAYOUT, asdict(sheet), sheet.title)


# Credit and debit notes.


def note_sheet(note: Correction, document: Document, bill: Statement) -> Sheet:
    """The sheet of a note; parties and tax rate are those of its statement `bill`."""
    is_credit = note.kind is DocumentKind.CREDIT
    of_bill = f"{bill.number}, {month_name(bill.month)}"
    facts = [
        ("Number", note.number),
        ("Date", day(document.issued_on)),
        ("On statement", of_bill),
        ("Campaign", note.campaign),
        ("Your order", visible_text(bill.parties.purchase_order)),
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
        sections=(_note_payment(note, document, bill),),
        proof="",
    )


def _note_payment(note: Correction, document: Document, bill: Statement) -> Section:
    if document.due_on is None:
        text = (
            f"It lowers what is open of {bill.number}. What you paid beyond that is taken off the "
            "oldest of your open documents, else off your next statement."
        )
        return Section("What it does", text, lines=payment_lines(bill.parties, asked=False))
    text = f"You approved it. Please pay by {day(document.due_on)}, naming {note.number}."
    return Section("Payment", text, lines=payment_lines(bill.parties, asked=True))
