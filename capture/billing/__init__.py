"""Which leads are billable, when, and for how much: pure rules on events, integer minor units."""

from capture.billing.amounts import minor_units
from capture.billing.draw import DueKey, draw
from capture.billing.life import Life, Paying, life_of
from capture.billing.lines import Line, counts, fee, kept_share, lines_for
from capture.billing.paying import accepting_outcome, is_acceptance, pays
from capture.billing.periods import after_months, overlapping, split

__all__ = [
    "DueKey",
    "Life",
    "Line",
    "Paying",
    "accepting_outcome",
    "after_months",
    "counts",
    "draw",
    "fee",
    "is_acceptance",
    "kept_share",
    "life_of",
    "lines_for",
    "minor_units",
    "overlapping",
    "pays",
    "split",
]
