"""The agency's overview: four gauges of each currency, the leads of each day, and the funnel.

It has the figures of `gather_figures`, from counts and sums that the ledger keeps up to date. So it
is fast with very many leads.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from capture.billing.customers import CUSTOMER_STAGES
from capture.billing.reversals import day_of
from capture.campaign.model import Campaign
from capture.kpi.formulas import (
    Figure,
    close_rate,
    cost_per_qualified_lead,
    lifetime_value,
    roas,
)
from capture.kpi.grouping import month_before, month_days
from capture.kpi.sums import Sums
from capture.lead.moves import NON_LEAD_STAGES, VISIBLE_TO_CLIENT
from capture.ledger.protocol import ReadTransaction

MONTHS_BEFORE: Final = 12
GAUGES: Final = (close_rate, cost_per_qualified_lead, roas, lifetime_value)
"""The four figures."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """One figure of the month, of the month before, and of the twelve months before together."""

    month: Figure
    last_month: Figure
    year: Figure
    trend: Sequence[tuple[str, Figure]]
    """The figure of each of the twelve months before and of the month, oldest first."""


@dataclass(frozen=True, slots=True)
class CurrencyOverview:
    """The gauges of all campaigns of one currency."""

    currency: str
    campaigns: Sequence[str]
    gauges: Sequence[Gauge]


@dataclass(frozen=True, slots=True)
class Day:
    """The leads that were received on one day."""

    date: date
    leads: int
    qualified: int
    """The number of these leads that the client received."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The figures of a month."""

    month: str
    currencies: Sequence[CurrencyOverview]
    days: Sequence[Day]
    """Each day of the month until today; a lead counts on the date in its campaign's zone."""
    leads: int
    qualified: int
    accepted: int
    won: int


def gather_overview(
    reading: ReadTransaction, campaigns: Sequence[Campaign], month: str, now: datetime
) -> Overview:
    """The overview of a month, such as `2026-11`, as of an aware time."""
    months = [month_before(month, count) for count in range(MONTHS_BEFORE, -1, -1)]
    groups: defaultdict[str, list[Campaign]] = defaultdict(list)
    for campaign in campaigns:
        groups[campaign.currency].append(campaign)
    by_currency = {}
    for currency, group in groups.items():
        sums = by_currency[currency] = {name: Sums(currency) for name in months}
        _count_leads(reading, group, sums, now)
        _count_customers(reading, group, sums, now)
        _count_payments(reading, group, sums, now)
    _count_spending(reading, {campaign.slug: campaign for campaign in campaigns}, by_currency)
    of_month = [sums[month] for sums in by_currency.values()]
    return Overview(
        month=month,
        currencies=[
            CurrencyOverview(
                currency,
                _slugs(groups[currency]),
                _gauges(sums, currency, months),
            )
            for currency, sums in by_currency.items()
        ],
        days=_days(reading, campaigns, month, now),
        leads=sum(sums.leads for sums in of_month),
        qualified=sum(sums.qualified for sums in of_month),
        accepted=sum(sums.accepted for sums in of_month),
        won=sum(sums.deals for sums in of_month),
    )


def _count_leads(
    reading: ReadTransaction,
    campaigns: Sequence[Campaign],
    by_month: Mapping[str, Sums],
    now: datetime,
) -> None:
    """Adds the leads of each month. Acceptance by silence counts as the client's own here, because
    no figure of the overview tells them apart; reasons and times to review are not counted."""
    slugs, months = _slugs(campaigns), list(by_month)
    for counted in reading.lead_counts.by_stage(slugs, months[0], months[-1], now):
        sums = by_month[counted.month]
        if counted.review != "accepted":
            sums.stages[counted.review] += counted.count
        elif counted.entered:
            sums.by_entry += counted.count
        else:
            sums.by_client += counted.count
        if counted.sale in CUSTOMER_STAGES:
            sums.deals += counted.count


def _count_customers(
    reading: ReadTransaction,
    campaigns: Sequence[Campaign],
    by_month: Mapping[str, Sums],
    now: datetime,
) -> None:
    slugs, months = _slugs(campaigns), list(by_month)
    for counted in reading.customers.sums(slugs, months[0], months[-1], now):
        sums = by_month[counted.month]
        sums.customers += counted.customers
        sums.churned += counted.churned
        sums.customer_days += counted.days


def _count_payments(
    reading: ReadTransaction,
    campaigns: Sequence[Campaign],
    by_month: Mapping[str, Sums],
    now: datetime,
) -> None:
    """Adds payments to the month in which they were made, and purchases of customers to the month
    in which their lead was received."""
    by_date: defaultdict[date, list[Campaign]] = defaultdict(list)
    for campaign in campaigns:
        by_date[day_of(now, campaign)].append(campaign)
    for today, group in by_date.items():
        for payments in reading.customers.payments(_slugs(group), today):
            if payments.paid in by_month:
                by_month[payments.paid].bought += payments.bought
                by_month[payments.paid].refunded += payments.refunded
            if payments.by_customers and payments.month in by_month:
                by_month[payments.month].purchases += payments.purchases
                by_month[payments.month].purchased += payments.bought - payments.refunded


def _slugs(campaigns: Sequence[Campaign]) -> list[str]:
    return [campaign.slug for campaign in campaigns]


def _count_spending(
    reading: ReadTransaction,
    campaigns: Mapping[str, Campaign],
    by_currency: Mapping[str, Mapping[str, Sums]],
) -> None:
    """Adds what was billed, and corrected, in the month of the statement (rule 29)."""
    months: dict[str, str] = {}
    for total in reading.statements.totals():
        months[total.number] = total.month
        campaign = campaigns.get(total.campaign)
        if campaign is not None and total.month in by_currency[campaign.currency]:
            by_currency[campaign.currency][total.month].billed += total.total
    for corrected in reading.statements.corrections():
        campaign, month = campaigns.get(corrected.campaign), months[corrected.number]
        if campaign is not None and month in by_currency[campaign.currency]:
            sums = by_currency[campaign.currency][month]
            sums.credited += corrected.credited
            sums.billed += corrected.debited


def _gauges(by_month: Mapping[str, Sums], currency: str, months: Sequence[str]) -> list[Gauge]:
    *earlier, last_month, month = months
    year = Sums(currency)
    for name in (*earlier, last_month):
        year.add(by_month[name])
    return [
        Gauge(
            month=figure(by_month[month]),
            last_month=figure(by_month[last_month]),
            year=figure(year),
            trend=[(name, figure(by_month[name])) for name in months],
        )
        for figure in GAUGES
    ]


def _days(
    reading: ReadTransaction, campaigns: Sequence[Campaign], month: str, now: datetime
) -> list[Day]:
    leads: Counter[date] = Counter()
    qualified: Counter[date] = Counter()
    for counted in reading.lead_counts.by_day(_slugs(campaigns), month, now):
        leads[counted.day] += 0 if counted.review in NON_LEAD_STAGES else counted.count
        qualified[counted.day] += counted.count if counted.review in VISIBLE_TO_CLIENT else 0
    today = max((day_of(now, campaign) for campaign in campaigns), default=now.date())
    return [Day(day, leads[day], qualified[day]) for day in month_days(month) if day <= today]
