"""Times that people write in a zone, read as instants, and instants shown in a zone.

Where clocks go forward some local times do not exist, and where they go back some come twice
(PEP 495): the first are refused with the two that lie near, of the others the first is taken.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from capture.errors import Refused

_A_DATE: Final = len("2026-11-01")


def read_moment(text: str, zone: ZoneInfo) -> datetime:
    """A date (its first moment) or an ISO 8601 time, in UTC; without an offset, of the zone.

    Raises `Refused` for a time that the zone leaves out, ValueError for what is no time or,
    for the last hours of the year 9999, OverflowError.
    """
    if len(text) == _A_DATE:
        return _first_moment(date.fromisoformat(text), zone)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
        if not _exists(moment):
            near = " or ".join(_written(moment.replace(fold=fold)) for fold in (1, 0))
            raise Refused(f"{text} does not exist in {zone}: the clocks go forward; write {near}")
    return moment.astimezone(UTC)


def local(moment: datetime, zone: ZoneInfo) -> str:
    """The instant as the zone's clocks show it, with its offset."""
    return _written(moment.astimezone(zone))


def show_moment(moment: datetime, zone: ZoneInfo) -> str:
    """The instant in the zone and in UTC, and which of two it is where an hour comes twice."""
    shown = f"{local(moment, zone)} in {zone}, {moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"{shown} ({which})" if (which := clock_change_note(moment, zone)) else shown


def clock_change_note(moment: datetime, zone: ZoneInfo) -> str:
    """That the clock shows this time twice, and the other one; empty for other instants."""
    here = moment.astimezone(zone)
    other = here.replace(fold=1 - here.fold)
    if other.utcoffset() == here.utcoffset():
        return ""
    this, that = ("second", "first") if here.fold else ("first", "second")
    return f"the {this} of two: the clocks go back; the {that} is {_written(other)}"


def _first_moment(day: date, zone: ZoneInfo) -> datetime:
    """Midnight or, where the clocks leave that out, the moment at which they go on."""
    midnight = datetime.combine(day, time(), zone)
    first = midnight.astimezone(UTC)
    if first.astimezone(zone).date() != day:
        before, after = (day + timedelta(days=days) for days in (-1, 1))
        raise Refused(f"{day} does not exist in {zone}: write {before} or {after}")
    return first


def _exists(moment: datetime) -> bool:
    back = moment.astimezone(UTC).astimezone(moment.tzinfo)
    return back.replace(tzinfo=None) == moment.replace(tzinfo=None)


def _written(moment: datetime) -> str:
    """With its offset, so that it means one instant: as the clock shows it then."""
    there = moment.astimezone(UTC).astimezone(moment.tzinfo)
    precision = "seconds" if there.second else "minutes"
    return there.isoformat(timespec=precision)
