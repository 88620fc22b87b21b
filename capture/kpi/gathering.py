"""Gathers the figures of campaigns in one scan of leads, statements and costs.

Leads count in the month of receipt, with all their outcomes. Bill lines, credits and the agency's
costs count in the month of the statement; customers' payments on their own date.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from capture.billing.customers import (
    CUSTOMER_STAGES,
    Customer,
    CustomerPayment,
    customer_from,
)
from capture.billing.reversals import day_of
from capture.campaign.catalogue import Catalogue, Costs
from capture.campaign.model import Campaign
from capture.closing.drawing import spend_of
from capture.closing.months import closed_months
from capture.kpi.grouping import (
    ALL_TIME,
    CurrencyFigures,
    CurrencySums,
    Grouping,
    Period,
    groups_of,
    needs_leads,
)
from capture.kpi.sums import COSTS_NOT_REQUESTED, Sums
from capture.lead.events import Actor
from capture.lead.model import Lead
from capture.lead.moves import NOT_STARTED
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import LeadForKpi

# Counting one lead, and one customer.


def count_lead(sums: Sums, kpi_lead: LeadForKpi, now: datetime) -> None:
    """Adds the lead to `sums`, in its stage at `now`; acceptance by silence included."""
    lead, decision = kpi_lead.lead, kpi_lead.decision
    stage = lead.review_at(now)
    is_by_silence = lead.is_silently_accepted_at(now) or (
        decision is not None and decision.actor is Actor.SYSTEM
    )
    if stage != "accepted":
        sums.stages[stage] += 1
    elif lead.entered:
        sums.by_entry += 1
    elif is_by_silence:
        sums.by_silence += 1
    else:
        sums.by_client += 1
    if stage == "rejected":
        sums.reasons[(decision and decision.reason) or "settled"] += 1
    is_reviewed = stage in {"accepted", "rejected"} and not is_by_silence
    if is_reviewed and decision and kpi_lead.notice_at:
        seconds = int((decision.at - kpi_lead.notice_at).total_seconds())
        sums.review_seconds.append(max(0, seconds))
    sums.held += lead.appointment_at(now) == "held"
    sums.deals += lead.sale in CUSTOMER_STAGES


def read_customer(reading: ReadTransaction, lead: Lead, terms: Campaign) -> Customer:
    """The customer of a lead, from its events."""
    recorded_events = reading.events.select(lead_id=lead.lead_id)
    return customer_from((recorded.event for recorded in recorded_events), terms)


def count_customer(sums: Sums, customer: Customer, today: date, now: datetime) -> None:
    """Adds the customer's purchases, and their days as a customer until `now`, to `sums`."""
    if customer.won_at is None or not customer.is_customer:
        return
    payments = customer.payments_until(today)
    sums.customers += 1
    sums.churned += customer.churned_at is not None
    sums.purchases += sum(payment.amount > 0 for payment in payments)
    sums.purchased += sum(payment.amount for payment in payments)
    sums.customer_days += customer.days_until(now)


def count_payment(sums: Sums, payment: CustomerPayment) -> None:
    """Adds what a customer paid or was refunded to `sums`."""
    sums.bought += max(0, payment.amount)
    sums.refunded += max(0, -payment.amount)


# Figures by currency and group.


@dataclass(frozen=True, slots=True)
class KpiQuery:
    """The campaigns, period and grouping of figures."""

    campaigns: Sequence[Campaign]
    now: datetime
    """UTC; acceptance by silence counts up to this time."""
    period: Period = ALL_TIME
    grouping: Grouping | None = None
    costs: Mapping[str, Costs] | None = None
    """The agency's own costs by campaign; None for a result that a client will see."""


def gather_figures(reading: ReadTransaction, query: KpiQuery) -> list[CurrencyFigures]:
    """The sums of each currency (rule 29 of docs/rules.md), in the order of the campaigns."""
    by_currency: dict[str, CurrencySums] = {}
    slugs: dict[str, list[str]] = defaultdict(list)
    spending = _spending(reading, query)
    closed = _last_closed_months(reading)
    for campaign in query.campaigns:
        currency = campaign.currency
        slugs[currency].append(campaign.slug)
        if currency not in by_currency:
            by_currency[currency] = _new_sums(currency, query)
        scan = _Scan(reading, query, campaign, by_currency[currency])
        scan.count_leads(spending[campaign.slug])
        scan.count_costs(closed.get(campaign.slug, ""))
    return [
        CurrencyFigures(currency, slugs[currency], sums.total, sums.tables)
        for currency, sums in by_currency.items()
    ]


def _new_sums(currency: str, query: KpiQuery) -> CurrencySums:
    return CurrencySums(
        currency,
        query.grouping,
        whole_months=query.period.is_whole_months,
        costs_unknown=COSTS_NOT_REQUESTED if query.costs is None else "",
    )


def _last_closed_months(reading: ReadTransaction) -> dict[str, str]:
    """The last closed month of each campaign, in the period or not."""
    last: dict[str, str] = {}
    for closing in closed_months(reading):
        for slug in closing.titles:
            last[slug] = max(last.get(slug, ""), closing.month)
    return last


Spending = dict[str, dict[str, tuple[int, int]]]
"""Billed and credited amounts by lead id (or month, if leads are not needed), then by month."""


def _spending(reading: ReadTransaction, query: KpiQuery) -> dict[str, Spending]:
    spending: dict[str, Spending] = {campaign.slug: {} for campaign in query.campaigns}
    for client in sorted({campaign.client for campaign in query.campaigns}):
        for line in spend_of(reading, client):
            if line.campaign in spending and query.period.contains_month(line.month):
                key = line.lead_id if needs_leads(query.grouping) else line.month
                months = spending[line.campaign].setdefault(key, {})
                billed, credited = months.get(line.month, (0, 0))
                months[line.month] = (billed + line.billed, credited + line.credited)
    return spending


class _Scan:
    """The scan of one campaign; it adds to the sums of its currency."""

    def __init__(
        self,
        reading: ReadTransaction,
        query: KpiQuery,
        campaign: Campaign,
        currency_sums: CurrencySums,
    ) -> None:
        self._reading = reading
        self._query = query
        self._campaign = campaign
        self._currency_sums = currency_sums
        self._today = day_of(query.now, campaign)

    def count_leads(self, spending: Spending) -> None:
        """Counts each lead, what its customer paid, and what it cost the client."""
        for kpi_lead in self._reading.leads.for_kpi(self._campaign.slug):
            if self._is_in_period(kpi_lead):
                for sums in self._sums_of(kpi_lead.lead.month, kpi_lead):
                    count_lead(sums, kpi_lead, self._query.now)
            if kpi_lead.lead.sale != NOT_STARTED:
                self._count_sale(kpi_lead)
            self._add_spending(spending.pop(kpi_lead.lead.lead_id, {}), kpi_lead)
        for months in spending.values():
            self._add_spending(months, None)

    def count_costs(self, last_closed: str) -> None:
        """Adds the agency's costs to the total, and to the groups of a campaign or a month."""
        slug, query = self._campaign.slug, self._query
        group = slug if query.grouping is Grouping.CAMPAIGN else ""
        if query.costs is None:
            return
        costs = query.costs.get(slug)
        if costs is None:
            reason = f"there is no file campaigns/{slug}.costs.toml"
            self._currency_sums.mark_costs_unknown(reason, group)
        elif not last_closed:
            reason = f"no month of {slug} is closed yet"
            self._currency_sums.mark_costs_unknown(reason, group)
        else:
            for month, amount in costs.by_month(last_closed, self._campaign.currency).items():
                if query.period.contains_month(month):
                    groups = groups_of(query.grouping, slug, month, None)
                    assignable = () if needs_leads(query.grouping) else groups
                    self._currency_sums.add_costs(assignable, amount)

    def _sums_of(self, month: str, kpi_lead: LeadForKpi | None) -> list[Sums]:
        groups = groups_of(self._query.grouping, self._campaign.slug, month, kpi_lead)
        return self._currency_sums.sums_of(groups)

    def _is_in_period(self, kpi_lead: LeadForKpi) -> bool:
        return self._query.period.is_open or self._query.period.contains(
            day_of(kpi_lead.lead.received_at, self._campaign)
        )

    def _count_sale(self, kpi_lead: LeadForKpi) -> None:
        customer = read_customer(self._reading, kpi_lead.lead, self._campaign)
        for payment in customer.payments_until(self._today):
            if self._query.period.contains(payment.day):
                for sums in self._sums_of(payment.month, kpi_lead):
                    count_payment(sums, payment)
        if customer.is_customer and self._is_in_period(kpi_lead):
            for sums in self._sums_of(kpi_lead.lead.month, kpi_lead):
                count_customer(sums, customer, self._today, self._query.now)

    def _add_spending(
        self, months: Mapping[str, tuple[int, int]], kpi_lead: LeadForKpi | None
    ) -> None:
        for month, (billed, credited) in months.items():
            for sums in self._sums_of(month, kpi_lead):
                sums.billed += billed
                sums.credited += credited


# The campaigns to report on.


def campaigns_in(
    reading: ReadTransaction, catalogue: Catalogue, campaign: str | None, client: str | None
) -> list[Campaign]:
    """The selected campaigns, sorted by slug; without a file, the version of the first lead.

    `campaign` and `client` are slugs; None selects all. Raises `NotFound` for one that is neither
    in the files nor in the ledger.
    """
    campaigns = dict(catalogue.campaigns)
    slugs = {campaign} if campaign else set(reading.campaigns.slugs())
    for slug in slugs - campaigns.keys():
        version = reading.campaigns.first_version(slug)
        if version is not None:
            campaigns[slug] = saved_campaign(reading, slug, version)
    if campaign is not None:
        if campaign not in campaigns:
            catalogue.campaign(campaign)  # raises `NotFound` with near spellings
        campaigns = {campaign: campaigns[campaign]}
    if client is not None:
        if all(terms.client != client for terms in campaigns.values()):
            catalogue.client(client)  # raises `NotFound` with near spellings
        campaigns = {slug: terms for slug, terms in campaigns.items() if terms.client == client}
    return [campaigns[slug] for slug in sorted(campaigns)]
