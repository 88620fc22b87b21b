"""Invoices and notes as e-invoices: what the XML says, and what is refused."""

import json
import logging
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, get_args

import pytest

from capture.billing.account import DocumentKind
from capture.billing.lines import LinePrice
from capture.billing.statement import Parties, Statement, StatementLine
from capture.campaign.e_invoicing import ADDRESS_SCHEMES, REASON_CODES
from capture.closing.credit import Correction
from capture.documents.einvoice import note_einvoice, statement_einvoice
from capture.documents.en16931 import Syntax, to_xml
from capture.errors import Refused
from tests.capture.documents.einvoices import (
    EU_PARTIES,
    INVOICE,
    TAXES,
    codes_in_rules,
    problems,
    read_xml,
    taxed,
    xml_of,
)
from tests.capture.documents.statements import (
    CREDIT,
    DIGEST,
    LINE,
    PART,
    document,
    line,
    sold_line,
)
from tests.samples import PARTIES

SYNTAXES: tuple[Syntax, ...] = get_args(Syntax)
CREDIT_NOTE = replace(CREDIT, currency="EUR")
DEBIT_NOTE = replace(CREDIT_NOTE, kind=DocumentKind.DEBIT)

pytestmark = pytest.mark.parametrize("syntax", SYNTAXES)


@pytest.fixture(autouse=True)
def _no_field_is_dropped(caplog: pytest.LogCaptureFixture) -> object:
    """The library logs a warning when it drops a field that the profile does not know."""
    caplog.set_level(logging.WARNING)
    yield
    assert caplog.records == []


def with_line(changed: StatementLine, statement: Statement = INVOICE) -> Statement:
    return replace(statement, parts=[replace(PART, lines=[changed])])


def note_xml(note: Correction, syntax: Syntax, statement: Statement = INVOICE) -> bytes:
    return to_xml(note_einvoice(note, document(2, note.kind, 2380), statement), syntax)


@pytest.mark.parametrize("category", TAXES)
def test_an_invoice_is_valid_in_every_vat_category(syntax: Syntax, category: str) -> None:
    xml = xml_of(replace(INVOICE, parties=taxed(category)), syntax)
    assert problems(xml) == []
    read = read_xml(xml)
    vat = Decimal("9.50") if category == "standard" else Decimal(0)
    assert (read.kind, read.number, read.net, read.tax) == ("380", "acme-0001", 50, vat)
    assert (read.total, read.prepaid, read.due) == (50 + vat, 0, 50 + vat)


@pytest.mark.parametrize("category", TAXES)
@pytest.mark.parametrize(("note", "kind"), [(CREDIT_NOTE, "381"), (DEBIT_NOTE, "383")])
def test_a_note_is_valid_and_names_what_it_corrects(
    syntax: Syntax, note: Correction, kind: str, category: str
) -> None:
    vat = 380 if category == "standard" else 0
    xml = note_xml(replace(note, vat=vat), syntax, replace(INVOICE, parties=taxed(category)))
    assert problems(xml) == []
    read = read_xml(xml)
    assert (read.kind, read.number, read.corrects) == (kind, "acme-0002", ("acme-0001",))
    assert (read.net, read.tax, read.due) == (20, Decimal(vat) / 100, 20 + Decimal(vat) / 100)
    assert ("Lead reference", LINE.lead_id) in read.lines[0].attributes


def test_a_line_carries_lead_reference_and_criteria(syntax: Syntax) -> None:
    (read,) = read_xml(xml_of(INVOICE, syntax)).lines
    assert read.name == "Lead accepted"
    assert read.attributes == (
        ("Lead reference", "7ffwzp2npa6a"),
        ("Date", "2026-11-30"),
        ("Lead received", "2026-11-23"),
        ("Campaign", "guide"),
        ("Campaign version", LINE.version),
        ("Rate", "50.00 EUR"),
        ("Criterion met", "Company size is at least 101"),
    )


def test_a_share_of_revenue_names_its_base(syntax: Syntax) -> None:
    shared = sold_line("revenue", LinePrice(None, "15", 100_000, 15_000))
    xml = xml_of(with_line(shared), syntax)
    assert problems(xml) == []
    (read,) = read_xml(xml).lines
    assert (read.name, read.price) == ("Revenue from 15 November 2026", Decimal("127.50"))
    assert read.attributes[5:9] == (
        ("Share", "15 %"),
        ("Sold", "1000.00 EUR"),
        ("Refunded", "150.00 EUR"),
        ("Base", "850.00 EUR"),
    )


def test_a_lead_is_named_only_if_the_document_names_it(syntax: Syntax) -> None:
    names = {LINE.lead_id: "Clinic North GmbH"}
    xml = to_xml(statement_einvoice(INVOICE, DIGEST, names), syntax)
    assert ("Lead", "Clinic North GmbH") in read_xml(xml).lines[0].attributes
    assert b"Clinic" not in xml_of(INVOICE, syntax)


@pytest.mark.parametrize(
    ("credit", "prepaid", "due"),
    [(-1000, "10.00", "49.50"), (-5950, "59.50", 0), (-9999, "59.50", 0)],
)
def test_earlier_credit_is_prepaid(syntax: Syntax, credit: int, prepaid: str, due: str) -> None:
    xml = xml_of(replace(INVOICE, brought_forward=credit), syntax)
    assert problems(xml) == []
    read = read_xml(xml)
    assert (read.prepaid, read.due) == (Decimal(prepaid), Decimal(due))
    assert (b"Credit carried forward: \xe2\x82\xac40.49." in xml) is (credit == -9999)


@pytest.mark.parametrize(
    "changed",
    [
        line(free_over_cap=True),
        line(late=True),
        line(by_silence=True),
        line(price=LinePrice(10**15)),
        line(met=[]),
    ],
)
def test_unusual_lines_are_valid(syntax: Syntax, changed: StatementLine) -> None:
    assert problems(xml_of(with_line(changed), syntax)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"iban": "", "bic": ""},
        {"buyer_reference": "", "purchase_order": "", "payment": ()},
        {"supplier": replace(EU_PARTIES.supplier, vat_id="", email="", phone="", city="")},
        {"customer": replace(EU_PARTIES.customer, vat_id="")},
    ],
)
def test_what_is_optional_may_be_missing(syntax: Syntax, changes: dict[str, Any]) -> None:
    parties = replace(EU_PARTIES, **changes)
    assert problems(xml_of(replace(INVOICE, parties=parties), syntax)) == []


@pytest.mark.parametrize("currency", ["JPY", "USD"])
def test_amounts_have_the_decimals_of_the_currency(syntax: Syntax, currency: str) -> None:
    xml = xml_of(replace(INVOICE, currency=currency), syntax)
    assert problems(xml) == []
    assert read_xml(xml).total == (5950 if currency == "JPY" else Decimal("59.50"))


def test_hostile_text_stays_text(syntax: Syntax) -> None:
    hostile = "<b>&amp; ]]> \x00\x1b\u202e\ufffe\uffff \U0001f600 {{ 7 * 7 }}"
    parties = replace(
        EU_PARTIES,
        supplier=replace(EU_PARTIES.supplier, name=hostile),
        customer=replace(EU_PARTIES.customer, address=(hostile,) * 8),
        purchase_order=hostile,
        vat_note=hostile,
        payment=(hostile,),
    )
    statement = replace(INVOICE, parties=parties, parts=[replace(PART, title=hostile)])
    names = {LINE.lead_id: hostile}
    xml = to_xml(statement_einvoice(statement, DIGEST, names), syntax)
    assert problems(xml) == []
    name = dict(read_xml(xml).lines[0].attributes)["Lead"]
    assert name == "<b>&amp; ]]> \ufffd\ufffd\ufffd\ufffd\ufffd \U0001f600 {{ 7 * 7 }}"


def test_the_same_document_gives_the_same_bytes(syntax: Syntax) -> None:
    assert xml_of(INVOICE, syntax) == xml_of(INVOICE, syntax)
    assert note_xml(CREDIT_NOTE, syntax) == note_xml(CREDIT_NOTE, syntax)


def test_the_street_is_above_the_line_with_the_city(syntax: Syntax) -> None:
    lines = ("Floor 3", "Example House", "Example Court", "500 Example Avenue", "Berlin 10115", "X")
    customer = replace(EU_PARTIES.customer, address=lines, city="Berlin", postcode="10115")
    einvoice = statement_einvoice(
        replace(INVOICE, parties=replace(EU_PARTIES, customer=customer)), DIGEST, {}
    )
    assert einvoice.buyer.lines == (*lines[:2], "Example Court, 500 Example Avenue")
    assert problems(to_xml(einvoice, syntax)) == []


def with_supplier(parties: Parties = EU_PARTIES, **changes: str) -> Parties:
    return replace(parties, supplier=replace(parties.supplier, **changes))


def with_customer(parties: Parties = EU_PARTIES, **changes: str) -> Parties:
    return replace(parties, customer=replace(parties.customer, **changes))


@pytest.mark.parametrize(
    ("parties", "reason"),
    [
        (
            replace(EU_PARTIES, document="statement"),
            'it is a statement: clients/acme.toml has document = "statement"',
        ),
        (
            replace(EU_PARTIES, vat_rate="0", vat_category=""),
            "clients/acme.toml has no vat_category, and no VAT is charged",
        ),
        (
            replace(EU_PARTIES, vat_rate="0.4"),
            "clients/acme.toml has a vat_rate below 0.5, which the standard's rules take for 0",
        ),
        (with_customer(country=""), "clients/acme.toml has no country"),
        (with_supplier(country=""), "the setting AGENCY_COUNTRY is missing"),
        (
            with_supplier(electronic_address=""),
            "the setting AGENCY_EMAIL or AGENCY_ELECTRONIC_ADDRESS is missing",
        ),
        (
            with_supplier(vat_id="", tax_id=""),
            "the setting AGENCY_VAT_ID or AGENCY_TAX_ID is missing",
        ),
        (with_supplier(vat_id="", legal_id=""), "the setting AGENCY_LEGAL_ID is missing"),
        (
            with_supplier(taxed("not_subject"), legal_id=""),
            "the setting AGENCY_LEGAL_ID is missing",
        ),
        (
            with_supplier(taxed("reverse_charge"), vat_id=""),
            "the setting AGENCY_VAT_ID is missing, and vat_category is reverse_charge",
        ),
        (
            with_supplier(taxed("export"), vat_id=""),
            "the setting AGENCY_VAT_ID is missing, and vat_category is export",
        ),
        (
            with_customer(taxed("reverse_charge"), vat_id=""),
            "clients/acme.toml has no vat_id, and vat_category is reverse_charge",
        ),
    ],
)
def test_what_is_missing_is_named(syntax: Syntax, parties: Parties, reason: str) -> None:
    statement = replace(INVOICE, parties=parties)
    with pytest.raises(Refused) as refusal:
        xml_of(statement, syntax)
    assert str(refusal.value) == (
        f"acme-0001 cannot be an e-invoice: {reason}; a change counts for months that are "
        "closed after it"
    )
    with pytest.raises(Refused, match=r"^acme-0002 cannot be an e-invoice: "):
        note_xml(CREDIT_NOTE, syntax, statement)


def test_a_statement_closed_without_e_invoice_data_is_drawn_again_as_it_was(syntax: Syntax) -> None:
    data = PARTIES.as_data()
    assert not {"vat_category", "iban"} & set(data)
    assert list(data["supplier"]) == ["name", "address", "tax_id"]
    for parties in (PARTIES, EU_PARTIES):
        assert Parties.from_data(json.loads(json.dumps(parties.as_data()))) == parties
    assert syntax in SYNTAXES


def test_a_currency_with_three_decimals_is_refused(syntax: Syntax) -> None:
    with pytest.raises(Refused, match="KWD has 3 decimals, and the standard EN 16931 allows 2"):
        xml_of(replace(INVOICE, currency="KWD"), syntax)


def test_a_month_without_lines_is_no_e_invoice(syntax: Syntax) -> None:
    with pytest.raises(Refused, match=r"^acme-0001 has no line, and an e-invoice needs one"):
        xml_of(replace(INVOICE, parts=[replace(PART, lines=[])]), syntax)


def test_a_wrong_total_is_noticed(syntax: Syntax) -> None:
    xml = xml_of(INVOICE, syntax)
    wrong = xml.replace(b">59.50<", b">59.51<", 1)
    assert wrong != xml
    assert problems(wrong) != []


def test_the_code_lists_are_those_of_the_rules(syntax: Syntax) -> None:
    assert syntax in SYNTAXES
    assert codes_in_rules("9930") == ADDRESS_SCHEMES
    assert codes_in_rules("VATEX-EU-AE") == REASON_CODES


def test_the_document_has_the_days_of_the_statement(syntax: Syntax) -> None:
    xml = xml_of(INVOICE, syntax)
    days = (INVOICE.issued_on, INVOICE.due_on, date(2026, 11, 1), date(2026, 11, 30))
    form = "%Y%m%d" if syntax == "cii" else "%Y-%m-%d"
    for each in days:
        assert f">{each.strftime(form)}<".encode() in xml
