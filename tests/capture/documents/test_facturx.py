"""Factur-X: one PDF/A-3 with the e-invoice in it. No full validator runs here; see docs."""

import io
from dataclasses import replace
from typing import Any

import lxml.etree as et
import pypdf
import pytest
from facturx import get_xml_from_pdf

from capture.billing.account import DocumentKind
from capture.billing.statement import Statement
from capture.documents.einvoice import note_einvoice, statement_einvoice
from capture.documents.en16931 import to_xml
from capture.documents.facturx_metadata import declare_facturx
from capture.documents.note_sheet import note_sheet
from capture.documents.sheet import to_hybrid_pdf, to_pdf
from capture.documents.statement_sheet import statement_sheet
from capture.errors import Refused
from tests.capture.documents.einvoices import INVOICE, problems
from tests.capture.documents.statements import CREDIT, DIGEST, LINE, PART, document

NAMES = {
    "fx": "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
    "pdfuaid": "http://www.aiim.org/pdfua/ns/id/",
    "schema": "http://www.aiim.org/pdfa/ns/schema#",
    "property": "http://www.aiim.org/pdfa/ns/property#",
}


def hybrid(statement: Statement = INVOICE) -> tuple[bytes, bytes]:
    """The PDF and the e-invoice in it."""
    einvoice = statement_einvoice(statement, DIGEST, {})
    cii = to_xml(einvoice, "cii")
    return to_hybrid_pdf(statement_sheet(statement, DIGEST), cii, einvoice.issued_on), cii


def catalog(pdf: bytes) -> Any:
    """The root object of the PDF; a fault in its structure is an error."""
    return pypdf.PdfReader(io.BytesIO(pdf), strict=True).trailer["/Root"]


def metadata(pdf: bytes) -> Any:
    """The XMP of the PDF."""
    xmp = catalog(pdf)["/Metadata"].get_object().get_data()
    return et.fromstring(xmp[xmp.index(b"<x:xmpmeta") : xmp.rindex(b"<?xpacket")])


def test_the_pdf_contains_the_e_invoice_byte_for_byte() -> None:
    pdf, cii = hybrid()
    assert problems(cii) == []
    assert get_xml_from_pdf(pdf, check_xsd=True, check_schematron=False) == ("factur-x.xml", cii)
    assert pypdf.PdfReader(io.BytesIO(pdf)).attachments == {"factur-x.xml": [cii]}


def test_the_attachment_is_another_form_of_the_document() -> None:
    root = catalog(hybrid()[0])
    (file,) = root["/AF"]
    file = file.get_object()
    assert (file["/F"], file["/UF"]) == ("factur-x.xml", "factur-x.xml")
    assert file["/AFRelationship"] == "/Alternative"
    stream = file["/EF"]["/F"].get_object()
    assert stream["/Subtype"] == "/text/xml"
    assert stream["/Params"]["/ModDate"].startswith("D:20261202")


def test_the_metadata_say_pdf_a_3_pdf_ua_1_and_factur_x() -> None:
    xmp = metadata(hybrid()[0])

    def value(name: str) -> str:
        return str(xmp.findtext(f".//{name}", namespaces=NAMES))

    assert (value("pdfaid:part"), value("pdfaid:conformance"), value("pdfuaid:part")) == (
        "3",
        "A",
        "1",
    )
    assert [
        value(f"fx:{name}")
        for name in ("DocumentType", "DocumentFileName", "Version", "ConformanceLevel")
    ] == ["INVOICE", "factur-x.xml", "1.0", "EN 16931"]
    declared = xmp.xpath(
        "//rdf:li[schema:prefix='fx']//property:name/text()",
        namespaces=NAMES | {"rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#"},
    )
    assert sorted(declared) == ["ConformanceLevel", "DocumentFileName", "DocumentType", "Version"]


def test_all_fonts_are_in_the_pdf_and_nothing_is_encrypted() -> None:
    reader = pypdf.PdfReader(io.BytesIO(hybrid()[0]), strict=True)
    assert not reader.is_encrypted
    assert "/ID" in reader.trailer
    assert "/JavaScript" not in reader.trailer["/Root"].get("/Names", {})
    assert "/OutputIntents" in reader.trailer["/Root"]
    fonts = [
        each
        for number in range(1, len(reader.xref[0]) + 1)
        if isinstance(each := reader.get_object(number), dict)
        and each.get("/Type") == "/FontDescriptor"
    ]
    assert fonts
    assert all({"/FontFile2", "/FontFile3"} & set(font) for font in fonts)


def test_the_pdf_has_the_text_of_the_plain_one_and_the_same_bytes_each_time() -> None:
    def text(pdf: bytes) -> list[str]:
        return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]

    pdf, _ = hybrid()
    plain = to_pdf(statement_sheet(INVOICE, DIGEST))
    assert text(pdf) == text(plain)
    assert hybrid()[0] == pdf
    assert b"factur-x" not in plain


def test_the_pages_name_vat_ids_and_account_once() -> None:
    for payment in ((), ("IBAN DE02 1203 0000 0000 2020 51",)):
        statement = replace(INVOICE, parties=replace(INVOICE.parties, payment=payment))
        pages = pypdf.PdfReader(io.BytesIO(hybrid(statement)[0])).pages
        text = " ".join("".join(page.extract_text() for page in pages).split())
        assert "VAT id DE123456789" in text
        assert "VAT id NL123456789B01" in text
        assert text.replace(" ", "").count("DE02120300000000202051") == 1


def test_a_credit_note_is_a_hybrid_too() -> None:
    note = replace(CREDIT, currency="EUR")
    issued = document(2, DocumentKind.CREDIT, 2380)
    einvoice = note_einvoice(note, issued, INVOICE)
    cii = to_xml(einvoice, "cii")
    pdf = to_hybrid_pdf(note_sheet(note, issued, INVOICE), cii, einvoice.issued_on)
    assert get_xml_from_pdf(pdf, check_xsd=True, check_schematron=False) == ("factur-x.xml", cii)


def test_hostile_text_stays_text() -> None:
    title = '#pdf.attach("x") <b> $x$ </rdf:RDF> endstream %%EOF'
    pdf, cii = hybrid(replace(INVOICE, parts=[replace(PART, title=title)]))
    assert get_xml_from_pdf(pdf, check_schematron=False)[1] == cii
    assert list(pypdf.PdfReader(io.BytesIO(pdf)).attachments) == ["factur-x.xml"]


def test_a_text_that_the_fonts_lack_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="Invoice acme-0001: the fonts of the PDF have no"):
        hybrid(replace(INVOICE, parts=[replace(PART, title="\u4f60\u597d")]))


def test_another_form_of_pdf_is_noticed() -> None:
    pdf, _ = hybrid()
    for wrong in (b"", pdf.replace(b"/Metadata", b"/Metodata"), pdf.replace(b"</rdf:RDF>", b"")):
        with pytest.raises(ValueError, match=r"the PDF has no|the metadata of the PDF"):
            declare_facturx(wrong)


def test_many_lines_fit() -> None:
    lines = [replace(LINE, lead_id=f"7ffwzp2n{place:04d}") for place in range(100)]
    pdf, cii = hybrid(replace(INVOICE, parts=[replace(PART, lines=lines)]))
    assert get_xml_from_pdf(pdf, check_schematron=False)[1] == cii
