"""Leads whose lines cannot be computed. They are parked, so that one lead never blocks a close.

Such a lead has events that contradict each other, or whose terms are missing: damage, or a fault of
the program. It is named with its reason, every other line is billed, and its lines come in a later
month, once the cause is removed.
"""

import traceback
from typing import Final

from capture.billing.statement import ParkedLead
from capture.errors import GatepostError

NOT_COMPUTABLE: Final = "not_computable"
"""The reason of a parked lead on a statement. The client reads it, so it names no program part."""

IMPOSSIBLE: Final = (
    GatepostError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
"""The errors of such a lead. Errors of the database and the machine are not among them."""


def parked_lead(lead_id: str, error: Exception) -> ParkedLead:
    """The lead that is parked because of an error."""
    return ParkedLead(lead_id, NOT_COMPUTABLE, reason_of(error))


def reason_of(error: Exception) -> str:
    """Kind and place of the error, without its message, which may quote data of a person."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {frames[-1].name}" if frames else type(error).__name__
