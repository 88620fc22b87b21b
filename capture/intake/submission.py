"""What one visitor sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from capture.campaign import Answer

FORM: Final = "form"
"""The source of what a visitor sent."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One form as it was sent, already checked field by field."""

    answers: Mapping[str, Answer]
    consent_version: str
    """The campaign version whose form, and so whose consent text, was shown (rule 16)."""
    one_time_id: str = ""
    """Made by script for each filling of the form; empty without script (rule 1)."""
    spam_signals: tuple[str, ...] = ()
    first_touch: Mapping[str, str] = field(default_factory=dict)
    last_touch: Mapping[str, str] = field(default_factory=dict)
    test: bool = False
    source: str = FORM
    basis: str = ""
    """Where no form was shown: the lawful basis in words, without personal data. It stands in
    the event, beside today's version in place of the one shown."""
