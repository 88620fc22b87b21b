"""Takes one submission: receive, check, dedupe, qualify, record, queue. One use case."""

from capture.intake.door import DoorShut
from capture.intake.receive import FormOutdated, Receipt, receive
from capture.intake.spam import spam_signals
from capture.intake.submission import Submission, identity

__all__ = [
    "DoorShut",
    "FormOutdated",
    "Receipt",
    "Submission",
    "identity",
    "receive",
    "spam_signals",
]
