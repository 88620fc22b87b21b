"""The month's report for the client: one page that stands by itself, from figures alone."""

from capture.report.html import to_html
from capture.report.making import Month, make_report
from capture.report.model import Chart, Report, Row, Table

__all__ = ["Chart", "Month", "Report", "Row", "Table", "make_report", "to_html"]
