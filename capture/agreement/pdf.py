"""The agreement as PDF: A4, tagged for screen readers, the same bytes on every machine.

The words are handed to typst as data. They never become part of its program, so a file's text is
text and nothing else.
"""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Final

import typst

from capture.agreement.model import Agreement
from capture.errors import Refused

_LAYOUT: Final = Path(__file__).with_name("agreement.typ")
_UNPRINTABLE: Final = re.compile(r"the text [`\"]*(.+?)[`\"]* could not be displayed")


def to_pdf(agreement: Agreement) -> bytes:
    """PDF/UA-1, without a date. Raises `Refused` for letters that the PDF's fonts lack."""
    try:
        made = typst.compile(
            _LAYOUT,
            ignore_system_fonts=True,  # typst carries its own, so that no machine differs
            format="pdf",
            pdf_standards="ua-1",
            sys_inputs={"agreement": json.dumps(asdict(agreement))},
        )
    except typst.TypstError as error:
        found = _UNPRINTABLE.search(str(error))
        if found is None:
            raise
        raise Refused(
            f"{agreement.campaign}: the fonts of the PDF have no {found[1]}; "
            "take --format html and print it"
        ) from None
    if not isinstance(made, bytes):
        raise TypeError("typst made more than one file")
    return made
