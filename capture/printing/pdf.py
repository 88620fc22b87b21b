"""PDF: A4, tagged for screen readers, the same bytes on every machine.

The words are handed to typst as data. They never become part of its program, so a file's text is
text and nothing else.
"""

import json
import re
from pathlib import Path
from typing import Any, Final

import typst

from capture.errors import Refused

_ROOT: Final = Path(__file__).parents[1]
_UNPRINTABLE: Final = re.compile(r"the text [`\"]*(.+?)[`\"]* could not be displayed")


def to_pdf(layout: Path, data: Any, name: str) -> bytes:
    """PDF/UA-1, without a date, of a layout and its data; `name` is told where it fails.

    Raises `Refused` for letters that the PDF's fonts lack.
    """
    try:
        made = typst.compile(
            layout,
            root=_ROOT,  # layouts share the house's look
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
    if not isinstance(made, bytes):
        raise TypeError("typst made more than one file")
    return made
