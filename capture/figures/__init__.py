"""Gathers a campaign's counts and sums from the ledger in one walk, for the figures."""

from capture.figures.book import CurrencyFigures
from capture.figures.gathering import Asked, gather
from capture.figures.grouping import By
from capture.figures.period import Period, month_before
from capture.figures.scope import campaigns_in

__all__ = ["Asked", "By", "CurrencyFigures", "Period", "campaigns_in", "gather", "month_before"]
