"""Marks a PDF/A-3 with an attached e-invoice as Factur-X (version 1.0, also known as ZUGFeRD 2).

typst draws the PDF and attaches the file. It cannot write the properties of Factur-X into the
metadata (XMP), so they follow as an incremental update of the PDF (ISO 32000-1, 7.5.6): each byte
that typst wrote stays as it is.
"""

import re
from typing import Final

_NAMESPACE: Final = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PROPERTIES: Final = {
    "DocumentFileName": ("factur-x.xml", "The name of the embedded XML document"),
    "DocumentType": ("INVOICE", "The type of the hybrid document in capital letters"),
    "Version": ("1.0", "The version of the standard of the embedded XML document"),
    "ConformanceLevel": ("EN 16931", "The conformance level of the embedded XML document"),
}
"""Each property's value and its description."""

_METADATA: Final = re.compile(rb"/Metadata (\d+) 0 R")
_TRAILER: Final = re.compile(rb"trailer\s*<<(.*?)>>\s*startxref\s*(\d+)\s*%%EOF\s*$", re.DOTALL)


def declare_facturx(pdf: bytes) -> bytes:
    """The PDF that typst wrote, with the metadata of Factur-X.

    Raises ValueError if typst writes its PDF in another form than it used to.
    """
    trailer, reference = _TRAILER.search(pdf), _METADATA.search(pdf)
    if trailer is None or reference is None:
        raise ValueError("the PDF has no plain trailer, or no metadata")
    number = int(reference[1])
    metadata = re.search(
        rb"\n%d 0 obj\s*<<(?P<entries>.*?)>>\s*stream\r?\n(?P<xmp>.*?)\r?\nendstream" % number,
        pdf,
        re.DOTALL,
    )
    if metadata is None or b"/Filter" in metadata["entries"]:
        raise ValueError("the metadata of the PDF is missing or compressed")
    xmp = _with_facturx(metadata["xmp"])
    gap = b"" if pdf.endswith(b"\n") else b"\n"
    body = (
        b"%d 0 obj\n<</Type/Metadata/Subtype/XML/Length %d>>\nstream\n%s\nendstream\nendobj\n"
        % (number, len(xmp), xmp)
    )
    start = len(pdf) + len(gap)
    # The cross-reference table of the update: one entry, then the first trailer with /Prev.
    table = (
        b"xref\n0 1\n0000000000 65535 f \n%d 1\n%010d 00000 n \n"
        b"trailer\n<<%s/Prev %s>>\nstartxref\n%d\n%%%%EOF\n"
        % (number, start, trailer[1], trailer[2], start + len(body))
    )
    return pdf + gap + body + table


def _with_facturx(xmp: bytes) -> bytes:
    """The metadata with the properties, and with the schema by which PDF/A allows them."""
    properties = "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{description}</pdfaProperty:description></rdf:li>"
        for name, (_, description) in _PROPERTIES.items()
    )
    schema = (
        '<rdf:li rdf:parseType="Resource">'
        "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{_NAMESPACE}</pdfaSchema:namespaceURI>"
        "<pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"
    )
    values = "".join(f"<fx:{name}>{value}</fx:{name}>" for name, (value, _) in _PROPERTIES.items())
    description = (
        f'<rdf:Description rdf:about="" xmlns:fx="{_NAMESPACE}">{values}</rdf:Description>'
    )
    with_schema = _insert(xmp, schema, b"</rdf:Bag></pdfaExtension:schemas>")
    return _insert(with_schema, description, b"</rdf:RDF>")


def _insert(xmp: bytes, text: str, tag: bytes) -> bytes:
    """The metadata with a text before a tag that must occur exactly once."""
    if xmp.count(tag) != 1:
        raise ValueError(f"the metadata of the PDF has no single {tag.decode()}")
    return xmp.replace(tag, text.encode() + tag)
