"""Positions in lists, as addresses have them: the next page begins after one."""

from datetime import UTC, datetime
from typing import Final

from capture.lead.events import parse_time, show_time
from capture.ledger.types import Position

_LARGEST_NUMBER: Final = 2**63 - 1
"""The largest integer that the database stores."""


def show_position(position: Position) -> str:
    """A time and a lead as text: `2026-11-30T10:15:00.000000Z~7ffwzp2npa6a`."""
    at, lead_id = position
    return f"{show_time(at)}~{lead_id}"


def read_position(text: str) -> Position | None:
    """What `show_position` wrote; None for any other text."""
    moment, _, lead_id = text.partition("~")
    at = read_time(moment)
    return None if at is None or not lead_id else (at, lead_id)


def read_time(text: str) -> datetime | None:
    """A time with its offset, in UTC; None for any other text."""
    try:
        at = parse_time(text)
        return None if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_number(text: str) -> int | None:
    """The number of a row; None for any other text."""
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(_LARGEST_NUMBER))
    return int(text) if is_number and int(text) <= _LARGEST_NUMBER else None
