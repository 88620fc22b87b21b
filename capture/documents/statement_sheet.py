"""The printed document of a closed month: an invoice or a statement, with a part per campaign."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name

from capture.billing.account import Entry, Settlement, SettlementKind
from capture.billing.lines import LinePrice
from capture.billing.statement import Parties, Statement, StatementLine, StatementPart
from capture.closing.credit import Correction
from capture.documents.agreement.model import day, month_days, month_name, side, visible_text
from capture.documents.sheet import Cell, Section, Sheet, SheetPart, Table
from capture.money import show_money
from capture.text import count_noun

MODELS: Final = {
    "cpl": "cost per lead (CPL)",
    "cpap": "cost per appointment (CPAp)",
    "cpa": "cost per acquisition (CPA)",
    "revenue_share": "share of revenue",
}
EVENTS: Final = {
    "accepted": "Lead accepted",
    "scheduled": "Appointment scheduled",
    "held": "Appointment held",
    "won": "Customer won",
    "revenue": "Revenue",
}
_SOLD: Final = {"won": "first purchase", "revenue": "revenue"}
"""What a percentage is of, by billable event."""
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
    """A letter for each combination of campaign, version and criteria met."""

    def sheet(self) -> Sheet:
        statement = self.statement
        kind = _DOCUMENTS[statement.parties.document]
        parts = tuple(map(self.part, statement.parts))
        sections = (
            self.payment(),
            None if self.account is None else _settlement_section(statement, self.account),
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
            parts=parts,
            totals=self.totals(),
            sections=tuple(section for section in sections if section is not None),
            proof=self.digest,
        )

    def facts(self) -> tuple[tuple[str, str], ...]:
        statement = self.statement
        facts = [
            ("Number", statement.number or "given at the close"),
            ("Date", day(statement.issued_on)),
            ("Period", month_days(statement.month)),
            ("Due", day(statement.due_on)),
            ("Your order", visible_text(statement.parties.purchase_order)),
        ]
        return tuple((name, value) for name, value in facts if value)

    def part(self, part: StatementPart) -> SheetPart:
        money = show_money(part.total, self.statement.currency)
        lines = count_noun(len(part.lines), "line")
        rows = tuple(self.row(part, line) for line in part.lines)
        return SheetPart(
            table=Table(("Lead", "Paid for", "Price", "Terms", "Amount"), rows),
            title=visible_text(part.title),
            text=f"Campaign {part.campaign}, {MODELS[part.model]}. Days are those of "
            f"{zone_name(part.time_zone)}.",
            total=(f"Sum of {lines}", money),
        )

    def row(self, part: StatementPart, line: StatementLine) -> tuple[Cell, ...]:
        zone = ZoneInfo(part.time_zone)
        reference = visible_text(self.references.get(line.lead_id, ""))
        received = f"received {_date(line.received_at, zone)}"
        lead = (
            Cell(reference, f"{line.lead_id}; {received}")
            if reference
            else Cell(line.lead_id, received, code=True)
        )
        price, reduced = show_price(line, self.statement.currency)
        return (
            lead,
            Cell(_paid_for(line), "; ".join(_details(line, zone))),
            Cell(price, reduced),
            Cell(self.letter(part, line)),
            Cell(show_money(line.amount, self.statement.currency)),
        )

    def letter(self, part: StatementPart, line: StatementLine) -> str:
        terms = part.campaign, line.version, tuple(met.rule for met in line.met)
        return self.letters.setdefault(terms, _letters(len(self.letters)))

    def totals(self) -> tuple[tuple[str, str], ...]:
        statement = self.statement
        lines = count_noun(len(statement.lines), "line")
        rows = [(f"Net total of {lines}", statement.total)]
        if statement.vat or statement.parties.vat_rate != "0":
            rows.append((f"VAT {statement.parties.vat_rate} %", statement.vat))
        if statement.brought_forward:
            rows.append(("Total", statement.gross))
            rows.append(("Credit brought forward", statement.brought_forward))
        if statement.credit_left:
            rows.append(("Credit carried forward", statement.credit_left))
        rows.append(("To pay", statement.to_pay))
        return tuple((name, show_money(amount, statement.currency)) for name, amount in rows)

    def payment(self) -> Section:
        statement = self.statement
        if statement.to_pay:
            money = show_money(statement.to_pay, statement.currency)
            text = f"Please pay {money} by {day(statement.due_on)}"
            text += f". Quote reference {statement.number}." if statement.number else "."
        else:
            text = "There is nothing to pay."
        if statement.parties.document == "statement":
            text += " This statement is not an invoice; the invoice follows separately."
        lines = payment_lines(statement.parties, is_due=bool(statement.to_pay))
        return Section("Payment", text, lines=lines)

    def criteria(self) -> Section | None:
        if not self.letters:
            return None
        lines = tuple(
            f"{letter}: {'; '.join(map(visible_text, rules)) or 'no criteria'}. "
            f"{campaign}, version {version[:12]}."
            for (campaign, version, rules), letter in self.letters.items()
        )
        text = (
            "Each lead meets every criterion of its campaign's terms. The letter in the column "
            "Terms says which terms those were when the lead was received:"
        )
        return Section("What each lead met", text, lines=lines)

    def not_billed(self) -> Section:
        lines = []
        for part in self.statement.parts:
            counts = part.counts
            lines.append(
                f"{visible_text(part.title)}: {count_noun(counts.in_review, 'lead')} in review "
                "at the close, which may be on a later document; "
                f"{count_noun(counts.over_cap_refused, 'lead')} refused over a cap; "
                f"{count_noun(counts.over_cap_free, 'lead')} delivered over a cap, free of charge."
            )
        return Section("Not on this document", lines=tuple(lines))


def zone_name(name: str) -> str:
    """The zone in words and its IANA name: `Eastern Time (America/New_York)`."""
    words: str = get_timezone_name(ZoneInfo(name), width="long", locale="en")
    if "Unknown Region" in words:  # CLDR has no name for UTC and a few others
        return "Coordinated Universal Time (UTC)" if name in {"UTC", "Etc/UTC"} else name
    return f"{words} ({name})"


def show_price(line: StatementLine, currency: str) -> tuple[str, str]:
    """How the amount is computed, and what reduced it. A reader can do the same by hand.

    `$50.00`; `15 % of $850.00` with `revenue $1,000.00, refunded $150.00`;
    `$200.00 x $750.00 / $1,000.00` with `first purchase $1,000.00, refunded $250.00`.
    """
    price = line.price
    text = _formula(price, currency)
    reduced = []
    if price.refunded:
        sold = show_money(price.sold or 0, currency)
        refunded = show_money(price.refunded, currency)
        reduced.append(f"{_SOLD[line.event]} {sold}, refunded {refunded}")
    elif price.rate is None:
        reduced.append(_SOLD[line.event])
    if line.free_over_cap:
        reduced.append("no charge: monthly budget reached")
    return text, "; ".join(reduced)


def _formula(price: LinePrice, currency: str) -> str:
    base = show_money(price.base or 0, currency)
    if price.rate is None:
        return f"{price.percent} % of {base}"
    rate = show_money(price.rate, currency)
    return f"{rate} x {base} / {show_money(price.sold or 0, currency)}" if price.refunded else rate


def _letters(place: int) -> str:
    """A to Z, then AA, AB ..."""
    head, tail = divmod(place, 26)
    return (_letters(head - 1) if head else "") + chr(ord("A") + tail)


def _paid_for(line: StatementLine) -> str:
    period = f" from {day(date.fromisoformat(line.period))}" if line.period else ""
    return f"{EVENTS[line.event]}{period}"


def _details(line: StatementLine, zone: ZoneInfo) -> Iterator[str]:
    yield _date(line.event_at, zone)
    if line.entered:
        yield "entered by the agency for the client, who did not object in time"
    elif line.by_silence:
        yield "accepted automatically at the deadline"
    else:
        yield "accepted by client"
    if _date(line.due_at, zone) != _date(line.event_at, zone):
        yield f"billable since {_date(line.due_at, zone)}"
    if line.late:
        yield "belongs to an earlier, closed month"


def _date(moment: datetime, zone: ZoneInfo) -> str:
    return day(moment.astimezone(zone).date())


def payment_lines(parties: Parties, *, is_due: bool) -> tuple[str, ...]:
    """The bank details if something is due, and the tax note."""
    lines = [*(parties.payment if is_due else ()), parties.vat_note]
    return tuple(visible_text(line) for line in lines if line)


# What changed the open amount since the close.


def _settlement_section(statement: Statement, account: SheetAccount) -> Section | None:
    """Each payment, note and credit that changed the open amount; None if there was none."""
    entry, currency = account.entry, statement.currency
    if not entry.settlements:
        return None
    corrections = {correction.number: correction for correction in account.corrections}
    rows = tuple(
        (
            Cell(day(settlement.on)),
            Cell(_settled_by(settlement), _about(corrections.get(settlement.reference), currency)),
            Cell(settlement.reference, code=True),
            Cell(show_money(-settlement.amount, currency)),
        )
        for settlement in entry.settlements
    )
    text = (
        f"{show_money(entry.open, currency)} of {show_money(statement.gross, currency)} is open. "
        "A negative amount reduces what is due, a positive one adds to it."
    )
    return Section("Settlement", text, table=Table(("Date", "Entry", "Reference", "Amount"), rows))


def _settled_by(settlement: Settlement) -> str:
    match settlement.kind:
        case SettlementKind.PAYMENT:
            return "Payment received" if settlement.amount > 0 else "Payment returned"
        case SettlementKind.CREDIT:
            return "Credit note"
        case SettlementKind.SURPLUS:
            return "Credit from another document"
        case SettlementKind.CARRIED if settlement.reference:
            return "Credit moved to another document"
        case SettlementKind.CARRIED:
            return "Credit carried forward to the next document"


def _about(correction: Correction | None, currency: str) -> str:
    if correction is None:
        return ""
    lead = f"lead {correction.lead_id} {correction.period}".rstrip()
    vat = f"; VAT {show_money(correction.vat, currency)} in it" if correction.vat else ""
    return f"{lead}: {correction.reason}{vat}"


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
