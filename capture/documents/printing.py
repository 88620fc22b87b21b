"""What is printed for people: pages that stand by themselves, PDF, and the look of both."""

import json
import re
from pathlib import Path
from typing import Any, Final

import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from capture.errors import Refused

__all__ = [
    "pages",
    "to_pdf",
]


# Pages that stand by themselves: they ask for nothing, and print well.


LAYOUTS: Final = Path(__file__).parent / "layouts"
"""Templates of pages (Jinja) and of PDFs (typst)."""


def pages() -> Environment:
    """The page templates, which extend `page.html`; every text in them is escaped."""
    return Environment(
        loader=FileSystemLoader(LAYOUTS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


# PDF: A4, tagged for screen readers, the same bytes on every machine.
#
# The words are handed to typst as data. They never become part of its program, so a file's text is
# text and nothing else.


_UNPRINTABLE: Final = re.compile(r"the text [`\"]*(.+?)[`\"]* could not be displayed")


def to_pdf(layout: Path, data: Any, name: str) -> bytes:
    """PDF/UA-1, without a date, of a layout and its data; `name` is told where it fails.

    Raises `Refused` for letters that the PDF's fonts lack.
    """
    try:
        created = typst.compile(
            layout,
            root=LAYOUTS,  # layouts share the house's look
            ignore_system_fonts=True,  # typst carries its own, so that no machine differs
            format="pdf",
            pdf_standards="ua-1",
            sys_inputs={"data": json.dumps(data)},
        )
    except typst.TypstError as error:
        found = _UNPRINTABLE.search(str(error))
        if found is None:
            raise
        raise Refused(
            f"{name}: the fonts of the PDF have no {found[1]}; take the HTML and print that"
        ) from None
    if not isinstance(created, bytes):
        raise TypeError("typst made more than one file")
    return created
