"""The agreement as one page that stands by itself."""

from typing import Final

from capture.agreement.model import Agreement
from capture.printing import pages

_PAGES: Final = pages("capture.agreement")


def to_html(agreement: Agreement) -> str:
    """A whole document; every text of the file is escaped."""
    return _PAGES.get_template("agreement.html").render(agreement=agreement)
