"""When the review window ends (rule 11 of docs/rules.md)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.lead.review_window import deadline, month_of
from tests.samples import CAMPAIGN, campaign

REASONS = "reasons = { too_small"
PLAIN = campaign()
WORKING = campaign(
    text=CAMPAIGN.replace(REASONS, f"working_days = true\nholidays = [2026-11-26]\n{REASONS}")
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_hours_are_elapsed_hours_across_a_clock_change() -> None:
    # New York sets its clocks back on 1 November 2026 at 06:00 UTC.
    notified = at("2026-10-31T20:00:00-04:00")
    assert deadline(PLAIN, notified) == notified + timedelta(hours=48)
    assert deadline(PLAIN, notified).astimezone(PLAIN.zone).hour == 19


@pytest.mark.parametrize(
    ("notified", "ends"),
    [
        ("2026-03-07T10:00-05:00", "2026-03-09T11:00-04:00"),  # an hour is skipped
        ("2026-10-31T10:00-04:00", "2026-11-02T09:00-05:00"),  # an hour occurs twice
        ("2028-02-28T10:00-05:00", "2028-03-01T10:00-05:00"),  # over a leap day
        ("2027-02-27T10:00-05:00", "2027-03-01T10:00-05:00"),  # over the end of a short month
        ("2026-12-30T23:59-05:00", "2027-01-01T23:59-05:00"),  # over the end of a year
    ],
)
def test_hours_continue_over_clock_changes_and_ends_of_months(notified: str, ends: str) -> None:
    assert deadline(PLAIN, at(notified)) == at(ends)


@pytest.mark.parametrize(
    ("notified", "ends"),
    [
        ("2026-10-30T10:00-04:00", "2026-11-03T10:00-05:00"),  # clocks go back on the Sunday
        ("2026-03-06T10:00-05:00", "2026-03-10T10:00-04:00"),  # and forward
        ("2028-02-28T10:00-05:00", "2028-03-01T10:00-05:00"),  # a leap day is a Tuesday
        ("2027-02-26T10:00-05:00", "2027-03-02T10:00-05:00"),  # a month ends on the Sunday
        ("2026-11-16T10:00-05:00", "2026-11-18T10:00-05:00"),  # Monday: as the clock runs
        ("2026-11-20T10:00-05:00", "2026-11-24T10:00-05:00"),  # Friday: over the weekend
        ("2026-11-21T10:00-05:00", "2026-11-25T00:00-05:00"),  # Saturday: begins on Monday
        ("2026-11-25T10:00-05:00", "2026-11-30T10:00-05:00"),  # over a holiday and a weekend
        ("2026-11-19T00:00-05:00", "2026-11-21T00:00-05:00"),  # ends as Friday ends
    ],
)
def test_with_working_days_weekends_and_holidays_do_not_count(notified: str, ends: str) -> None:
    assert deadline(WORKING, at(notified)) == at(ends)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001 - made aware below
def test_a_window_of_working_days_is_never_shorter_and_ends_on_a_working_day(
    moment: datetime,
) -> None:
    notified = moment.replace(tzinfo=UTC)
    ends = deadline(WORKING, notified)
    just_before = (ends - timedelta(microseconds=1)).astimezone(WORKING.zone)
    assert ends - notified >= timedelta(hours=48)
    assert just_before.weekday() < 5


def test_months_are_those_of_the_campaigns_time_zone() -> None:
    assert month_of(at("2026-12-01T04:59:59+00:00"), PLAIN) == "2026-11"
    assert month_of(at("2026-12-01T05:00:00+00:00"), PLAIN) == "2026-12"
