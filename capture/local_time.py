"""Converts local times that people write to UTC, and UTC to local times.

When clocks go forward, some local times do not exist: they are refused, and the message names the
two nearest times. When clocks go back, some occur twice: the first is taken (PEP 495).
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from capture.errors import Refused

_DATE_LENGTH: Final = len("2026-11-01")


def read_moment(text: str, zone: ZoneInfo) -> datetime:
    """Reads a date (as its first moment) or an ISO 8601 time; returns UTC.

    A time without an offset is in the zone. Raises `Refused` for a time that does not exist in the
    zone, ValueError for text that is not a time, and OverflowError for the last hours of 9999.
    """
    if len(text) == _DATE_LENGTH:
        return _first_moment(date.fromisoformat(text), zone)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
        if not _exists(moment):
            near = " or ".join(_format(moment.replace(fold=fold)) for fold in (1, 0))
            raise Refused(f"{text} does not exist in {zone}: the clocks go forward; write {near}")
    return moment.astimezone(UTC)


def local(moment: datetime, zone: ZoneInfo) -> str:
    """The instant as local time in the zone, ISO 8601 with its offset."""
    return _format(moment.astimezone(zone))


def show_moment(moment: datetime, zone: ZoneInfo) -> str:
    """The instant in the zone and in UTC, with a note if the local time occurs twice."""
    text = f"{local(moment, zone)} in {zone}, {moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"{text} ({note})" if (note := clock_change_note(moment, zone)) else text


def clock_change_note(moment: datetime, zone: ZoneInfo) -> str:
    """A note that this local time occurs twice, with the other instant; "" if it does not."""
    here = moment.astimezone(zone)
    other = here.replace(fold=1 - here.fold)
    if other.utcoffset() == here.utcoffset():
        return ""
    this, that = ("second", "first") if here.fold else ("first", "second")
    return f"the {this} of two: the clocks go back; the {that} is {_format(other)}"


def _first_moment(day: date, zone: ZoneInfo) -> datetime:
    """Midnight, or the first moment after it if the clock change skips midnight."""
    midnight = datetime.combine(day, time(), zone)
    first = midnight.astimezone(UTC)
    if first.astimezone(zone).date() != day:
        previous, following = (day + timedelta(days=days) for days in (-1, 1))
        raise Refused(f"{day} does not exist in {zone}: write {previous} or {following}")
    return first


def _exists(moment: datetime) -> bool:
    back = moment.astimezone(UTC).astimezone(moment.tzinfo)
    return back.replace(tzinfo=None) == moment.replace(tzinfo=None)


def _format(moment: datetime) -> str:
    """ISO 8601 with its offset, in the zone's own local time at that instant."""
    there = moment.astimezone(UTC).astimezone(moment.tzinfo)
    precision = "seconds" if there.second else "minutes"
    return there.isoformat(timespec=precision)
