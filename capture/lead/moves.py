"""The three tracks of a lead, their stages, and the moves that each stage allows (rule 10)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from capture.lead.events import Kind


class Track(StrEnum):
    """Three tracks run side by side; each has its own stage and its own moves."""

    REVIEW = "review"
    APPOINTMENT = "appointment"
    SALE = "sale"


NOT_STARTED = "none"
"""The stage of an appointment or a sale that has not begun."""

Moves = Mapping[str, Mapping[Kind, str]]

_DOOR = {
    kind: kind.value
    for kind in (
        Kind.SPAM,
        Kind.DUPLICATE,
        Kind.SUPPRESSED,
        Kind.OVER_CAP,
        Kind.DISQUALIFIED,
        Kind.UNCONFIRMED,
        Kind.QUALIFIED,
    )
}
NO_MEETING = frozenset(_DOOR) - {Kind.UNCONFIRMED, Kind.QUALIFIED} | {Kind.REJECTED}
_JUDGED_AGAIN = {Kind.CORRECTED: "received"}

MOVES: Mapping[Track, Moves] = {
    Track.REVIEW: {
        NOT_STARTED: {Kind.RECEIVED: "received"},
        "received": _DOOR,
        "spam": _JUDGED_AGAIN,
        "duplicate": {},
        "suppressed": {},
        "over_cap": {},
        "disqualified": _JUDGED_AGAIN,
        "unconfirmed": {Kind.QUALIFIED: "qualified"},
        "qualified": {
            Kind.TOLD: "qualified",
            Kind.ACCEPTED: "accepted",
            Kind.REJECTED: "rejected",
            **_JUDGED_AGAIN,
        },
        "accepted": {Kind.WITHDRAWN: "qualified"},
        "rejected": {
            Kind.WITHDRAWN: "qualified",
            Kind.DISPUTED: "rejected",
            Kind.SETTLED: "accepted",
        },
    },
    Track.APPOINTMENT: {
        NOT_STARTED: {Kind.SCHEDULED: "scheduled"},
        "scheduled": {
            Kind.MOVED: "scheduled",
            Kind.HELD: "held",
            Kind.NO_SHOW: "no_show",
            Kind.CANCELLED: "cancelled",
            Kind.CONTESTED: "contested",
        },
        "held": {Kind.NO_SHOW: "no_show", Kind.CONTESTED: "contested"},
        "no_show": {Kind.SCHEDULED: "scheduled", Kind.CONTESTED: "contested"},
        "cancelled": {Kind.SCHEDULED: "scheduled"},
        "contested": {Kind.SCHEDULED: "scheduled", Kind.HELD: "held"},
    },
    Track.SALE: {
        NOT_STARTED: {Kind.WON: "won", Kind.LOST: "lost"},
        "lost": {Kind.WON: "won"},
        "won": {
            Kind.REVENUE: "won",
            Kind.REFUNDED: "refunded",
            Kind.CHURNED: "churned",
            Kind.CONTESTED: "contested",
        },
        "churned": {
            Kind.WON: "won",
            Kind.REVENUE: "churned",
            Kind.REFUNDED: "refunded",
            Kind.CONTESTED: "contested",
        },
        "contested": {Kind.WON: "won", Kind.LOST: "lost"},
        "refunded": {Kind.REVENUE: "refunded", Kind.CONTESTED: "contested"},
    },
}

OBJECTIONS: Mapping[str, Mapping[Kind, str]] = {
    "qualified": {Kind.WITHDRAWN: "qualified"},
    "rejected": {Kind.ACCEPTED: "accepted"},
}
"""What may be said besides of a review that the agency entered for the client (rule 41)."""

TRACK_OF: Mapping[Kind, Track] = {
    kind: track for track, moves in MOVES.items() for allowed in moves.values() for kind in allowed
}


def track_of(kind: Kind, data: Mapping[str, Any]) -> Track:
    """The track that an event is on; what is contested is said by the event itself."""
    return Track(data["track"]) if kind is Kind.CONTESTED else TRACK_OF[kind]


DELIVERED = frozenset({"qualified", "accepted"})
"""Only a lead that the client has, and has not rejected, can be met with or sold to."""

SHOWN = DELIVERED | {"rejected"}
"""What the client sees of all leads (rule 6)."""

STAGES = tuple(stage for stage in MOVES[Track.REVIEW] if stage != NOT_STARTED)
"""Where a lead may stand in review, from the door on."""
