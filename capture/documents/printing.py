"""Renders printed documents: self-contained HTML pages and PDF."""

import json
import re
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


def to_pdf(layout: Path, data: Any, name: str) -> bytes:
    """The layout filled with `data`, as PDF/UA-1 without a date.

    Raises `Refused` for characters that the fonts of the PDF lack; its message begins with `name`.
    """
    try:
        pdf = typst.compile(
            layout,
            root=LAYOUTS,  # layouts import house.typ
            ignore_system_fonts=True,  # typst has its own fonts: the same output on every machine
            format="pdf",
            pdf_standards="ua-1",
            sys_inputs={"data": json.dumps(data)},
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
