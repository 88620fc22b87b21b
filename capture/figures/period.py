"""From which day to which: days and months of the campaign's own zone."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Period:
    """Both days included; None is open. Without either it is all that ever was."""

    first: date | None = None
    last: date | None = None

    @classmethod
    def of_month(cls, month: str) -> "Period":
        """A whole month such as `2026-11`."""
        first = date.fromisoformat(f"{month}-01")
        return cls(first, first.replace(day=_days(first)))

    @property
    def is_whole_months(self) -> bool:
        """Whether it begins with a month's first day and ends with a last one, where it does."""
        return (self.first is None or self.first.day == 1) and (
            self.last is None or self.last.day == _days(self.last)
        )

    @property
    def is_open(self) -> bool:
        """Whether it leaves nothing out."""
        return self.first is None and self.last is None

    def holds(self, day: date) -> bool:
        """Whether a day lies in it."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def holds_month(self, month: str) -> bool:
        """Whether a month's first day lies in it."""
        return self.holds(date.fromisoformat(f"{month}-01"))


ALWAYS: Final = Period()


def month_before(month: str, back: int = 1) -> str:
    """The month so many before one such as `2026-11`."""
    first = date.fromisoformat(f"{month}-01")
    for _ in range(back):
        first = (first - timedelta(days=1)).replace(day=1)
    return f"{first:%Y-%m}"


def _days(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]
