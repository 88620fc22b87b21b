"""The report as one page that stands by itself: it asks for nothing, and prints well."""

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from capture.report.charts import draw
from capture.report.model import Report

_PAGES: Final = Environment(
    loader=PackageLoader("capture.report", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def to_html(report: Report) -> str:
    """A whole document; every text is escaped."""
    charts = [(chart, draw(chart)) for chart in report.charts]
    return _PAGES.get_template("report.html").render(report=report, charts=charts)
