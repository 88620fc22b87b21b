"""Invoices, credit notes and debit notes as e-invoices (EN 16931).

All of it comes from the frozen statement and its notes. Lines name leads by id; a name that the
client knows is added only if the client's file chose one for its printed documents.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision
from dateutil.relativedelta import relativedelta

from capture.billing.account import Document, DocumentKind
from capture.billing.statement import Parties, Party, Statement, StatementLine, StatementPart
from capture.campaign.client import VatCategory
from capture.closing.credit import Correction
from capture.documents.agreement.model import day
from capture.documents.einvoice_requirements import check_einvoice
from capture.documents.en16931 import (
    CREDIT_NOTE,
    DEBIT_NOTE,
    INVOICE,
    EInvoice,
    InvoiceLine,
    TradeParty,
    Vat,
)
from capture.documents.statement_sheet import (
    EVENTS,
    line_details,
    paid_for,
    period_words,
    reason_words,
    zone_name,
)
from capture.errors import Refused
from capture.money import from_minor, show_money

_CATEGORIES: Final[Mapping[str, str]] = {
    VatCategory.STANDARD: "S",
    VatCategory.ZERO: "Z",
    VatCategory.EXEMPT: "E",
    VatCategory.REVERSE_CHARGE: "AE",
    VatCategory.EXPORT: "G",
    VatCategory.NOT_SUBJECT: "O",
}
"""The codes of VAT categories (UNTDID 5305)."""
_WITHOUT_REASON: Final = frozenset({VatCategory.STANDARD, VatCategory.ZERO})
_MOST_ADDRESS_LINES: Final = 3


def statement_einvoice(
    statement: Statement, digest: str, references: Mapping[str, str]
) -> EInvoice:
    """The e-invoice of a closed month.

    `digest` is the SHA-256 of the statement's JSON; `references` are as in `statement_sheet`.
    Raises `Refused` if it is no invoice, or if something is missing that the standard requires.
    """
    check_einvoice(statement, statement.number)
    if not statement.lines:
        raise Refused(f"{statement.number} has no line, and an e-invoice needs one; send it as PDF")
    currency = statement.currency
    lines: list[InvoiceLine] = []
    for part in statement.parts:
        for line in part.lines:
            name = references.get(line.lead_id, "")
            lines.append(_line(statement, part, line, str(len(lines) + 1), name))
    return _einvoice(
        statement,
        kind=INVOICE,
        number=statement.number,
        issued_on=statement.issued_on,
        due_on=statement.due_on,
        supplied_on=_month(statement)[1],
        lines=tuple(lines),
        vat=_vat(statement.parties, currency, statement.total, statement.vat),
        prepaid=from_minor(statement.gross - statement.to_pay, currency),
        terms=_payment_terms(
            statement.parties, statement.number, statement.due_on, statement.to_pay, currency
        ),
        notes=tuple(_notes(statement, digest)),
    )


def note_einvoice(
    note: Correction, document: Document, statement: Statement, reference: str = ""
) -> EInvoice:
    """The e-invoice of a credit or debit note. `reference` names the lead, as in `note_sheet`.

    Raises `Refused` if its statement is no invoice, or if something required is missing.
    """
    check_einvoice(statement, note.number)
    currency, is_credit = note.currency, note.kind is DocumentKind.CREDIT
    part, corrected = next(
        (part, line)
        for part in statement.parts
        for line in part.lines
        if (part.campaign, line.lead_id, line.period) == (note.campaign, note.lead_id, note.period)
    )
    line = InvoiceLine(
        id="1",
        name=f"{note.kind.capitalize()}: {EVENTS[corrected.event]}{period_words(note.period)}",
        net=from_minor(note.amount, currency),
        day=None,
        note=reason_words(note.reason).capitalize(),
        description=f"Campaign {part.title}",
        attributes=(
            *_lead_attributes(note.lead_id, reference),
            ("Reason", note.reason),
            ("Corrected document", statement.number),
            ("Amount on that document", _plain(corrected.amount, currency)),
        ),
    )
    terms = (
        f"It reduces the amount due on {statement.number}."
        if is_credit
        else _payment_terms(
            statement.parties,
            note.number,
            document.due_on or document.issued_on,
            document.gross,
            currency,
        )
    )
    return _einvoice(
        statement,
        kind=CREDIT_NOTE if is_credit else DEBIT_NOTE,
        number=note.number,
        issued_on=document.issued_on,
        due_on=document.due_on,
        supplied_on=_month(statement)[1],
        lines=(line,),
        vat=_vat(statement.parties, currency, note.amount, note.vat),
        prepaid=Decimal(0),
        terms=terms,
        notes=tuple(_tax_notes(statement.parties)),
        corrects=((statement.number, statement.issued_on),),
    )


def _einvoice(  # noqa: PLR0913 - the fields that invoices and notes do not share
    statement: Statement,
    *,
    kind: str,
    number: str,
    issued_on: date,
    due_on: date | None,
    supplied_on: date,
    lines: tuple[InvoiceLine, ...],
    vat: Vat,
    prepaid: Decimal,
    terms: str,
    notes: tuple[str, ...],
    corrects: tuple[tuple[str, date], ...] = (),
) -> EInvoice:
    parties = statement.parties
    return EInvoice(
        kind=kind,
        number=number,
        issued_on=issued_on,
        due_on=due_on,
        currency=statement.currency,
        decimals=get_currency_precision(statement.currency),
        period=_month(statement),
        supplied_on=supplied_on,
        seller=_seller(parties.supplier),
        buyer=_trade_party(parties.customer),
        lines=lines,
        vat=vat,
        prepaid=prepaid,
        purchase_order=parties.purchase_order,
        buyer_reference=parties.buyer_reference,
        terms=terms,
        notes=notes,
        corrects=corrects,
        iban=parties.iban,
        bic=parties.bic if parties.iban else "",
    )


def _month(statement: Statement) -> tuple[date, date]:
    first = date.fromisoformat(f"{statement.month}-01")
    return first, first + relativedelta(day=31)


def _line(
    statement: Statement, part: StatementPart, line: StatementLine, id_: str, reference: str
) -> InvoiceLine:
    zone, currency = ZoneInfo(part.time_zone), statement.currency
    details = [*([paid_for(line)] if line.event == "accepted" else ()), *line_details(line, zone)]
    if line.free_over_cap:
        details.append("no charge: monthly budget reached")
    return InvoiceLine(
        id=id_,
        name=f"{EVENTS[line.event]}{period_words(line.period)}",
        net=from_minor(line.amount, currency),
        # A line's day must lie in the document's period; a late line's day does not.
        day=None if line.late else _day(line.due_at, zone),
        note="; ".join(details),
        description=f"Campaign {part.title}",
        attributes=(
            *_lead_attributes(line.lead_id, reference),
            ("Date", _day(line.event_at, zone).isoformat()),
            ("Lead received", _day(line.received_at, zone).isoformat()),
            ("Campaign", part.campaign),
            ("Campaign version", line.version),
            *_price_attributes(line, currency),
            *(("Criterion met", met.rule) for met in line.met),
        ),
    )


def _lead_attributes(lead_id: str, reference: str) -> tuple[tuple[str, str], ...]:
    by_id = ("Lead reference", lead_id)
    return (by_id, ("Lead", reference)) if reference else (by_id,)


def _price_attributes(line: StatementLine, currency: str) -> Iterator[tuple[str, str]]:
    """How the amount is computed: the rate, or the share of a base."""
    price = line.price
    if price.rate is None:
        yield "Share", f"{price.percent} %"
    else:
        yield "Rate", _plain(price.rate, currency)
    if price.sold is not None:
        yield "Sold", _plain(price.sold, currency)
        if price.refunded:
            yield "Refunded", _plain(price.refunded, currency)
        yield "Base", _plain(price.base or 0, currency)


def _plain(minor: int, currency: str) -> str:
    return f"{from_minor(minor, currency):f} {currency}"


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _vat(parties: Parties, currency: str, net: int, vat: int) -> Vat:
    has_reason = parties.vat_category not in _WITHOUT_REASON
    return Vat(
        category=_CATEGORIES[parties.vat_category],
        rate=Decimal(parties.vat_rate),
        base=from_minor(net, currency),
        amount=from_minor(vat, currency),
        reason=parties.vat_note if has_reason else "",
        reason_code=parties.vat_reason_code if has_reason else "",
    )


def _payment_terms(parties: Parties, number: str, due_on: date, to_pay: int, currency: str) -> str:
    if not to_pay:
        return "There is nothing to pay."
    text = f"Please pay {show_money(to_pay, currency)} by {day(due_on)}. Quote reference {number}."
    return " ".join((text, "; ".join(parties.payment))).rstrip()


def _notes(statement: Statement, digest: str) -> Iterator[str]:
    currency = statement.currency
    yield from _tax_notes(statement.parties)
    for zone in dict.fromkeys(part.time_zone for part in statement.parts if part.lines):
        titles = ", ".join(
            part.title for part in statement.parts if part.lines and part.time_zone == zone
        )
        yield f"Days of {titles} are those of {zone_name(zone)}."
    if statement.brought_forward:
        yield f"Credit brought forward: {show_money(-statement.brought_forward, currency)}."
    if statement.credit_left:
        yield f"Credit carried forward: {show_money(statement.credit_left, currency)}."
    yield (
        f"The same lines are in {statement.number}.json, whose SHA-256 is {digest}. "
        f"Chain's head at event {statement.last_event}: {statement.chain_head}."
    )


def _tax_notes(parties: Parties) -> Iterator[str]:
    """The tax note, unless it is the reason why no tax is charged, which has its own field."""
    if parties.vat_note and parties.vat_category in _WITHOUT_REASON:
        yield parties.vat_note


def _seller(party: Party) -> TradeParty:
    tax_number = party.tax_id if party.tax_id != party.vat_id else ""
    return _trade_party(party, tax_number)


def _trade_party(party: Party, tax_number: str = "") -> TradeParty:
    scheme, _, endpoint = party.electronic_address.partition(":")
    return TradeParty(
        name=party.name,
        lines=_street(party),
        country=party.country,
        city=party.city,
        postcode=party.postcode,
        endpoint=endpoint,
        endpoint_scheme=scheme,
        vat_id=party.vat_id,
        tax_number=tax_number,
        legal_id=party.legal_id,
        email=party.email,
        phone=party.phone,
    )


def _street(party: Party) -> tuple[str, ...]:
    """The lines of the address above the one with the city, as at most three lines."""
    lines = list(party.address)
    if party.city:
        city = party.city.casefold()
        at = next((at for at, line in enumerate(lines) if city in line.casefold()), len(lines))
        lines = lines[:at]
    last = _MOST_ADDRESS_LINES - 1
    return (*lines[:last], ", ".join(lines[last:])) if len(lines) > last else tuple(lines)
