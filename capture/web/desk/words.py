"""Writes times of a day for the desk's pages."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name


def time_in_words(moment: datetime, zone: ZoneInfo) -> str:
    """`10:00:07 (Eastern Standard Time)`, for a time of the same day."""
    here = moment.astimezone(zone)
    return f"{here:%H:%M:%S} ({get_timezone_name(here, locale='en')})"
