"""Stages in words: the name and tone of each one, and for the agency what a lead's stage means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from capture.lead.events import Actor, Event, EventKind
from capture.lead.model import Lead
from capture.lead.moves import Track
from capture.review.acts import current_review

Tone = Literal["", "good", "bad", "warning"]
"""The colour of a badge; empty for none."""


@dataclass(frozen=True, slots=True)
class StageWords:
    """The stage of a lead in words."""

    label: str
    tone: Tone
    meaning: str
    """One or two sentences: what follows from it."""


_TONES: Final[Mapping[str, Tone]] = {
    "accepted": "good",
    "held": "good",
    "won": "good",
    "qualified": "warning",
    "quarantined": "warning",
    "held_back": "warning",
    "unconfirmed": "warning",
    "objected": "warning",
    "spam": "bad",
    "discarded": "bad",
    "consent_withdrawn": "bad",
    "rejected": "bad",
    "no_show": "bad",
    "lost": "bad",
    "refunded": "bad",
    "churned": "bad",
}
_NOT_DELIVERED: Final = "It is not delivered and never billed."
_MEANINGS: Final[Mapping[str, str]] = {
    "received": "It is not judged yet.",
    "spam": f"It looked like spam. {_NOT_DELIVERED}",
    "duplicate": f"The client has this person. {_NOT_DELIVERED}",
    "suppressed": "The person or company is on the client's suppression list. " + _NOT_DELIVERED,
    "over_cap": f"An agreed cap was reached. {_NOT_DELIVERED}",
    "disqualified": f"It does not meet every criterion. {_NOT_DELIVERED}",
    "quarantined": "The client does not see it until you release it.",
    "held_back": "The client sees that you are checking it. Its deadline is stopped until you "
    "decide.",
    "discarded": f"It is not from a person. {_NOT_DELIVERED}",
    "unconfirmed": "It waits for the person to prove the e-mail address.",
    "expired": f"The person did not prove the e-mail address in time. {_NOT_DELIVERED}",
    "consent_withdrawn": f"The person withdrew the consent. {_NOT_DELIVERED}",
}
"""By stage in review: what follows from it, unless that depends on the lead."""

_OBJECTED: Final = {Track.APPOINTMENT: "meeting objected to", Track.SALE: "sale objected to"}
"""The only stage that two tracks have."""


def stage_name(stage: str) -> str:
    """A stage of any track as pages show it: `held back`."""
    return stage.replace("_", " ")


def stage_on_track(track: Track, stage: str) -> str:
    """A stage as pages show it without a heading for its track: `meeting objected to`."""
    return _OBJECTED[track] if stage == "objected" else stage_name(stage)


def stage_tone(stage: str) -> Tone:
    """The tone of a stage of any track."""
    return _TONES.get(stage, "")


def stage_in_words(lead: Lead, events: Sequence[Event], now: datetime) -> StageWords:
    """The stage of a lead in review as of `now`, with what silence will do or has done."""
    stage = lead.review_at(now)
    match stage:
        case "qualified":
            meaning = review_in_words(lead)
        case "accepted":
            meaning = _accepted(lead, events, now)
        case "rejected":
            meaning = _rejected(lead, events, now)
        case _:
            meaning = _MEANINGS[stage]
    return StageWords(stage_name(stage).capitalize(), stage_tone(stage), meaning)


def review_in_words(lead: Lead, deadline: str = "the deadline") -> str:
    """What silence will do with a lead that is qualified. `deadline`: its time as text."""
    if lead.entered:
        return (
            f"You entered the client's acceptance. Until {deadline} only the client can change it. "
            "Then it is final."
        )
    if lead.silence_never_accepts:
        return (
            "Silence never accepts it, and it has no deadline: it is billed only if the client "
            "itself accepts it."
        )
    if lead.test:
        return "It is a test, so it has no deadline."
    if lead.deadline is None:
        return (
            "Its review window has not started, because the client was not notified yet. Until "
            "then silence accepts nothing."
        )
    return f"If the client does not answer before {deadline}, silence accepts it."


def _accepted(lead: Lead, events: Sequence[Event], now: datetime) -> str:
    last = current_review(events)
    if lead.entered:
        return "You accepted it for the client, and the client did not object. This is final."
    if lead.is_silently_accepted_at(now) or (last is not None and last.data.get("silence")):
        return "The client did not answer in time, so silence accepted it. This is final."
    if last is None and any(event.kind is EventKind.SETTLED for event in events):
        return "The client rejected it, you disputed that, and the client agreed."
    return "The client accepted it. This is final."


def _rejected(lead: Lead, events: Sequence[Event], now: datetime) -> str:
    last = current_review(events)
    if last is not None and last.actor is Actor.AGENCY:
        is_open = lead.entered and lead.deadline is not None and now < lead.deadline
        more = " Until the deadline the client may accept it." if is_open else " This is final."
        return f"You rejected it for the client. It costs nothing.{more}"
    if lead.disputed:
        return (
            "The client rejected it, and you disputed that. It is rejected until the client agrees."
        )
    return "The client rejected it. It costs nothing."
