"""Draws what a campaign may bill for a month, from its events alone, and closes the month."""

from capture.closing.close import check_statements, close_month, preview, read_statement
from capture.closing.month import BillableLead, DrawnMonth, draw_month

__all__ = [
    "BillableLead",
    "DrawnMonth",
    "check_statements",
    "close_month",
    "draw_month",
    "preview",
    "read_statement",
]
