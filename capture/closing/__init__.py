"""Draws what a campaign may bill for a month, from its events alone, and closes the month.

What follows a close are documents as well: credit and debit notes, and payments on them.
"""

from capture.closing.check import check_documents
from capture.closing.close import close_month, preview, read_statement
from capture.closing.correction import (
    CHURN,
    REFUND,
    BilledLine,
    Correction,
    Wish,
    billed_line,
    corrections_of,
    credits_of,
)
from capture.closing.credit import credit, credit_what_ended
from capture.closing.debit import (
    Proposal,
    approve_debit,
    decline_debit,
    find_proposal,
    open_proposal,
    proposals_of,
    propose_debit,
)
from capture.closing.documents import (
    Closing,
    accounts_of,
    closed_months,
    closed_statement,
    day_in,
    document,
    documents_of,
)
from capture.closing.month import BillableLead, DrawnMonth, draw_month
from capture.closing.payment import Received, pay
from capture.closing.spend import Spent, spend_of

__all__ = [
    "CHURN",
    "REFUND",
    "BillableLead",
    "BilledLine",
    "Closing",
    "Correction",
    "DrawnMonth",
    "Proposal",
    "Received",
    "Spent",
    "Wish",
    "accounts_of",
    "approve_debit",
    "billed_line",
    "check_documents",
    "close_month",
    "closed_months",
    "closed_statement",
    "corrections_of",
    "credit",
    "credit_what_ended",
    "credits_of",
    "day_in",
    "decline_debit",
    "document",
    "documents_of",
    "draw_month",
    "find_proposal",
    "open_proposal",
    "pay",
    "preview",
    "proposals_of",
    "propose_debit",
    "read_statement",
    "spend_of",
]
