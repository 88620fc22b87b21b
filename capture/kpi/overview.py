"""The agency's overview: four gauges of each currency, the leads of each day, and the funnel.

It has the figures of `gather_figures`, but the database counts the leads, and what follows from
closed statements and from sales is kept in memory. So it is fast with very many leads.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from capture.billing.account import DocumentKind
from capture.billing.reversals import day_of
from capture.campaign.model import Campaign
from capture.closing.credit import corrections_of
from capture.kpi.formulas import Figure, client_figures
from capture.kpi.gathering import (
    CUSTOMER_STAGES,
    Customer,
    count_customer,
    count_payment,
    read_customer,
)
from capture.kpi.grouping import month_before, month_days
from capture.kpi.sums import NON_LEAD_STAGES, Sums
from capture.lead.moves import VISIBLE_TO_CLIENT
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import StatementTotal

MONTHS_BEFORE: Final = 12
GAUGES: Final = ("lead_to_close_rate", "cost_per_qualified_lead", "roas", "lifetime_value")
"""The keys of the four figures."""


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


class KnownFacts:
    """What follows from closed statements and from sales, kept between two overviews.

    Closed statements never change. A customer is read again when its lead has a new event.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: Sequence[str] = ()
        self._totals: Sequence[StatementTotal] = ()
        self._customers: dict[tuple[str, str], tuple[int, dict[str, Customer]]] = {}

    def totals(self, reading: ReadTransaction) -> Sequence[StatementTotal]:
        """The total of each campaign on each statement."""
        numbers = reading.statements.numbers()
        with self._lock:
            if self._numbers != numbers:
                self._numbers, self._totals = numbers, tuple(reading.statements.totals())
            return self._totals

    def customers(self, reading: ReadTransaction, campaign: Campaign) -> Iterable[Customer]:
        """The customers of a campaign's leads."""
        key, slug = (campaign.slug, campaign.version), campaign.slug
        last, _ = reading.events.head()
        with self._lock:
            known_last, known = self._customers.get(key, (0, {}))
            sold = reading.lead_counts.with_sale(slug)
            changed = reading.events.leads_changed_after(slug, last=known_last) if known else ()
            customers = {}
            for lead_id in sold:
                if lead_id in known and lead_id not in changed:
                    customers[lead_id] = known[lead_id]
                elif (lead := reading.leads.get(lead_id)) is not None:
                    customers[lead_id] = read_customer(reading, lead, campaign)
            if last >= known_last:
                self._customers[key] = last, customers
            return customers.values()


def gather_overview(
    reading: ReadTransaction,
    campaigns: Sequence[Campaign],
    month: str,
    now: datetime,
    known: KnownFacts,
) -> Overview:
    """The overview of a month, such as `2026-11`, as of an aware time."""
    months = [month_before(month, count) for count in range(MONTHS_BEFORE, -1, -1)]
    by_currency: dict[str, dict[str, Sums]] = {}
    slugs: dict[str, list[str]] = {}
    for campaign in campaigns:
        currency = campaign.currency
        slugs.setdefault(currency, []).append(campaign.slug)
        sums = by_currency.setdefault(currency, {name: Sums(currency) for name in months})
        _count_leads(reading, campaign, sums, now)
        _count_customers(known.customers(reading, campaign), campaign, sums, now)
    _count_spending(
        reading, known, {campaign.slug: campaign for campaign in campaigns}, by_currency
    )
    of_month = [sums[month] for sums in by_currency.values()]
    return Overview(
        month=month,
        currencies=[
            CurrencyOverview(currency, slugs[currency], _gauges(sums, currency, months))
            for currency, sums in by_currency.items()
        ],
        days=_days(reading, campaigns, month, now),
        leads=sum(sums.leads for sums in of_month),
        qualified=sum(sums.qualified for sums in of_month),
        accepted=sum(sums.accepted for sums in of_month),
        won=sum(sums.deals for sums in of_month),
    )


def _count_leads(
    reading: ReadTransaction, campaign: Campaign, by_month: Mapping[str, Sums], now: datetime
) -> None:
    """Adds the leads of each month. Acceptance by silence counts as the client's own here, because
    no figure of the overview tells them apart; reasons and times to review are not counted."""
    months = list(by_month)
    for counted in reading.lead_counts.by_stage(campaign.slug, months[0], months[-1], now):
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
    customers: Iterable[Customer], campaign: Campaign, by_month: Mapping[str, Sums], now: datetime
) -> None:
    today = day_of(now, campaign)
    for customer in customers:
        for payment in customer.payments_until(today):
            if payment.month in by_month:
                count_payment(by_month[payment.month], payment)
        if customer.month in by_month:
            count_customer(by_month[customer.month], customer, today, now)


def _count_spending(
    reading: ReadTransaction,
    known: KnownFacts,
    campaigns: Mapping[str, Campaign],
    by_currency: Mapping[str, Mapping[str, Sums]],
) -> None:
    """Adds what was billed, and corrected, in the month of the statement (rule 29)."""
    months: dict[str, str] = {}
    for total in known.totals(reading):
        months[total.number] = total.month
        campaign = campaigns.get(total.campaign)
        if campaign is not None and total.month in by_currency[campaign.currency]:
            by_currency[campaign.currency][total.month].billed += total.total
    for note in corrections_of(reading):
        campaign, month = campaigns.get(note.campaign), months[note.statement]
        if campaign is not None and month in by_currency[campaign.currency]:
            sums = by_currency[campaign.currency][month]
            if note.kind is DocumentKind.CREDIT:
                sums.credited += note.amount
            else:
                sums.billed += note.amount


def _gauges(by_month: Mapping[str, Sums], currency: str, months: Sequence[str]) -> list[Gauge]:
    *earlier, last_month, month = months
    year = Sums(currency)
    for name in (*earlier, last_month):
        year.add(by_month[name])
    figures, of_year = {name: _figures(by_month[name]) for name in months}, _figures(year)
    return [
        Gauge(
            month=figures[month][key],
            last_month=figures[last_month][key],
            year=of_year[key],
            trend=[(name, figures[name][key]) for name in months],
        )
        for key in GAUGES
    ]


def _figures(sums: Sums) -> dict[str, Figure]:
    return {figure.key: figure for figure in client_figures(sums)}


def _days(
    reading: ReadTransaction, campaigns: Sequence[Campaign], month: str, now: datetime
) -> list[Day]:
    leads: Counter[date] = Counter()
    qualified: Counter[date] = Counter()
    for campaign in campaigns:
        for counted in reading.lead_counts.by_quarter_hour(campaign.slug, month, now):
            day = day_of(counted.start, campaign)
            leads[day] += 0 if counted.review in NON_LEAD_STAGES else counted.count
            qualified[day] += counted.count if counted.review in VISIBLE_TO_CLIENT else 0
    today = max((day_of(now, campaign) for campaign in campaigns), default=now.date())
    return [Day(day, leads[day], qualified[day]) for day in month_days(month) if day <= today]
