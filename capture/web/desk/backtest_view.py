"""A backtest of one version of an agreement, small enough to run within one request of a page."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

from capture.backtest.findings import Backtest
from capture.backtest.run import backtest
from capture.billing.history import add_months
from capture.campaign.model import Campaign
from capture.ledger.protocol import ReadTransaction
from capture.text import count_noun

MOST_LEADS: Final = 5_000
"""Most leads that one page judges. It takes about two seconds."""
MOST_CHANGED: Final = 50
"""Changed leads that the page lists."""
_MOST_MONTHS: Final = 60


@dataclass(frozen=True, slots=True)
class BacktestView:
    """The result, or why there is none."""

    since: str
    """The first day of receipt as typed or chosen; empty for all leads."""
    is_limited: bool
    """Whether a later start was chosen, because all leads are too many."""
    result: Backtest | None
    problem: str = ""


def backtest_view(
    reading: ReadTransaction, draft: Campaign, typed: str, now: datetime
) -> BacktestView:
    """Judges the campaign's leads by the draft, from the typed day (ISO 8601) on.

    Without a day: all leads, or those of the last months if all are too many.
    """
    start, is_limited = None, False
    if typed:
        try:
            start = date.fromisoformat(typed)
            _midnight(draft, start).astimezone(UTC)
        except (ValueError, OverflowError):
            return BacktestView(typed, False, None, "Write the day like 2026-11-30.")
        if (leads := _count(reading, draft, start)) > MOST_LEADS:
            problem = (
                f"{count_noun(leads, 'lead')} since then are too many for a page, which judges at "
                f"most {MOST_LEADS:,}. Choose a later day."
            )
            return BacktestView(typed, False, None, problem)
    elif _count(reading, draft, None) > MOST_LEADS:
        is_limited, start = True, _first_day(reading, draft, now)
        if start is None:
            problem = f"This month alone has more than {MOST_LEADS:,} leads. Choose a day."
            return BacktestView("", False, None, problem)
    since = None if start is None else _midnight(draft, start)
    result = backtest(reading, draft, reading.leads.judged(draft.slug, since), now, MOST_CHANGED)
    return BacktestView("" if start is None else start.isoformat(), is_limited, result)


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
    return reading.leads.count(draft.slug, None if start is None else _midnight(draft, start))


def _midnight(draft: Campaign, day: date) -> datetime:
    return datetime.combine(day, time(), draft.zone)
