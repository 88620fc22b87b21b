"""Takes leads: one submission, or a table of them; and judges again what was corrected by hand."""

from capture.intake.bring import Brought, Origin, bring_in
from capture.intake.correct import Correction, correct
from capture.intake.door import DoorShut, check_open
from capture.intake.receive import FormOutdated, Receipt, receive
from capture.intake.sheet import Row, read_sheet
from capture.intake.spam import spam_signals
from capture.intake.submission import FORM, Submission
from capture.intake.suppression import (
    Match,
    match_suppressions,
    read_suppressions,
    suppress,
)

__all__ = [
    "FORM",
    "Brought",
    "Correction",
    "DoorShut",
    "FormOutdated",
    "Match",
    "Origin",
    "Receipt",
    "Row",
    "Submission",
    "bring_in",
    "check_open",
    "correct",
    "match_suppressions",
    "read_sheet",
    "read_suppressions",
    "receive",
    "spam_signals",
    "suppress",
]
