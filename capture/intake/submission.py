"""What one visitor sent, and what that person can be known by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from capture.campaign import Answer
from capture.ledger import Keys
from capture.qualification import company_domain

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


def identity(answers: Mapping[str, Answer]) -> Keys:
    """What a person can be known by: `email`, `phone`, `company_domain`, where answered.

    The address is compared without case and without a "+tag" (RFC 5233 subaddress), since both
    reach the same person. Free-mail domains are no company (rule 2).
    """
    keys = {}
    email = str(answers.get("email", "")).casefold()
    if email:
        mailbox, _, domain = email.rpartition("@")
        keys["email"] = f"{mailbox.partition('+')[0]}@{domain}"
        company = company_domain(email)
        if company is not None:
            keys["company_domain"] = company
    if phone := answers.get("phone"):
        keys["phone"] = str(phone)
    return keys
