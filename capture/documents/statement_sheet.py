"""The printed document of a closed month: an invoice or a statement, with a part per campaign."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name

from capture.billing.account import Entry, Settlement, SettlementKind
from capture.billing.statement import Parties, Statement, StatementLine, StatementPart
from capture.closing.credit import Correction
from capture.documents.agreement.model import (
    day,
    month_days,
    month_name,
    short_day,
    side,
    visible_text,
)
from capture.documents.price_words import price_of_lines, show_price
from capture.documents.sheet import Cell, Section, Sheet, SheetPart, Table
from capture.money import show_money
from capture.text import count_noun, words_of_code

EVENTS: Final = {
    "accepted": "Lead accepted",
    "scheduled": "Appointment scheduled",
    "held": "Appointment held",
    "won": "Customer won",
    "revenue": "Revenue",
}
_LINE_WIDTHS: Final = (0, 6, 5, 4, 0, 0)
_SETTLEMENT_WIDTHS: Final = (0, 1, 0, 0)
_DOCUMENTS: Final = {"invoice": "Invoice", "statement": "Statement"}


@dataclass(frozen=True, slots=True)
class SheetAccount:
    """What a closed statement's account says now: its entry and the notes that correct it."""

    entry: Entry
    corrections: Sequence[Correction] = ()


def statement_sheet(
    statement: Statement,
    digest: str,
    account: SheetAccount | None = None,
    references: Mapping[str, str] | None = None,
) -> Sheet:
    """The document of a closed month, or of a preview if it has no number and no `account`.

    `digest` is the SHA-256 of its JSON. `references` are the names of leads by id that the client
    knows, such as companies; a lead without one is named by its id.
    """
    return _StatementSheet(statement, digest, account, references or {}).sheet()


@dataclass(frozen=True)
class _StatementSheet:
    statement: Statement
    digest: str
    account: SheetAccount | None
    references: Mapping[str, str]
    letters: dict[tuple[str, str, tuple[str, ...]], str] = field(default_factory=dict)
    """A letter for each combination of campaign title, version and criteria met."""

    def sheet(self) -> Sheet:
        statement = self.statement
        kind = _DOCUMENTS[statement.parties.document]
        parts = tuple(map(self.part, self.billed_parts))
        sections = (
            self.settlements(),
            self.criteria(),
            self.not_billed(),
            checking_section(statement, self.digest),
        )
        return Sheet(
            title=f"{kind} {statement.number}" if statement.number else f"Preview: {kind.lower()}",
            subtitle=month_name(statement.month),
            sides=(
                side("From", statement.parties.supplier),
                side("To", statement.parties.customer),
            ),
            facts=self.facts(),
            totals=self.totals(),
            payment=self.payment(),
            parts=parts,
            sections=tuple(section for section in sections if section is not None),
            proof=self.digest,
        )

    @property
    def billed_parts(self) -> list[StatementPart]:
        """The campaigns with lines."""
        return [part for part in self.statement.parts if part.lines]

    def facts(self) -> tuple[tuple[str, str], ...]:
        statement = self.statement
        facts = [
            ("Number", statement.number or "given at the close"),
            ("Date", day(statement.issued_on)),
            ("Period", month_days(statement.month)),
            ("Due", day(statement.due_on)),
            ("Purchase order", visible_text(statement.parties.purchase_order)),
        ]
        return tuple((name, value) for name, value in facts if value)

    def part(self, part: StatementPart) -> SheetPart:
        currency = self.statement.currency
        columns = ("Date", "Lead", "Paid for", "Price", "Terms", "Amount")
        rows = tuple(self.row(part, line) for line in part.lines)
        total = f"Sum of {count_noun(len(part.lines), 'line')}", show_money(part.total, currency)
        return SheetPart(
            table=Table(columns, rows, _LINE_WIDTHS, total),
            title=visible_text(part.title),
            text=f"{price_of_lines(part.model, part.lines, currency)}. Campaign {part.campaign}. "
            f"Days are those of {zone_name(part.time_zone)}.",
        )

    def row(self, part: StatementPart, line: StatementLine) -> tuple[Cell, ...]:
        zone = ZoneInfo(part.time_zone)
        price, note = show_price(line, self.statement.currency)
        return (
            Cell(_date(line.event_at, zone)),
            self.lead(line.lead_id, f"received {_date(line.received_at, zone)}"),
            Cell(paid_for(line), "; ".join(line_details(line, zone))),
            Cell(price, note),
            Cell(self.letter(part, line)),
            Cell(show_money(line.amount, self.statement.currency)),
        )

    def lead(self, lead_id: str, note: str) -> Cell:
        return lead_cell(lead_id, self.references.get(lead_id, ""), note)

    def letter(self, part: StatementPart, line: StatementLine) -> str:
        terms = visible_text(part.title), line.version, tuple(met.rule for met in line.met)
        return self.letters.setdefault(terms, _letters(len(self.letters)))

    def totals(self) -> tuple[tuple[str, str], ...]:
        statement = self.statement
        parts = self.billed_parts
        rows = []
        if len(parts) > 1:
            rows = [
                (f"{visible_text(part.title)}, {count_noun(len(part.lines), 'line')}", part.total)
                for part in parts
            ]
        rows.append((f"Net total of {count_noun(len(statement.lines), 'line')}", statement.total))
        has_vat = statement.vat or statement.parties.vat_rate != "0"
        if has_vat:
            rows.append((f"VAT {statement.parties.vat_rate} %", statement.vat))
        if has_vat or statement.brought_forward:
            rows.append(("Total", statement.gross))
        if statement.brought_forward:
            rows.append(("Credit brought forward", statement.brought_forward))
        if statement.credit_left:
            rows.append(("Credit carried forward", statement.credit_left))
        rows.append(("To pay", statement.to_pay))
        return tuple((name, show_money(amount, statement.currency)) for name, amount in rows)

    def payment(self) -> Section:
        statement = self.statement
        text = self.payment_text()
        if statement.parties.document == "statement":
            text += " This statement is not an invoice; the invoice follows separately."
        return Section("Payment", text, lines=payment_lines(statement.parties, self.open_amount))

    @property
    def open_amount(self) -> int:
        """What is still to be paid: in a preview or at the close, the amount to pay."""
        return self.statement.to_pay if self.account is None else self.account.entry.open

    def payment_text(self) -> str:
        statement, open_amount = self.statement, self.open_amount
        if not open_amount:
            is_settled = bool(statement.to_pay)
            return "This is settled: nothing is open." if is_settled else "There is nothing to pay."
        money = show_money(open_amount, statement.currency)
        due = day(statement.due_on)
        if open_amount == statement.to_pay:
            text = f"Please pay {money} by {due}."
        else:
            text = f"Please pay the open amount of {money} by {due}; see the settlement below."
        return f"{text} Quote reference {statement.number}." if statement.number else text

    def settlements(self) -> Section | None:
        """Each payment, note and credit that changed the open amount; None if there was none."""
        if self.account is None or not self.account.entry.settlements:
            return None
        entry, currency = self.account.entry, self.statement.currency
        corrections = {note.number: note for note in self.account.corrections}
        rows = tuple(
            (
                Cell(short_day(settlement.on)),
                Cell(
                    self.settled_by(settlement), self.reason(corrections.get(settlement.reference))
                ),
                Cell(settlement.reference, code=True),
                Cell(show_money(-settlement.amount, currency)),
            )
            for settlement in entry.settlements
        )
        text = (
            f"{show_money(entry.open, currency)} of {show_money(self.statement.gross, currency)} "
            "is open. A negative amount reduces what is due, a positive one adds to it."
        )
        columns = ("Date", "Entry", "Reference", "Amount")
        return Section("Settlement", text, table=Table(columns, rows, _SETTLEMENT_WIDTHS))

    def settled_by(self, settlement: Settlement) -> str:
        match settlement.kind:
            case SettlementKind.PAYMENT:
                return "Payment received" if settlement.amount > 0 else "Payment returned"
            case SettlementKind.CREDIT:
                return "Credit note"
            case SettlementKind.SURPLUS if (
                self.statement.brought_forward and settlement.on == self.statement.issued_on
            ):
                return "Credit brought forward"
            case SettlementKind.SURPLUS:
                return "Credit from another document"
            case SettlementKind.CARRIED if settlement.reference:
                return "Credit moved to another document"
            case SettlementKind.CARRIED:
                return "Credit carried forward to the next document"

    def reason(self, note: Correction | None) -> str:
        """What a note corrects, and why; empty without a note."""
        if note is None:
            return ""
        lead = visible_text(self.references.get(note.lead_id, "")) or note.lead_id
        vat = f", including VAT {show_money(note.vat, note.currency)}" if note.vat else ""
        return f"{lead}{period_words(note.period)}: {reason_words(note.reason)}{vat}"

    def criteria(self) -> Section | None:
        if not self.letters:
            return None
        lines = tuple(
            f"{letter}: {'; '.join(map(visible_text, rules)) or 'no criteria'}. "
            f"{title}, version {version[:12]}."
            for (title, version, rules), letter in self.letters.items()
        )
        text = (
            "Each lead meets every criterion of its campaign's terms. The letter in the column "
            "Terms says which terms those were when the lead was received:"
        )
        return Section("What each lead met", text, lines=lines)

    def not_billed(self) -> Section:
        counts = [(part.title, _unbilled_words(part)) for part in self.statement.parts]
        lines = tuple(f"{visible_text(title)}: {words}." for title, words in counts if words)
        text = "" if lines else "No lead was in review at the close, and none came over a cap."
        return Section("Not on this document", text, lines=lines)


def _unbilled_words(part: StatementPart) -> str:
    """The leads without a line, in words; empty if there are none."""
    counts = part.counts
    words = (
        (counts.in_review, "in review at the close, which may be on a later document"),
        (counts.over_cap_refused, "refused over a cap"),
        (counts.over_cap_free, "delivered over a cap, free of charge"),
        (len(part.parked), "not billed yet, because the amount could not be computed"),
    )
    return "; ".join(f"{count_noun(count, 'lead')} {text}" for count, text in words if count)


def zone_name(name: str) -> str:
    """The zone in words and its IANA name: `Eastern Time (America/New_York)`."""
    words: str = get_timezone_name(ZoneInfo(name), width="long", locale="en")
    if "Unknown Region" in words:  # CLDR has no name for UTC and a few others
        return "Coordinated Universal Time (UTC)" if name in {"UTC", "Etc/UTC"} else name
    return f"{words} ({name})"


def _letters(place: int) -> str:
    """A to Z, then AA, AB ..."""
    head, tail = divmod(place, 26)
    return (_letters(head - 1) if head else "") + chr(ord("A") + tail)


def paid_for(line: StatementLine) -> str:
    """What the client pays for: `Lead accepted`, `Revenue from 15 November 2026`."""
    if line.event == "accepted":
        return _accepted(line).capitalize()
    return f"{EVENTS[line.event]}{period_words(line.period)}"


def period_words(period: str) -> str:
    """` from 15 November 2026`, to follow the name of a period of revenue; empty without one."""
    return f" from {day(date.fromisoformat(period))}" if period else ""


def _accepted(line: StatementLine) -> str:
    if line.by_silence:
        return "accepted automatically at the deadline"
    return "accepted" if line.entered else "accepted by client"


def line_details(line: StatementLine, zone: ZoneInfo) -> Iterator[str]:
    """The line's day, who accepted, and what else a reader needs in order to check it."""
    if line.entered:
        yield "entered by the agency for the client, who did not object in time"
    elif line.event != "accepted":
        yield _accepted(line)
    if _date(line.due_at, zone) != _date(line.event_at, zone):
        yield f"billable since {_date(line.due_at, zone)}"
    if line.late:
        yield "belongs to an earlier, closed month"


def _date(moment: datetime, zone: ZoneInfo) -> str:
    return short_day(moment.astimezone(zone).date())


def lead_cell(lead_id: str, reference: str, note: str = "") -> Cell:
    """The lead by its reference, with its id below; by its id if it has no reference."""
    if not reference:
        return Cell(lead_id, note, code=True)
    return Cell(visible_text(reference), "; ".join(filter(None, (lead_id, note))))


def payment_lines(parties: Parties, open_amount: int) -> tuple[str, ...]:
    """The bank details if an amount is open, and the tax note."""
    lines = [*(_bank_details(parties) if open_amount else ()), parties.vat_note]
    return tuple(visible_text(line) for line in lines if line)


def _bank_details(parties: Parties) -> Iterator[str]:
    """The lines from the settings, and the account of e-invoices if they do not name it."""
    yield from parties.payment
    if parties.iban and parties.iban not in "".join(parties.payment).replace(" ", ""):
        yield f"IBAN {parties.iban}" + (f", BIC {parties.bic}" if parties.bic else "")


def reason_words(code: str) -> str:
    """A reason's code as words: `too_small` is `too small`."""
    return visible_text(words_of_code(code))


# How to check the document without trusting the agency, and without its software.


def checking_section(statement: Statement, digest: str) -> Section:
    """The steps, and the hashes that they need."""
    name = statement.number or "preview"
    total = show_money(statement.total, statement.currency)
    steps = (
        "The sums. The column Price says how each amount is computed; half a unit is rounded to "
        f"the even digit. The amounts add up to {total}, the net total. Tax is computed once, on "
        "the net total, and rounded in the same way.",
        f"The text. What was frozen when the month was closed is the file {name}.json, which we "
        "send with this document. It holds the same lines, with amounts in the smallest unit of "
        f"the currency. Its SHA-256 is below: sha256sum {name}.json prints the same.",
        f"The leads. The evidence file {name}.db holds each of these leads, and nobody else's, "
        "with its answers, its verdict criterion by criterion, its events, and the agreement that "
        "judged it. Any program that opens SQLite files can read it; its table read_me says how. "
        "Ask us for it.",
        f"The past. The chain's head below is the hash of event {statement.last_event} and "
        "covers all events before it. Keep this page: if an event is changed later, the head is "
        "different.",
        "A mistake. Tell us which line is wrong. A closed month is never changed: a credit "
        "note gives money back, and a debit note needs your approval.",
    )
    return Section(
        "How to check this document",
        steps=steps,
        proof=(
            (f"SHA-256 of {name}.json", digest),
            (f"Chain's head at event {statement.last_event}", statement.chain_head),
        ),
    )
