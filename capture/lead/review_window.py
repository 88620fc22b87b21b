"""When the review window ends, by the campaign's terms (rule 11 of docs/rules.md)."""

from datetime import UTC, date, datetime, time, timedelta

from capture.campaign.model import Campaign

_SATURDAY = 5


def deadline(campaign: Campaign, notified_at: datetime) -> datetime:
    """The UTC time at which silence accepts, for a client who was notified at `notified_at`.

    Hours are elapsed hours, also across a change of daylight saving time. With `working_days`,
    weekends and the campaign's holidays do not count, in the campaign's time zone.
    """
    remaining = timedelta(hours=campaign.review.hours)
    cursor = notified_at.astimezone(UTC)
    if not campaign.review.working_days:
        return cursor + remaining
    while True:
        today = cursor.astimezone(campaign.zone).date()
        midnight = _start_of(today + timedelta(days=1), campaign)
        if today.weekday() < _SATURDAY and today not in campaign.review.holidays:
            if cursor + remaining <= midnight:
                return cursor + remaining
            remaining -= midnight - cursor
        cursor = midnight


def _start_of(day: date, campaign: Campaign) -> datetime:
    return datetime.combine(day, time(), campaign.zone).astimezone(UTC)


def month_of(moment: datetime, campaign: Campaign) -> str:
    """The month in the campaign's zone, such as `2026-11`."""
    return moment.astimezone(campaign.zone).strftime("%Y-%m")
