"""Draws what a campaign may bill for a month, from its events alone, and closes the month."""

from capture.closing.close import check_statements, close_month, preview, read_statement
from capture.closing.credit import Credit, Wish, credit, credit_refund, credits_of
from capture.closing.month import BillableLead, DrawnMonth, draw_month
from capture.closing.spend import Spent, spend_of

__all__ = [
    "BillableLead",
    "Credit",
    "DrawnMonth",
    "Spent",
    "Wish",
    "check_statements",
    "close_month",
    "credit",
    "credit_refund",
    "credits_of",
    "draw_month",
    "preview",
    "read_statement",
    "spend_of",
]
