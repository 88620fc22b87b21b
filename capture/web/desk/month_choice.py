"""The month that a page shows: the one in its address, or else the current one."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from flask import request

from capture.billing.history import add_months
from capture.campaign.value_types import MONTH
from capture.documents.agreement.model import month_name
from capture.web.desk.times import reader_zone


@dataclass(frozen=True, slots=True)
class MonthChoice:
    """A month such as `2026-11`, and the months before and after it."""

    month: str
    earlier: str
    later: str
    """Empty for the current month."""

    @property
    def name(self) -> str:
        """In words: `November 2026`."""
        return month_name(self.month)


def chosen_month(now: datetime) -> MonthChoice:
    """The month in the address; the current one if there is none, or if it is a later one."""
    this_month = f"{now.astimezone(reader_zone()):%Y-%m}"
    month = month_in_address(this_month)
    month = min(month, this_month)
    later = "" if month == this_month else shift_month(month, 1)
    return MonthChoice(month, shift_month(month, -1), later)


def month_in_address(default: str) -> str:
    """The month in the address; the default if there is none."""
    month = request.args.get("month", "")
    return month if is_month(month) else default


def is_month(text: str) -> bool:
    """Whether the text is a month such as `2026-11`, with room in the calendar on both sides."""
    return re.fullmatch(MONTH, text) is not None and "1000" <= text < "9999"


def shift_month(month: str, months: int) -> str:
    """The month so many months after a month; before it if the number is negative."""
    return f"{add_months(date.fromisoformat(f'{month}-01'), months):%Y-%m}"
