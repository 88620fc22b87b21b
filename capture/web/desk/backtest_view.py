"""A backtest of one version of an agreement, small enough to run within one request of a page."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from capture.backtest.findings import Backtest
from capture.backtest.run import backtest
from capture.billing.history import add_months
from capture.campaign.model import Campaign
from capture.jobs.backtest import MOST_CHANGED, midnight
from capture.ledger.protocol import ReadTransaction

MOST_LEADS: Final = 5_000
"""Most leads that one page judges. It takes about two seconds. More are a job."""
_MOST_MONTHS: Final = 60


@dataclass(frozen=True, slots=True)
class BacktestView:
    """The result, or why there is none."""

    since: str
    """The first day of receipt as typed or chosen; empty for all leads."""
    result: Backtest | None = None
    is_limited: bool = False
    """Whether a later start was chosen, because all leads are too many for a page."""
    all_leads: int = 0
    """The number of leads that are too many for a page; 0 if they are not."""
    problem: str = ""


def backtest_view(
    reading: ReadTransaction, draft: Campaign, typed: str, now: datetime
) -> BacktestView:
    """Judges the campaign's leads by the draft, from the typed day (ISO 8601) on.

    Without a day: all leads, or those of the last months if all are too many.
    """
    start, leads = None, 0
    if typed:
        start = parse_day(draft, typed)
        if start is None:
            return BacktestView(typed, problem="Write the day like 2026-11-30.")
    if (count := _count(reading, draft, start)) > MOST_LEADS:
        leads = count
        first = None if typed else _first_day(reading, draft, now)
        if first is None:
            return BacktestView(typed, all_leads=leads)
        start = first
    since = None if start is None else midnight(draft, start)
    result = backtest(reading, draft, reading.leads.judged(draft.slug, since), now, MOST_CHANGED)
    since_text = "" if start is None else start.isoformat()
    return BacktestView(since_text, result, is_limited=leads > 0, all_leads=leads)


def parse_day(draft: Campaign, typed: str) -> date | None:
    """The day that somebody has typed as ISO 8601; None if it is none."""
    try:
        day = date.fromisoformat(typed)
        midnight(draft, day).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return day


def _first_day(reading: ReadTransaction, draft: Campaign, now: datetime) -> date | None:
    """The earliest first day of a month since which the leads are few enough; None if even this
    month has too many."""
    this_month = now.astimezone(draft.zone).date().replace(day=1)
    first = None
    for months in range(_MOST_MONTHS):
        day = add_months(this_month, -months)
        if _count(reading, draft, day) > MOST_LEADS:
            break
        first = day
    return first


def _count(reading: ReadTransaction, draft: Campaign, start: date | None) -> int:
    return reading.leads.count(draft.slug, None if start is None else midnight(draft, start))
