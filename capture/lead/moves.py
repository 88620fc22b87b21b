"""The three tracks of a lead, their stages, and the moves that each stage allows (rule 10)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from capture.lead.events import EventKind


class Track(StrEnum):
    """Three tracks run side by side; each has its own stage and its own moves."""

    REVIEW = "review"
    APPOINTMENT = "appointment"
    SALE = "sale"


NOT_STARTED = "none"
"""The stage of an appointment or a sale that has not begun."""

Moves = Mapping[str, Mapping[EventKind, str]]

_GATE = {
    kind: kind.value
    for kind in (
        EventKind.SPAM,
        EventKind.DUPLICATE,
        EventKind.SUPPRESSED,
        EventKind.OVER_CAP,
        EventKind.DISQUALIFIED,
        EventKind.UNCONFIRMED,
        EventKind.QUALIFIED,
    )
}
NO_MEETING = frozenset(_GATE) - {EventKind.UNCONFIRMED, EventKind.QUALIFIED} | {EventKind.REJECTED}
_REJUDGED = {EventKind.CORRECTED: "received"}

MOVES: Mapping[Track, Moves] = {
    Track.REVIEW: {
        NOT_STARTED: {EventKind.RECEIVED: "received"},
        "received": _GATE,
        "spam": _REJUDGED,
        "duplicate": {},
        "suppressed": {},
        "over_cap": {},
        "disqualified": _REJUDGED,
        "unconfirmed": {EventKind.QUALIFIED: "qualified"},
        "qualified": {
            EventKind.TOLD: "qualified",
            EventKind.ACCEPTED: "accepted",
            EventKind.REJECTED: "rejected",
            **_REJUDGED,
        },
        "accepted": {EventKind.WITHDRAWN: "qualified"},
        "rejected": {
            EventKind.WITHDRAWN: "qualified",
            EventKind.DISPUTED: "rejected",
            EventKind.SETTLED: "accepted",
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
"""What may be said besides of a review that the agency entered for the client (rule 41)."""

TRACK_OF: Mapping[EventKind, Track] = {
    kind: track for track, moves in MOVES.items() for allowed in moves.values() for kind in allowed
}


def track_of_event(kind: EventKind, data: Mapping[str, Any]) -> Track:
    """The track that an event is on; what is objected to is said by the event itself."""
    return Track(data["track"]) if kind is EventKind.OBJECTED else TRACK_OF[kind]


DELIVERED = frozenset({"qualified", "accepted"})
"""Only a lead that the client has, and has not rejected, can be met with or sold to."""

VISIBLE_TO_CLIENT = DELIVERED | {"rejected"}
"""What the client sees of all leads (rule 6)."""

STAGES = tuple(stage for stage in MOVES[Track.REVIEW] if stage != NOT_STARTED)
"""Where a lead may stand in review, from the door on."""
