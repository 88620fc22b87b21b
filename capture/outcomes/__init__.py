"""What happens after a lead was delivered: recorded one by one, or from a table of a CRM."""

from capture.outcomes.bring import Taken, sort_out, take
from capture.outcomes.cells import MOST_MONTHS, Teller
from capture.outcomes.once import known_outcome, record
from capture.outcomes.record import KINDS, REFERENCE, Outcome
from capture.outcomes.remarks import remarks
from capture.outcomes.sheet import read_outcomes

__all__ = [
    "KINDS",
    "MOST_MONTHS",
    "REFERENCE",
    "Outcome",
    "Taken",
    "Teller",
    "known_outcome",
    "read_outcomes",
    "record",
    "remarks",
    "sort_out",
    "take",
]
