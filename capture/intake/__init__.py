"""Takes leads: one submission, or a table of them; and judges again what was corrected by hand."""

from capture.intake.bring import Brought, Origin, bring_in
from capture.intake.correct import Correction, correct
from capture.intake.door import DoorShut, check_open
from capture.intake.receive import FormOutdated, Receipt, receive
from capture.intake.sheet import Row, read_sheet
from capture.intake.spam import spam_signals
from capture.intake.submission import FORM, Submission

__all__ = [
    "FORM",
    "Brought",
    "Correction",
    "DoorShut",
    "FormOutdated",
    "Origin",
    "Receipt",
    "Row",
    "Submission",
    "bring_in",
    "check_open",
    "correct",
    "read_sheet",
    "receive",
    "spam_signals",
]
