"""Months of revenue: when a term ends, a prepayment divided, each month once (20, 22)."""

from collections.abc import Iterable
from datetime import date

from dateutil.relativedelta import relativedelta


def after_months(day: date, months: int) -> date:
    """The same day so many months later, clamped to the month's end: 31 January + 1 is the 28th."""
    later: date = day + relativedelta(months=months)
    return later


def split(amount: int, start: date, months: int) -> dict[date, int]:
    """A payment for several months, by the first day of each; the sum stays the amount.

    What does not divide goes to the first months, one minor unit each.
    """
    each, rest = divmod(amount, months)
    return {
        after_months(start, number): each + (1 if number < rest else 0) for number in range(months)
    }


def overlapping(day: date, known: Iterable[date]) -> date | None:
    """The known first day whose month shares a day with the month that begins on `day`."""
    for other in known:
        first, second = sorted((day, other))
        if second < after_months(first, 1):
            return other
    return None
