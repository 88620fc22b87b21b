"""The report as one page that stands by itself."""

from typing import Final

from capture.printing import pages
from capture.report.charts import draw
from capture.report.model import Report

_PAGES: Final = pages("capture.report")


def to_html(report: Report) -> str:
    """A whole document; every text is escaped."""
    charts = [(chart, draw(chart)) for chart in report.charts]
    return _PAGES.get_template("report.html").render(report=report, charts=charts)
