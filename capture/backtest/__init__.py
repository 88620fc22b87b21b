"""Tries a campaign file on past leads: whose verdict would change, and what that does to the bill.

Verdicts that were given stay as they are (rule 19): nothing here is ever written down.
"""

from capture.backtest.findings import (
    Backtest,
    Bill,
    ChangedLead,
    CriterionCount,
    Deciding,
    MonthBill,
    VerdictCount,
)
from capture.backtest.rounded import Shift, rounded, shift_of, tens, uncounted
from capture.backtest.run import backtest

__all__ = [
    "Backtest",
    "Bill",
    "ChangedLead",
    "CriterionCount",
    "Deciding",
    "MonthBill",
    "Shift",
    "VerdictCount",
    "backtest",
    "rounded",
    "shift_of",
    "tens",
    "uncounted",
]
