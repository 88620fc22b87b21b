"""Opens PDF files with pypdf, which is Python alone: a broken file cannot crash the process."""

import logging
import re
from pathlib import Path
from typing import Final

from publish.file_types.errors import Unreadable

_TRAILER: Final = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
_TAIL_SIZE: Final = 65536
_DAMAGED: Final = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What pypdf raises, besides its own errors, if an object is not of the expected type."""
_MAX_SIZE: Final = 1 << 28
"""The largest file that is opened, in bytes. Of a larger one, only header and trailer are read."""


def open_pdf(path: Path) -> None:
    """Reads every page of a PDF file, with its text and lines but without its pictures.

    Raises `Unreadable`, or OSError.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(1024)
        file.seek(max(0, size - _TAIL_SIZE))
        tail = file.read().rstrip(b"\0\t\n\r ")
    if b"%PDF-" not in start:
        raise Unreadable("is not a PDF")
    # pypdf would search for objects in a file without an end, and may find enough of them.
    end = _TRAILER.search(tail)
    if not end or int(end[1]) >= size:
        raise Unreadable("is a PDF that is cut off")
    if size <= _MAX_SIZE:
        _read_pages(path)


def _read_pages(path: Path) -> None:
    from pypdf import PdfReader  # noqa: PLC0415 - 0.3 seconds, which most checks need not wait
    from pypdf.errors import LimitReachedError, PyPdfError  # noqa: PLC0415

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    number = 0
    try:
        with PdfReader(path) as reader:
            if reader.is_encrypted and not reader.decrypt(""):
                return  # only readers with the password can open it
            for number, page in enumerate(reader.pages, 1):  # noqa: B007 - also used below
                if contents := page.get_contents():
                    contents.get_data()
    except LimitReachedError:
        return  # larger than pypdf unpacks, so not read to its end
    except (PyPdfError, *_DAMAGED):  # pypdf's messages speak of its own objects
        raise Unreadable(f"is a PDF that is damaged on page {number + 1}") from None
    if not number:
        raise Unreadable("is a PDF without a page")
