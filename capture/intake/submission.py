"""A submission: one form as sent, with every field checked, and its spam signals."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from capture.campaign.model import Answer
from capture.lead.consent import Consent

FORM: Final = "form"
"""The source of a submission that a visitor sent by a form."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One form as sent, with every field checked."""

    answers: Mapping[str, Answer]
    consent: Consent
    """What was ticked, and the campaign version whose form and consent text were shown (rules 16
    and 35). If no form was shown, the lawful basis."""
    one_time_id: str = ""
    """The page's script makes a new one for each form; empty without script (rule 1)."""
    spam_signals: tuple[str, ...] = ()
    first_touch: Mapping[str, str] = field(default_factory=dict)
    last_touch: Mapping[str, str] = field(default_factory=dict)
    test: bool = False
    source: str = FORM
    by: str = ""
    """The name of the person who imports it; empty if the visitor sent it."""
    network: str = ""
    """The network that the form came from, as the rate limit counts it; empty if it is unknown. It
    is never stored, only its keyed hash."""
    page: str = ""
    """The path of the page on which the form was sent; empty if it is unknown."""
    unverified: Mapping[str, str] = field(default_factory=dict)
    """By field: text that is no valid answer: optional contact data that looks wrong, or, of a
    robot's post, every faulty field. No criterion and no identity key uses it."""


# Spam signals. They are codes, because events keep no text of a visitor.


HONEYPOT: Final = "honeypot"
"""Visitors cannot see that field, but the autofill of some browsers fills it. Alone it is a risk
signal, not spam (rule 36 of docs/rules.md)."""

INVALID_ANSWERS: Final = "invalid_answers"
"""The form did not validate, or its consent was missing. Without the honeypot such a post is not
received: the visitor gets the form again."""

UNKNOWN_FORM: Final = "unknown_form"
"""The post names no version of the form that was ever shown."""

LINKS_IN_TEXT: Final = 3
_LINK = re.compile(r"https?://|www\.|\[url|<a\s", re.IGNORECASE)
_SHORT_FIELDS: Final = ("full_name", "company", "job_title")


def spam_signals(
    answers: Mapping[str, Answer],
    *,
    honeypot: bool,
    is_valid: bool,
    seconds: float | None,
    min_fill_seconds: float,
) -> tuple[str, ...]:
    """The spam signals of one submission.

    `is_valid` says whether the form validated. `seconds` is the time taken to fill the form; None
    if the page ran no script.
    """
    signals = []
    if honeypot:
        signals.append(HONEYPOT)
    if not is_valid:
        signals.append(INVALID_ANSWERS)
    if seconds is not None and seconds < min_fill_seconds:
        signals.append("too_fast")
    if any(_LINK.search(str(answers.get(name, ""))) for name in _SHORT_FIELDS):
        signals.append("link_in_name")
    if any(
        len(_LINK.findall(value)) >= LINKS_IN_TEXT
        for value in answers.values()
        if isinstance(value, str)
    ):
        signals.append("many_links")
    return tuple(signals)


def is_spam(signals: tuple[str, ...]) -> bool:
    """Whether there are two signals; one alone is not enough."""
    return len(signals) > 1
