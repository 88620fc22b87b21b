"""Renders printed documents: self-contained HTML pages and PDF."""

import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from capture.errors import Refused

LAYOUTS: Final = Path(__file__).parent / "layouts"
"""Templates of pages (Jinja) and of PDFs (typst)."""


def pages() -> Environment:
    """The Jinja environment of the HTML layouts, with autoescape. They extend `page.html`."""
    return Environment(
        loader=FileSystemLoader(LAYOUTS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


# PDF: A4, tagged for screen readers, the same bytes on every machine. The text reaches typst as
# data, never as part of its program, so it cannot run anything.


_UNPRINTABLE: Final = re.compile(r"the text [`\"]*(.+?)[`\"]* could not be displayed")


@dataclass(frozen=True, slots=True)
class Attachment:
    """An e-invoice to put into the PDF of the same document."""

    xml: bytes
    issued_on: date


def to_pdf(layout: Path, data: Any, name: str, attachment: Attachment | None = None) -> bytes:
    """The layout filled with `data`, as PDF/UA-1 without a date.

    With an attachment also as PDF/A-3a, which requires a date: the day of issue. Raises `Refused`
    for characters that the fonts of the PDF lack; its message begins with `name`.
    """
    inputs = {"data": json.dumps(data)}
    if attachment is not None:
        inputs |= {"xml": attachment.xml.decode(), "issued_on": attachment.issued_on.isoformat()}
    try:
        pdf = typst.compile(
            layout,
            root=LAYOUTS,  # layouts import house.typ
            ignore_system_fonts=True,  # typst has its own fonts: the same output on every machine
            format="pdf",
            pdf_standards=["ua-1"] if attachment is None else ["a-3a", "ua-1"],
            sys_inputs=inputs,
        )
    except typst.TypstError as error:
        match = _UNPRINTABLE.search(str(error))
        if match is None:
            raise
        raise Refused(
            f"{name}: the fonts of the PDF have no {match[1]}; print the HTML version instead"
        ) from None
    if not isinstance(pdf, bytes):
        raise TypeError("typst returned more than one file")
    return pdf
