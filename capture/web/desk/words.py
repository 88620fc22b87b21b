"""Times of a day and durations as the desk's pages show them."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name

from capture.text import count_noun

_MINUTE: Final = timedelta(minutes=1)


def time_in_words(moment: datetime, zone: ZoneInfo) -> str:
    """`10:00:07 (Eastern Standard Time)`, for a time of the same day."""
    here = moment.astimezone(zone)
    return f"{here:%H:%M:%S} ({get_timezone_name(here, locale='en')})"


def duration_in_words(duration: timedelta) -> str:
    """The two largest units, rounded down: `1 day 23 hours`, `9 minutes`, `less than a minute`."""
    minutes = duration // _MINUTE
    if minutes < 1:
        return "less than a minute"
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    units = [(days, "day"), (hour, "hour"), (minute, "minute")]
    while not units[0][0]:
        units.pop(0)
    return " ".join(count_noun(number, unit) for number, unit in units[:2] if number)
