"""Times as the desk shows them: in the zone of the reader's browser, which the page names."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import format_datetime, get_timezone_name
from flask import session

ZONE: Final = "zone"
"""The key in the browser's session of the zone that the login form sent."""
_UTC: Final = ZoneInfo("UTC")


def known_zone(name: str) -> str:
    """The name of a time zone (IANA), or an empty text if there is no such zone."""
    return name if name in available_timezones() else ""


def reader_zone() -> ZoneInfo:
    """The zone of the reader's browser; UTC if it is not known."""
    name = session.get(ZONE)
    return ZoneInfo(name) if name else _UTC


def short_time(moment: datetime) -> str:
    """`30 Nov 2026, 10:15`, in the reader's zone."""
    text: str = format_datetime(moment.astimezone(reader_zone()), "d MMM y, HH:mm", locale="en")
    return text


def iso_time(moment: datetime) -> str:
    """The time for programs, with its offset, in the reader's zone."""
    return moment.astimezone(reader_zone()).isoformat(timespec="seconds")


def zone_name() -> str:
    """`Central European Time (Europe/Berlin)`; for UTC only its name."""
    zone = reader_zone()
    if zone.key == "UTC":
        return "Coordinated Universal Time (UTC)"
    return f"{get_timezone_name(zone, locale='en')} ({zone.key})"


def time_in_words(moment: datetime, zone: ZoneInfo) -> str:
    """`10:00:07 (Eastern Standard Time)`, for a time of the same day."""
    here = moment.astimezone(zone)
    return f"{here:%H:%M:%S} ({get_timezone_name(here, locale='en')})"
