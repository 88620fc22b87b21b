"""The three tracks of a lead, their stages, and the moves that each stage allows.

See rule 10 of docs/rules.md.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from capture.lead.events import EventKind


class Track(StrEnum):
    """A lead has one stage on each track; the tracks are independent."""

    REVIEW = "review"
    APPOINTMENT = "appointment"
    SALE = "sale"


NOT_STARTED = "none"
"""The stage of a track without events."""

Moves = Mapping[str, Mapping[EventKind, str]]

_GATE = {
    kind: kind.value
    for kind in (
        EventKind.SPAM,
        EventKind.DUPLICATE,
        EventKind.SUPPRESSED,
        EventKind.OVER_CAP,
        EventKind.DISQUALIFIED,
        EventKind.QUARANTINED,
        EventKind.UNCONFIRMED,
        EventKind.QUALIFIED,
    )
}
ENDS_DELIVERY = frozenset(_GATE) - {EventKind.UNCONFIRMED, EventKind.QUALIFIED} | {
    EventKind.REJECTED,
    EventKind.DISCARDED,
}
"""Events after which the client does not have the lead, so a pending meeting is cancelled."""

_REJUDGED = {EventKind.CORRECTED: "received"}

_REVIEW: Moves = {
    "spam": _REJUDGED,
    "duplicate": {},
    "suppressed": {},
    "over_cap": {},
    "disqualified": _REJUDGED,
    "quarantined": {
        EventKind.RELEASED: "received",
        EventKind.DISCARDED: "discarded",
        EventKind.ERASED: "discarded",
        EventKind.CONFIRMED: "quarantined",
        **_REJUDGED,
    },
    "discarded": _REJUDGED,
    "unconfirmed": {
        EventKind.CONFIRMED: "received",
        EventKind.EXPIRED: "expired",
        EventKind.HELD_BACK: "quarantined",
        **_REJUDGED,
    },
    "expired": _REJUDGED,
    "consent_withdrawn": {},
    "qualified": {
        EventKind.NOTIFIED: "qualified",
        EventKind.ACCEPTED: "accepted",
        EventKind.REJECTED: "rejected",
        EventKind.HELD_BACK: "held_back",
        **_REJUDGED,
    },
    "held_back": {
        EventKind.RELEASED: "qualified",
        EventKind.DISCARDED: "discarded",
        EventKind.ERASED: "discarded",
        **_REJUDGED,
    },
    "accepted": {EventKind.WITHDRAWN: "qualified"},
    "rejected": {
        EventKind.WITHDRAWN: "qualified",
        EventKind.DISPUTED: "rejected",
        EventKind.SETTLED: "accepted",
    },
}
"""The moves of a judged lead, except those of `AT_ANY_STAGE`."""

AT_ANY_STAGE = (
    EventKind.BOUNCED,
    EventKind.CONSENT_WITHDRAWN,
    EventKind.ERASED,
    EventKind.NOTED,
)
"""Events that are allowed in each stage of a judged lead. They change no stage, with two
exceptions: those of `UNDELIVERED`, and erasure, which discards a lead in quarantine."""

UNDELIVERED: Moves = {
    "quarantined": {EventKind.CONSENT_WITHDRAWN: "consent_withdrawn"},
    "unconfirmed": {EventKind.CONSENT_WITHDRAWN: "consent_withdrawn"},
    "qualified": {
        EventKind.CONSENT_WITHDRAWN: "consent_withdrawn",
        EventKind.HELD_BACK: "quarantined",
    },
}
"""Where an event leads if the client was not notified of the lead: it is not delivered then."""

MOVES: Mapping[Track, Moves] = {
    Track.REVIEW: {
        NOT_STARTED: {EventKind.RECEIVED: "received"},
        "received": _GATE,
        **{
            stage: {**dict.fromkeys(AT_ANY_STAGE, stage), **moves}
            for stage, moves in _REVIEW.items()
        },
    },
    Track.APPOINTMENT: {
        NOT_STARTED: {EventKind.SCHEDULED: "scheduled"},
        "scheduled": {
            EventKind.MOVED: "scheduled",
            EventKind.HELD: "held",
            EventKind.NO_SHOW: "no_show",
            EventKind.CANCELLED: "cancelled",
            EventKind.OBJECTED: "objected",
        },
        "held": {EventKind.NO_SHOW: "no_show", EventKind.OBJECTED: "objected"},
        "no_show": {EventKind.SCHEDULED: "scheduled", EventKind.OBJECTED: "objected"},
        "cancelled": {EventKind.SCHEDULED: "scheduled"},
        "objected": {EventKind.SCHEDULED: "scheduled", EventKind.HELD: "held"},
    },
    Track.SALE: {
        NOT_STARTED: {EventKind.WON: "won", EventKind.LOST: "lost"},
        "lost": {EventKind.WON: "won"},
        "won": {
            EventKind.REVENUE: "won",
            EventKind.REFUNDED: "refunded",
            EventKind.CHURNED: "churned",
            EventKind.OBJECTED: "objected",
        },
        "churned": {
            EventKind.WON: "won",
            EventKind.REVENUE: "churned",
            EventKind.REFUNDED: "refunded",
            EventKind.OBJECTED: "objected",
        },
        "objected": {EventKind.WON: "won", EventKind.LOST: "lost"},
        "refunded": {EventKind.REVENUE: "refunded", EventKind.OBJECTED: "objected"},
    },
}

OBJECTIONS: Mapping[str, Mapping[EventKind, str]] = {
    "qualified": {EventKind.WITHDRAWN: "qualified"},
    "rejected": {EventKind.ACCEPTED: "accepted"},
}
"""Further moves, allowed if the agency entered the last review for the client (rule 41)."""

TRACK_OF: Mapping[EventKind, Track] = {
    kind: track for track, moves in MOVES.items() for allowed in moves.values() for kind in allowed
}


def track_of_event(kind: EventKind, data: Mapping[str, Any]) -> Track:
    """The track that an event is on. An objection names its track in its data."""
    return Track(data["track"]) if kind is EventKind.OBJECTED else TRACK_OF[kind]


QUARANTINE_STAGES = ("quarantined", "held_back")
"""The lead waits for the agency to release or discard it (rule 36)."""

DELIVERED = frozenset({"qualified", "accepted"})
"""Review stages in which the client has the lead. Only these allow a meeting or a sale."""

VISIBLE_TO_CLIENT = DELIVERED | {"rejected", "held_back"}
"""Review stages in which the client sees the lead (rules 6 and 36)."""

NOT_PROVED = frozenset({"quarantined", "discarded", "expired"})
"""Review stages of submissions of which it is unknown whether a real person sent them."""

NON_LEAD_STAGES = NOT_PROVED | {"spam", "duplicate"}
"""Review stages of submissions that count as no leads."""

REMOVED = "removed"
"""The stage that a client sees if it was notified of a lead and no longer has it."""

STAGES = tuple(stage for stage in MOVES[Track.REVIEW] if stage != NOT_STARTED)
"""All review stages of a received lead."""
