"""Gathers the figures of campaigns in one scan of leads, bills and costs.

Leads count in the month of receipt, with all their outcomes; bills, credits and the agency's
costs in the month of the statement; customers' payments on their own date.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from capture.billing.history import LeadHistory, lead_history
from capture.campaign.catalogue import Catalogue, Costs
from capture.campaign.model import Campaign, PriceModel
from capture.closing.drawing import spend_of
from capture.kpi.grouping import ALWAYS, Book, By, CurrencyFigures, Period, by_lead, groups_of
from capture.kpi.sums import Sums
from capture.lead.events import Actor, EventKind
from capture.lead.moves import NOT_STARTED
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import LeadForKpi

# Payments of a lead's customer.


CUSTOMERS = frozenset({"won", "churned"})
"""Sale stages in which the lead is or was a customer."""


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment of a customer in minor units; negative for a refund."""

    day: date
    amount: int

    @property
    def month(self) -> str:
        """Such as `2026-11`."""
        return f"{self.day:%Y-%m}"


def payments(history: LeadHistory, terms: Campaign, today: date) -> Iterator[Payment]:
    """Sale, started revenue periods and refunds.

    Under revenue share the periods are parts of the sale, so it counts only while there are none.
    """
    if history.won is None:
        return
    divided = terms.price.model is PriceModel.REVENUE_SHARE and history.revenue
    if not divided:
        yield Payment(history.won.occurred_at.astimezone(terms.zone).date(), history.won.amount)
        for absence in history.absences:
            if absence.returned is not None:
                bought = absence.returned
                yield Payment(bought.occurred_at.astimezone(terms.zone).date(), bought.amount)
    in_full = [
        refund.occurred_at.astimezone(terms.zone).date()
        for refund in history.refunds
        if divided and not refund.period
    ]
    for period, amounts in history.revenue.items():
        # A payment in advance that was refunded counts, like its refund, on the day of the refund.
        day = min([date.fromisoformat(period), *in_full])
        if day <= today:
            yield from (Payment(day, paying.amount) for paying in amounts)
    for refund in history.refunds:
        yield Payment(refund.occurred_at.astimezone(terms.zone).date(), -refund.amount)


# Counting one lead, and one customer.


def count_lead(sums: Sums, one: LeadForKpi, now: datetime) -> None:
    """Adds the lead to `sums`, in its stage at `now`; acceptance by silence included."""
    lead, text = one.lead, one.decision
    stage = lead.review_at(now)
    silent = lead.is_silently_accepted_at(now) or (text is not None and text.actor is Actor.SYSTEM)
    if stage != "accepted":
        sums.stages[stage] += 1
    elif silent:
        sums.by_silence += 1
    else:
        sums.by_word += 1
    if stage == "rejected":
        sums.reasons[(text and text.reason) or "settled"] += 1
    if stage in {"accepted", "rejected"} and not silent and text and one.notice_at:
        sums.review_seconds.append(max(0, int((text.at - one.notice_at).total_seconds())))
    sums.held += lead.appointment_at(now) == "held"
    sums.deals += lead.sale in CUSTOMERS


def count_customer(
    sums: Sums, history: LeadHistory, results: Sequence[Payment], now: datetime
) -> None:
    """Adds the customer's purchases and days so far to `sums`."""
    if history.won is None:
        return
    until = history.churned_at or now
    sums.customers += 1
    sums.churned += history.churned_at is not None
    sums.purchases += sum(payment.amount > 0 for payment in results)
    sums.purchased += sum(payment.amount for payment in results)
    away = sum(
        (absence.returned.occurred_at - absence.left_at).days
        for absence in history.absences
        if absence.returned is not None
    )
    sums.customer_days += max(0, (until - history.won.occurred_at).days - away)


NOT_ASKED: Final = "own costs were not asked for"


@dataclass(frozen=True, slots=True)
class KpiQuery:
    """Selects campaigns, period and grouping of figures."""

    campaigns: Sequence[Campaign]
    now: datetime
    """UTC; acceptance by silence counts up to this time."""
    period: Period = ALWAYS
    by: By | None = None
    costs: Mapping[str, Costs] | None = None
    """The agency's own costs by campaign; None if a client will see the result."""


def gather_figures(reading: ReadTransaction, query: KpiQuery) -> list[CurrencyFigures]:
    """Sums per currency (rule 29); currencies in the order of the campaigns."""
    books: dict[str, Book] = {}
    named: dict[str, list[str]] = defaultdict(list)
    spending = _spending(reading, query)
    closed = _closed(reading)
    for campaign in query.campaigns:
        currency = campaign.currency
        named[currency].append(campaign.slug)
        if currency not in books:
            books[currency] = _book(currency, query)
        scan = _Scan(reading, query, campaign, books[currency])
        scan.count_leads(spending[campaign.slug])
        scan.count_costs(closed.get(campaign.slug, ""))
    return [
        CurrencyFigures(currency, named[currency], book.whole, book.groupings)
        for currency, book in books.items()
    ]


def _book(currency: str, query: KpiQuery) -> Book:
    no_costs = NOT_ASKED if query.costs is None else ""
    return Book(currency, query.by, whole_months=query.period.is_whole_months, no_costs=no_costs)


def _closed(reading: ReadTransaction) -> dict[str, str]:
    """The last closed month of each campaign, in the period or not."""
    closings = (
        one.event for one in reading.events.of_account() if one.event.kind is EventKind.CLOSED
    )
    last: dict[str, str] = {}
    for event in closings:
        last[event.campaign] = max(last.get(event.campaign, ""), event.data["month"])
    return last


Spending = dict[str, dict[str, tuple[int, int]]]
"""Billed and credited, by lead id (by month if the grouping needs no leads) and then by month."""


def _spending(reading: ReadTransaction, query: KpiQuery) -> dict[str, Spending]:
    found: dict[str, Spending] = {one.slug: {} for one in query.campaigns}
    for client in sorted({one.client for one in query.campaigns}):
        for spent in spend_of(reading, client):
            if spent.campaign in found and query.period.holds_month(spent.month):
                key = spent.lead_id if by_lead(query.by) else spent.month
                months = found[spent.campaign].setdefault(key, {})
                billed, credited = months.get(spent.month, (0, 0))
                months[spent.month] = (billed + spent.billed, credited + spent.credited)
    return found


class _Scan:
    """One campaign's scan, which adds to the book of its currency."""

    def __init__(
        self, reading: ReadTransaction, query: KpiQuery, campaign: Campaign, book: Book
    ) -> None:
        self._reading = reading
        self._query = query
        self._campaign = campaign
        self._book = book
        self._today = query.now.astimezone(campaign.zone).date()

    def count_leads(self, spending: Spending) -> None:
        """Counts each lead, what its customer paid, and what it cost the client."""
        for one in self._reading.leads.for_kpi(self._campaign.slug):
            if self._is_in_period(one):
                for sums in self._sums(one.lead.month, one):
                    count_lead(sums, one, self._query.now)
            if one.lead.sale != NOT_STARTED:
                self._count_sale(one)
            self._add_spending(spending.pop(one.lead.lead_id, {}), one)
        for rest in spending.values():
            self._add_spending(rest, None)

    def count_costs(self, last_closed: str) -> None:
        """Adds the agency's costs to the total, and to groups to which they can be assigned."""
        slug, query = self._campaign.slug, self._query
        group = slug if query.by is By.CAMPAIGN else ""
        if query.costs is None:
            return
        costs = query.costs.get(slug)
        if costs is None:
            self._book.no_costs(f"not written down: campaigns/{slug}.costs.toml", group)
        elif not last_closed:
            self._book.no_costs(f"no month of {slug} is closed yet", group)
        else:
            for month, amount in costs.by_month(last_closed, self._campaign.currency).items():
                if query.period.holds_month(month):
                    groups = groups_of(query.by, slug, month, None)
                    self._book.cost(() if by_lead(query.by) else groups, amount)

    def _sums(self, month: str, one: LeadForKpi | None) -> list[Sums]:
        return self._book.sums(groups_of(self._query.by, self._campaign.slug, month, one))

    def _is_in_period(self, one: LeadForKpi) -> bool:
        return self._query.period.is_open or self._query.period.holds(
            one.lead.received_at.astimezone(self._campaign.zone).date()
        )

    def _count_sale(self, one: LeadForKpi) -> None:
        events = self._reading.events.select(lead_id=one.lead.lead_id)
        history = lead_history(recorded.event for recorded in events)
        results = list(payments(history, self._campaign, self._today))
        for payment in results:
            if self._query.period.holds(payment.day):
                for sums in self._sums(payment.month, one):
                    sums.bought += max(0, payment.amount)
                    sums.refunded += max(0, -payment.amount)
        if one.lead.sale in CUSTOMERS and self._is_in_period(one):
            for sums in self._sums(one.lead.month, one):
                count_customer(sums, history, results, self._query.now)

    def _add_spending(self, months: Mapping[str, tuple[int, int]], one: LeadForKpi | None) -> None:
        for month, (billed, credited) in months.items():
            for sums in self._sums(month, one):
                sums.billed += billed
                sums.credited += credited


# Selecting campaigns.


def campaigns_in(
    reading: ReadTransaction, catalogue: Catalogue, campaign: str | None, client: str | None
) -> list[Campaign]:
    """The campaigns by slug; one without a file in the version of its first lead.

    Raises `NotFound` for a campaign or client that neither files nor ledger know.
    """
    found = dict(catalogue.campaigns)
    gone = {campaign} if campaign else set(reading.campaigns.slugs())
    for slug in gone - found.keys():
        version = reading.campaigns.first_version(slug)
        if version is not None:
            found[slug] = saved_campaign(reading, slug, version)
    if campaign is not None:
        if campaign not in found:
            catalogue.campaign(campaign)  # raises, naming near spellings
        found = {campaign: found[campaign]}
    if client is not None:
        if all(one.client != client for one in found.values()):
            catalogue.client(client)
        found = {slug: one for slug, one in found.items() if one.client == client}
    return [found[slug] for slug in sorted(found)]
