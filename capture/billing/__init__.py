"""Which leads are billable, when, and for how much: pure rules on events, integer minor units."""

from capture.billing.afterwards import counts, day_of, in_term, sentences
from capture.billing.amounts import minor_units
from capture.billing.draw import DueKey, draw
from capture.billing.life import Life, Paying, Refund, life_of
from capture.billing.lines import Line, exact_fee, lines_for, next_due_at
from capture.billing.paying import accepting_outcome, is_acceptance, pays
from capture.billing.periods import after_months, overlapping, split

__all__ = [
    "DueKey",
    "Life",
    "Line",
    "Paying",
    "Refund",
    "accepting_outcome",
    "after_months",
    "counts",
    "day_of",
    "draw",
    "exact_fee",
    "in_term",
    "is_acceptance",
    "life_of",
    "lines_for",
    "minor_units",
    "next_due_at",
    "overlapping",
    "pays",
    "sentences",
    "split",
]
