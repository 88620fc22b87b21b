"""Where a lead stands, in words for the agency: its stage in review, and what that means."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from capture.lead.events import Actor, Event, EventKind
from capture.lead.model import Lead
from capture.review.acts import current_review

Tone = Literal["", "good", "bad", "warning"]


@dataclass(frozen=True, slots=True)
class StageWords:
    """A stage in words."""

    label: str
    tone: Tone
    meaning: str
    """One or two sentences: what follows from it."""


_NOT_DELIVERED: Final = "It is not delivered and never billed."
STAGES_IN_WORDS: Final[Mapping[str, StageWords]] = {
    "received": StageWords("Received", "", "It is not judged yet."),
    "spam": StageWords("Spam", "bad", f"It looked like spam. {_NOT_DELIVERED}"),
    "duplicate": StageWords("Duplicate", "", f"The client has this person. {_NOT_DELIVERED}"),
    "suppressed": StageWords(
        "Suppressed",
        "",
        f"The person or company is on the client's suppression list. {_NOT_DELIVERED}",
    ),
    "over_cap": StageWords("Over cap", "", f"An agreed cap was reached. {_NOT_DELIVERED}"),
    "disqualified": StageWords(
        "Disqualified", "", f"It does not meet every criterion. {_NOT_DELIVERED}"
    ),
    "quarantined": StageWords(
        "Quarantined", "warning", "The client does not see it until you release it."
    ),
    "held_back": StageWords(
        "Held back",
        "warning",
        "The client sees that you are checking it. Its deadline is stopped until you decide.",
    ),
    "discarded": StageWords("Discarded", "bad", f"It is not from a person. {_NOT_DELIVERED}"),
    "unconfirmed": StageWords(
        "Unconfirmed", "warning", "It waits for the person to prove the e-mail address."
    ),
    "expired": StageWords(
        "Expired", "", f"The person did not prove the e-mail address in time. {_NOT_DELIVERED}"
    ),
    "consent_withdrawn": StageWords(
        "Consent withdrawn", "bad", f"The person withdrew the consent. {_NOT_DELIVERED}"
    ),
    "qualified": StageWords("Qualified", "warning", "The client decides about it."),
    "accepted": StageWords("Accepted", "good", "The lead is accepted."),
    "rejected": StageWords("Rejected", "bad", "The lead is rejected. It costs nothing."),
}
"""By stage: its words, as far as they do not depend on the lead."""


def stage_in_words(lead: Lead, events: list[Event], now: datetime) -> StageWords:
    """The stage of a lead as of `now`, with what silence will do or has done."""
    stage = lead.review_at(now)
    words = STAGES_IN_WORDS[stage]
    meaning = words.meaning
    if stage == "qualified":
        meaning = _waiting(lead)
    elif stage == "accepted":
        meaning = _accepted(lead, events, now)
    elif stage == "rejected":
        meaning = _rejected(lead, events, now)
    return StageWords(words.label, words.tone, meaning)


def _waiting(lead: Lead) -> str:
    if lead.entered:
        return "You accepted it for the client. Until the deadline the client may reject it."
    if lead.silence_never_accepts:
        return "Silence never accepts it: it is billed only if the client accepts it."
    if lead.test:
        return "It is a test, so it has no deadline."
    if lead.deadline is None:
        return "The client was not notified yet, so the review window has not started."
    return "If the client does not answer before the deadline, silence accepts it."


def _accepted(lead: Lead, events: list[Event], now: datetime) -> str:
    last = current_review(events)
    if lead.entered:
        return "You accepted it for the client, and the client did not object. This is final."
    if lead.is_silently_accepted_at(now) or (last is not None and last.data.get("silence")):
        return "The client did not answer in time, so silence accepted it. This is final."
    if last is None and any(event.kind is EventKind.SETTLED for event in events):
        return "The client rejected it, you disputed that, and the client agreed."
    return "The client accepted it. This is final."


def _rejected(lead: Lead, events: list[Event], now: datetime) -> str:
    last = current_review(events)
    if last is not None and last.actor is Actor.AGENCY:
        is_open = lead.entered and lead.deadline is not None and now < lead.deadline
        more = " Until the deadline the client may accept it." if is_open else " This is final."
        return f"You rejected it for the client. It costs nothing.{more}"
    if lead.disputed:
        return "The client rejected it, and you disputed that. It stays rejected until it agrees."
    return "The client rejected it. It costs nothing."
