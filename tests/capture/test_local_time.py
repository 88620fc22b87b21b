"""Local times that do not exist or occur twice, by an hour, half an hour or a day."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.errors import Refused
from capture.local_time import read_moment, show_moment

NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
LORD_HOWE, APIA = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")
CAIRO = ZoneInfo("Africa/Cairo")
"""Its clocks go forward at midnight."""
ZONES = (NEW_YORK, BERLIN, LORD_HOWE, APIA, CAIRO)


@pytest.mark.parametrize(
    ("zone", "text", "near"),
    [
        (NEW_YORK, "2027-03-14T02:30", "2027-03-14T01:30-05:00 or 2027-03-14T03:30-04:00"),
        (BERLIN, "2027-03-28T02:00", "2027-03-28T01:00+01:00 or 2027-03-28T03:00+02:00"),
        (BERLIN, "2027-03-28 02:59", "2027-03-28T01:59+01:00 or 2027-03-28T03:59+02:00"),
        (LORD_HOWE, "2026-10-04T02:15", "2026-10-04T01:45+10:30 or 2026-10-04T02:45+11:00"),
        (APIA, "2011-12-30T10:00", "2011-12-29T10:00-10:00 or 2011-12-31T10:00+14:00"),
    ],
)
def test_a_time_that_does_not_exist_is_refused_with_the_two_nearest(
    zone: ZoneInfo, text: str, near: str
) -> None:
    with pytest.raises(Refused) as refused:
        read_moment(text, zone)
    sentence = f"{text} does not exist in {zone}: the clocks go forward; write {near}"
    assert str(refused.value) == sentence
    for time in near.split(" or "):
        assert read_moment(time, zone) == read_moment(time[:16], zone)


@pytest.mark.parametrize(
    ("zone", "text", "first", "second"),
    [
        (NEW_YORK, "2026-11-01T01:30", "2026-11-01T05:30:00Z", "2026-11-01T01:30-05:00"),
        (BERLIN, "2026-10-25T02:00", "2026-10-25T00:00:00Z", "2026-10-25T02:00+01:00"),
        (LORD_HOWE, "2027-04-04T01:45", "2027-04-03T14:45:00Z", "2027-04-04T01:45+10:30"),
    ],
)
def test_a_time_that_occurs_twice_is_read_as_the_first_with_a_note(
    zone: ZoneInfo, text: str, first: str, second: str
) -> None:
    moment = read_moment(text, zone)
    assert moment == datetime.fromisoformat(first)
    text = show_moment(moment, zone)
    assert f"{first} (the first of two: the clocks go back; the second is {second})" in text
    assert "(the second of two" in show_moment(read_moment(second, zone), zone)


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        (NEW_YORK, "2027-03-14T01:59:59"),
        (NEW_YORK, "2027-03-14T03:00"),
        (NEW_YORK, "2026-11-01T00:59"),
        (NEW_YORK, "2026-11-01T02:00"),
        (LORD_HOWE, "2026-10-04T02:30"),
        (APIA, "2011-12-31T00:00"),
    ],
)
def test_the_times_around_a_clock_change_have_no_note(zone: ZoneInfo, text: str) -> None:
    assert "of two" not in show_moment(read_moment(text, zone), zone)


def test_an_instant_is_shown_in_the_zone_and_in_utc() -> None:
    moment = read_moment("2026-12-01T10:00", NEW_YORK)
    text = "2026-12-01T10:00-05:00 in America/New_York, 2026-12-01T15:00:00Z"
    assert show_moment(moment, NEW_YORK) == text


def test_a_date_is_its_first_moment_even_without_a_midnight() -> None:
    assert read_moment("2026-12-01", NEW_YORK) == datetime(2026, 12, 1, 5, tzinfo=UTC)
    cairo = read_moment("2026-04-24", CAIRO)
    assert cairo.astimezone(CAIRO).isoformat() == "2026-04-24T01:00:00+03:00"
    with pytest.raises(Refused, match="does not exist in Pacific/Apia: write 2011-12-29 or 2011-1"):
        read_moment("2011-12-30", APIA)


seconds = st.integers(1_230_768_000, 2_208_988_800)
"""Of the years from 2009 to 2039."""


@settings(max_examples=200)
@given(seconds, st.sampled_from(ZONES))
def test_a_shown_time_is_read_as_the_same_instant(second: int, zone: ZoneInfo) -> None:
    moment = datetime.fromtimestamp(second, UTC)
    assert read_moment(show_moment(moment, zone).partition(" in ")[0], zone) == moment


@settings(max_examples=200)
@given(seconds, st.sampled_from(ZONES))
def test_a_typed_time_is_shown_unchanged_or_refused(second: int, zone: ZoneInfo) -> None:
    text = f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M}"
    try:
        moment = read_moment(text, zone)
    except Refused:
        return
    assert show_moment(moment, zone).startswith(text)
