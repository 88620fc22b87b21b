"""A lead: the events that move it, its three tracks and their moves, and where it stands."""

from capture.lead.events import ON_BEHALF_OF, RESERVED, Actor, Event, Kind, parse_time, show_time
from capture.lead.fold import follow, follow_all
from capture.lead.model import Lead
from capture.lead.moves import (
    DELIVERED,
    MOVES,
    NOT_STARTED,
    SHOWN,
    STAGES,
    TRACK_OF,
    Moves,
    Track,
    track_of,
)

__all__ = [
    "DELIVERED",
    "MOVES",
    "NOT_STARTED",
    "ON_BEHALF_OF",
    "RESERVED",
    "SHOWN",
    "STAGES",
    "TRACK_OF",
    "Actor",
    "Event",
    "Kind",
    "Lead",
    "Moves",
    "Track",
    "follow",
    "follow_all",
    "parse_time",
    "show_time",
    "track_of",
]
