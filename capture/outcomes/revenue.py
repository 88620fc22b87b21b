"""Revenue by month (rules 20 and 22): a payment divided, and no month paid for twice."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from capture.billing import Life, after_months, counts, overlapping, split
from capture.campaign import Campaign
from capture.errors import Refused


def periods(
    life: Life, terms: Campaign, amount: int, first: date, months: int
) -> list[dict[str, Any]]:
    """What each month's event says. The amount is in minor units.

    Raises `Refused` for a period that is recorded already, or whose month shares days with one
    that pays.
    """
    parts = split(amount, first, months)
    known = [day.isoformat() for day in parts if day.isoformat() in life.revenue]
    if known:
        raise Refused(
            f"lead {life.lead.lead_id}: revenue of {known[0]} is recorded already; "
            "a period counts once"
        )
    _check_months(life, terms, parts)
    return [{"amount": part, "period": day.isoformat()} for day, part in parts.items()]


def _check_months(life: Life, terms: Campaign, parts: Iterable[date]) -> None:
    """Rule 20: of months that pay, each is paid for once, by whatever day it is known."""
    recorded = map(date.fromisoformat, life.revenue)
    paying = [day for day in recorded if counts(day, life, terms)]
    for day in parts:
        other = overlapping(day, paying) if counts(day, life, terms) else None
        if other is not None:
            later = day > other
            free = after_months(other, 1 if later else -1)
            raise Refused(
                f"lead {life.lead.lead_id}: the month from {day} overlaps revenue of {other}, "
                "which is recorded already; a month counts once, so begin it on "
                f"{free} or {'later' if later else 'earlier'}"
            )
