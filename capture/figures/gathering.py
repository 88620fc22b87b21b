"""One walk through each campaign's leads, bills and costs.

Leads count in the month of receipt with all that became of them; bills, credits and the agency's
costs in the month of the statement; customers' payments on their own date.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from capture.billing import life_of
from capture.campaign import Campaign, Costs
from capture.closing import spend_of
from capture.figures.book import Book, CurrencyFigures
from capture.figures.counting import count, count_customer
from capture.figures.grouping import By, by_lead, groups_of
from capture.figures.period import ALWAYS, Period
from capture.figures.sales import CUSTOMERS, payments
from capture.lead import NOT_STARTED, Kind
from capture.ledger import Reading, Tracked
from capture.metrics import Sums

NOT_ASKED: Final = "own costs were not asked for"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which figures are wanted."""

    campaigns: Sequence[Campaign]
    now: datetime
    """What silence has decided by then counts."""
    period: Period = ALWAYS
    by: By | None = None
    costs: Mapping[str, Costs] | None = None
    """The agency's own, by campaign; None where a client will see what is made."""


def gather(reading: Reading, asked: Asked) -> list[CurrencyFigures]:
    """The sums of each currency, apart (rule 29); currencies in the order of the campaigns."""
    books: dict[str, Book] = {}
    named: dict[str, list[str]] = defaultdict(list)
    spending = _spending(reading, asked)
    closed = _closed(reading)
    for campaign in asked.campaigns:
        currency = campaign.currency
        named[currency].append(campaign.slug)
        if currency not in books:
            books[currency] = _book(currency, asked)
        walk = _Walk(reading, asked, campaign, books[currency])
        walk.through_leads(spending[campaign.slug])
        walk.through_costs(closed.get(campaign.slug, ""))
    return [
        CurrencyFigures(currency, named[currency], book.whole, book.groupings)
        for currency, book in books.items()
    ]


def _book(currency: str, asked: Asked) -> Book:
    no_costs = NOT_ASKED if asked.costs is None else ""
    return Book(currency, asked.by, whole_months=asked.period.is_whole_months, no_costs=no_costs)


def _closed(reading: Reading) -> dict[str, str]:
    """Each campaign's last closed month, in or out of the period."""
    closings = (one.event for one in reading.events.of_account() if one.event.kind is Kind.CLOSED)
    last: dict[str, str] = {}
    for event in closings:
        last[event.campaign] = max(last.get(event.campaign, ""), event.data["month"])
    return last


Spending = dict[str, dict[str, tuple[int, int]]]
"""By lead (or by month, where nothing asks for leads), then by month: billed and credited."""


def _spending(reading: Reading, asked: Asked) -> dict[str, Spending]:
    found: dict[str, Spending] = {one.slug: {} for one in asked.campaigns}
    for client in sorted({one.client for one in asked.campaigns}):
        for spent in spend_of(reading, client):
            if spent.campaign in found and asked.period.holds_month(spent.month):
                key = spent.lead_id if by_lead(asked.by) else spent.month
                months = found[spent.campaign].setdefault(key, {})
                billed, credited = months.get(spent.month, (0, 0))
                months[spent.month] = (billed + spent.billed, credited + spent.credited)
    return found


class _Walk:
    """Through one campaign."""

    def __init__(self, reading: Reading, asked: Asked, campaign: Campaign, book: Book) -> None:
        self._reading = reading
        self._asked = asked
        self._campaign = campaign
        self._book = book
        self._today = asked.now.astimezone(campaign.zone).date()

    def through_leads(self, spending: Spending) -> None:
        """Counts each lead, what its customer paid, and what it cost the client."""
        for one in self._reading.leads.tracked(self._campaign.slug):
            if self._is_in_period(one):
                for sums in self._sums(one.lead.month, one):
                    count(sums, one, self._asked.now)
            if one.lead.sale != NOT_STARTED:
                self._sold(one)
            self._spent(spending.pop(one.lead.lead_id, {}), one)
        for rest in spending.values():
            self._spent(rest, None)

    def through_costs(self, last_closed: str) -> None:
        """The agency's own: to the whole, and to groups that they can be laid to."""
        slug, asked = self._campaign.slug, self._asked
        group = slug if asked.by is By.CAMPAIGN else ""
        if asked.costs is None:
            return
        costs = asked.costs.get(slug)
        if costs is None:
            self._book.no_costs(f"not written down: campaigns/{slug}.costs.toml", group)
        elif not last_closed:
            self._book.no_costs(f"no month of {slug} is closed yet", group)
        else:
            for month, amount in costs.by_month(last_closed, self._campaign.currency).items():
                if asked.period.holds_month(month):
                    groups = groups_of(asked.by, slug, month, None)
                    self._book.cost(() if by_lead(asked.by) else groups, amount)

    def _sums(self, month: str, one: Tracked | None) -> list[Sums]:
        return self._book.sums(groups_of(self._asked.by, self._campaign.slug, month, one))

    def _is_in_period(self, one: Tracked) -> bool:
        return self._asked.period.is_open or self._asked.period.holds(
            one.lead.received_at.astimezone(self._campaign.zone).date()
        )

    def _sold(self, one: Tracked) -> None:
        events = self._reading.events.select(lead_id=one.lead.lead_id)
        life = life_of(recorded.event for recorded in events)
        made = list(payments(life, self._campaign, self._today))
        for payment in made:
            if self._asked.period.holds(payment.day):
                for sums in self._sums(payment.month, one):
                    sums.bought += max(0, payment.amount)
                    sums.refunded += max(0, -payment.amount)
        if one.lead.sale in CUSTOMERS and self._is_in_period(one):
            for sums in self._sums(one.lead.month, one):
                count_customer(sums, life, made, self._asked.now)

    def _spent(self, months: Mapping[str, tuple[int, int]], one: Tracked | None) -> None:
        for month, (billed, credited) in months.items():
            for sums in self._sums(month, one):
                sums.billed += billed
                sums.credited += credited
