"""The agreement as one page that stands by itself: it asks for nothing, and prints well."""

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from capture.agreement.model import Agreement

_PAGES: Final = Environment(
    loader=PackageLoader("capture.agreement", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def to_html(agreement: Agreement) -> str:
    """A whole document; every text of the file is escaped."""
    return _PAGES.get_template("agreement.html").render(agreement=agreement)
