"""What one visitor sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from capture.campaign import Answer
from capture.consent import Consent

FORM: Final = "form"
"""The source of what a visitor sent."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One form as it was sent, already checked field by field."""

    answers: Mapping[str, Answer]
    consent: Consent
    """What was ticked, and the campaign version whose form, and so whose consent text, was shown
    (rules 16 and 35). Where no form was shown: the lawful basis."""
    one_time_id: str = ""
    """Made by script for each filling of the form; empty without script (rule 1)."""
    spam_signals: tuple[str, ...] = ()
    first_touch: Mapping[str, str] = field(default_factory=dict)
    last_touch: Mapping[str, str] = field(default_factory=dict)
    test: bool = False
    source: str = FORM
    unverified: Mapping[str, str] = field(default_factory=dict)
    """By field: what was typed and is no answer (optional contact data that looks wrong; of a
    robot's post all that would have been sent back). Nothing judges it or knows a person by it."""
