"""E-invoices: the fields of the European standard EN 16931, and their XML as CII or UBL.

The comments name fields by their numbers in the standard: BT for a value, BG for a group. Amounts
are `Decimal` and become text; no float ever holds money.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from capture.documents.agreement.model import visible_text

Syntax = Literal["cii", "ubl"]
"""The two XML formats of the standard: UN/CEFACT Cross Industry Invoice, OASIS UBL 2.1."""

INVOICE: Final = "380"
CREDIT_NOTE: Final = "381"
DEBIT_NOTE: Final = "383"


@dataclass(frozen=True, slots=True)
class TradeParty:
    """The seller or the buyer."""

    name: str
    lines: tuple[str, ...]
    """Up to three lines of the street address."""
    country: str
    city: str = ""
    postcode: str = ""
    endpoint: str = ""
    """Electronic address, without its scheme (BT-34, BT-49)."""
    endpoint_scheme: str = ""
    vat_id: str = ""
    tax_number: str = ""
    """The seller's only (BT-32)."""
    legal_id: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Vat:
    """The tax of a document; all its lines have the same."""

    category: str
    """S, Z, E, AE, G or O (UNTDID 5305)."""
    rate: Decimal
    """Percent."""
    base: Decimal
    amount: Decimal
    reason: str = ""
    reason_code: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line: one unit at a price that is its net amount."""

    id: str
    name: str
    net: Decimal
    day: date | None
    """The day of supply; None outside the document's period."""
    note: str = ""
    description: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class EInvoice:
    """An invoice, credit note or debit note by the standard. Amounts are major units."""

    kind: str
    """380, 381 or 383 (UNTDID 1001)."""
    number: str
    issued_on: date
    due_on: date | None
    currency: str
    decimals: int
    """The currency's number of decimals: 0 to 2."""
    period: tuple[date, date]
    supplied_on: date
    seller: TradeParty
    buyer: TradeParty
    lines: Sequence[InvoiceLine]
    vat: Vat
    prepaid: Decimal
    """Credit that is deducted from the total (BT-113)."""
    purchase_order: str = ""
    buyer_reference: str = ""
    terms: str = ""
    notes: tuple[str, ...] = ()
    corrects: tuple[tuple[str, date], ...] = ()
    """Number and day of each invoice that it corrects (BG-3)."""
    iban: str = ""
    bic: str = ""


def to_xml(invoice: EInvoice, syntax: Syntax) -> bytes:
    """The e-invoice as XML in the profile EN 16931; the same bytes each time."""
    # This import takes half a second.
    from facturx import generate_xml  # noqa: PLC0415

    xml: bytes = generate_xml(
        _without_empty(_fields(invoice)),
        flavor="ubl-2.1" if syntax == "ubl" else "factur-x",
        level="en16931",
        check_xsd=False,
        check_schematron=False,  # it would ask a server, and pass if there is none
    )
    return xml


_NOT_IN_XML: Final = re.compile("[\ufffe\uffff]")


def _without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    """New dicts without empty values; text without characters that XML cannot hold.

    The library writes into the dicts that it gets, and reads an empty text as an amount of 0.
    """
    return {name: _clean(value) for name, value in fields.items() if value}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", visible_text(value))
    if isinstance(value, dict):
        return _without_empty(value)
    return [_without_empty(part) for part in value] if isinstance(value, list) else value


def _fields(invoice: EInvoice) -> dict[str, Any]:
    """The fields by their numbers, in the shape that factur-x reads."""
    vat = invoice.vat
    # A document that is not subject to VAT must not show VAT ids (BR-O-02 to BR-O-04).
    with_vat_ids = vat.category != "O"
    rate = f"{vat.rate:f}" if with_vat_ids else ""
    is_payable = invoice.kind != CREDIT_NOTE

    def money(amount: Decimal) -> str:
        return f"{amount:.{invoice.decimals}f}"

    total = vat.base + vat.amount
    return {
        "BT-1": invoice.number,
        "BT-2": invoice.issued_on,
        "BT-3": invoice.kind,
        "BT-5": invoice.currency,
        "BT-9": invoice.due_on,
        "BT-10": invoice.buyer_reference,
        "BT-13": invoice.purchase_order,
        "BT-20": invoice.terms,
        "BT-72": invoice.supplied_on,  # without it the library writes CII that is not valid
        "BT-73": invoice.period[0],
        "BT-74": invoice.period[1],
        # 58 is a transfer, which needs an account (BR-61); 1 leaves the means open.
        "BT-81": ("58" if invoice.iban else "1") if is_payable else "",
        "BT-83": invoice.number if is_payable else "",
        "BT-84": invoice.iban if is_payable else "",
        "BT-86": invoice.bic if is_payable else "",
        "BT-106": money(vat.base),
        "BT-109": money(vat.base),
        "BT-110": money(vat.amount),
        "BT-112": money(total),
        "BT-113": money(invoice.prepaid) if invoice.prepaid else "",
        "BT-115": money(total - invoice.prepaid),
        "BG-1": [{"BT-22": note} for note in invoice.notes],
        "BG-3": [{"BT-25": number, "BT-26": day} for number, day in invoice.corrects],
        "BG-4": _party(invoice.seller, with_vat_ids=with_vat_ids),
        "BG-7": _party(invoice.buyer, with_vat_ids=with_vat_ids),
        "BG-23": [
            {
                "BT-116": money(vat.base),
                "BT-117": money(vat.amount),
                "BT-118": vat.category,
                "BT-119": rate,
                "BT-120": vat.reason,
                "BT-121": vat.reason_code,
            }
        ],
        "BG-25": [
            {
                "BT-126": line.id,
                "BT-127-00": [{"BT-127": line.note}] if line.note else [],
                "BT-129": "1",
                "BT-130": "C62",  # one
                "BT-131": money(line.net),
                "BT-134": line.day,
                "BT-135": line.day,
                "BT-146": money(line.net),
                "BT-151": vat.category,
                "BT-152": rate,
                "BT-153": line.name,
                "BT-154": line.description,
                "BG-32": [{"BT-160": name, "BT-161": value} for name, value in line.attributes],
            }
            for line in invoice.lines
        ],
    }


def _party(party: TradeParty, *, with_vat_ids: bool) -> dict[str, Any]:
    has_contact = party.email or party.phone
    fields: dict[str, Any] = {
        "name": party.name,
        "einvoicing_addr": party.endpoint,
        "einvoicing_addr_schemeid": party.endpoint_scheme,
        "vat_identifier": party.vat_id if with_vat_ids else "",
        "tax_identifier": party.tax_number,
        "legal_identifier": party.legal_id,
        "country_code": party.country,
        "city": party.city,
        "postcode": party.postcode,
        "contacts": [{"name": party.name, "phone": party.phone, "email": party.email}]
        if has_contact
        else [],
    }
    return fields | {f"addr_l{place}": line for place, line in enumerate(party.lines, 1)}
