"""Periods of a share of revenue that begin in a month and have no revenue recorded.

Rules are those of docs/rules.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from capture.billing.history import LeadHistory, add_months, find_overlap, lead_history
from capture.billing.reversals import day_of, is_billable_period
from capture.campaign.model import Campaign
from capture.closing.parking import IMPOSSIBLE
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import LeadFilter

_AFTER_A_SALE: Final = ("won", "churned", "refunded")
"""The stages of a sale in which a period may be billable."""


@dataclass(frozen=True, slots=True)
class UnpaidPeriod:
    """A period of revenue that begins in the month, with no revenue recorded for it."""

    campaign: str
    lead_id: str
    first_day: date


def unpaid_periods(
    reading: ReadTransaction, slug: str, month: str, now: datetime
) -> Iterator[UnpaidPeriod]:
    """The month's unpaid periods of a campaign with a share of revenue, as of an aware time.

    A period is listed from its first day on, while it is billable (rules 22 and 37).
    """
    for sale in _AFTER_A_SALE:
        for lead in reading.leads.select(LeadFilter(slug, sale=sale)):
            is_billable = not (lead.test or lead.free_over_cap) and lead.consent.permits_bill
            if not is_billable or lead.accepted_as_of(now) is None:
                continue
            try:
                recorded_events = reading.events.select(lead_id=lead.lead_id)
                history = lead_history(recorded.event for recorded in recorded_events)
                terms = saved_campaign(reading, slug, lead.version)
                first_day = _unpaid_day(history, terms, month)
            except IMPOSSIBLE:  # the preview parks such a lead with its reason
                continue
            if first_day is not None and first_day <= day_of(now, terms):
                yield UnpaidPeriod(slug, lead.lead_id, first_day)


def _unpaid_day(history: LeadHistory, terms: Campaign, month: str) -> date | None:
    """The first day of the period in the month that has no revenue; None if there is none.

    Periods begin on the day of the sale in each month, or where the revenue recorded so far ends.
    """
    if history.won is None:
        return None
    won = day_of(history.won.occurred_at, terms)
    recorded_days = sorted(map(date.fromisoformat, history.revenue))
    if any(f"{day:%Y-%m}" == month for day in recorded_days):
        return None
    start = date.fromisoformat(f"{month}-01")
    months = 12 * (start.year - won.year) + start.month - won.month
    first_day = add_months(won, months)
    overlap = find_overlap(first_day, recorded_days)
    if overlap is not None:
        first_day = add_months(overlap, 1 if overlap < first_day else -1)
    is_free = f"{first_day:%Y-%m}" == month and find_overlap(first_day, recorded_days) is None
    return first_day if is_free and is_billable_period(first_day, history, terms) else None
