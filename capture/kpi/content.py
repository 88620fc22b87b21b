"""The figures of each page of the site in a month: views, leads, decisions, and revenue."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from capture.billing.reversals import day_of
from capture.campaign.model import Campaign
from capture.kpi.grouping import ERASED, month_before, month_days, path_group
from capture.kpi.sums import NON_LEAD_STAGES, Sums
from capture.kpi.views import PathViews, count_views
from capture.ledger.protocol import ReadTransaction
from capture.ledger.touches import TouchedLead, Visits

MONTHS: Final = 12
"""Months of articles and leads that are compared."""


@dataclass(slots=True)
class PageFigures:
    """The figures of one page, or of several together."""

    views: PathViews = field(default_factory=PathViews)
    first: dict[str, Sums] = field(default_factory=dict)
    """By currency: the leads whose first visit was on the page, and their customers' payments."""
    last: dict[str, Sums] = field(default_factory=dict)
    """The same for the last visit before the form."""

    @property
    def earns_nothing(self) -> bool:
        """Whether it was opened, and led to no lead and no revenue."""
        sums = [*self.first.values(), *self.last.values()]
        return bool(self.views.pages) and not any(item.leads or item.revenue for item in sums)

    def add(self, other: "PageFigures") -> None:
        """Adds the figures of another page."""
        self.views.pages += other.views.pages
        self.views.forms += other.views.forms
        for mine, theirs in ((self.first, other.first), (self.last, other.last)):
            for currency, sums in theirs.items():
                mine.setdefault(currency, Sums(currency)).add(sums)


def gather_content(
    reading: ReadTransaction, campaigns: Sequence[Campaign], month: str, now: datetime
) -> dict[str, PageFigures]:
    """The figures of a month by path: the leads that came in it, and the payments made in it.

    The groups of the KPIs by post for leads without a path are included.
    """
    by_path: defaultdict[str, PageFigures] = defaultdict(PageFigures)
    days = month_days(month)
    for campaign in campaigns:
        currency, today = campaign.currency, day_of(now, campaign)
        for lead in reading.touches.of_month(campaign.slug, month, now):
            for sums in _both_sums(by_path, lead.visits, currency):
                _count_lead(sums, lead)
        for visits, amount in reading.touches.payments(
            campaign.slug, days[0], min(days[-1], today)
        ):
            for sums in _both_sums(by_path, visits, currency):
                sums.bought += max(0, amount)
                sums.refunded += max(0, -amount)
    for path, views in count_views(reading, month).by_path.items():
        by_path[path].views = views
    return dict(by_path)


def _both_sums(
    by_path: Mapping[str, PageFigures], visits: Visits | None, currency: str
) -> tuple[Sums, Sums]:
    """The sums of the page of the first visit, and of that of the last visit."""
    if visits is None:
        first = last = ERASED
    else:
        first, last = path_group(visits.first), path_group(visits.last)
    return _sums(by_path[first].first, currency), _sums(by_path[last].last, currency)


def _sums(by_currency: dict[str, Sums], currency: str) -> Sums:
    if currency not in by_currency:  # new sums for each lead would take most of the time
        by_currency[currency] = Sums(currency)
    return by_currency[currency]


def _count_lead(sums: Sums, lead: TouchedLead) -> None:
    """Adds a lead. All acceptances count as the client's own here, because no figure of a page
    tells them apart; times to review, meetings and deals are not counted."""
    if lead.review == "accepted":
        sums.by_client += 1
    else:
        sums.stages[lead.review] += 1
    if lead.review == "rejected":
        sums.reasons[lead.reason or "settled"] += 1


@dataclass(frozen=True, slots=True)
class MonthOfContent:
    """How many articles were published in a month, and how many leads came."""

    month: str
    articles: int
    leads: int


def articles_and_leads(
    reading: ReadTransaction,
    campaigns: Sequence[Campaign],
    dates: Mapping[str, str],
    month: str,
    now: datetime,
) -> list[MonthOfContent]:
    """The `MONTHS` months up to a month, oldest first. `dates` are those of articles, by path."""
    months = [month_before(month, count) for count in range(MONTHS - 1, -1, -1)]
    articles = Counter(date[:7] for date in dates.values())
    leads: Counter[str] = Counter()
    slugs = [campaign.slug for campaign in campaigns]
    for counted in reading.lead_counts.by_stage(slugs, months[0], month, now):
        leads[counted.month] += 0 if counted.review in NON_LEAD_STAGES else counted.count
    return [MonthOfContent(name, articles[name], leads[name]) for name in months]
