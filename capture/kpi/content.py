"""The figures of each page of the site in a month: views, leads, decisions, and revenue."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from capture.billing.reversals import day_of
from capture.campaign.model import Campaign
from capture.kpi.gathering import count_lead, count_payment, read_customer
from capture.kpi.grouping import Grouping, groups_of, month_before
from capture.kpi.sums import NON_LEAD_STAGES, Sums
from capture.kpi.views import PathViews, count_views
from capture.lead.moves import NOT_STARTED
from capture.ledger.protocol import ReadTransaction

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
    for campaign in campaigns:
        currency, today = campaign.currency, day_of(now, campaign)
        for kpi_lead in reading.leads.for_kpi(campaign.slug, month):
            lead = kpi_lead.lead
            first, last = groups_of(Grouping.POST, campaign.slug, month, kpi_lead)
            both = (
                by_path[first].first.setdefault(currency, Sums(currency)),
                by_path[last].last.setdefault(currency, Sums(currency)),
            )
            if lead.month == month:
                for sums in both:
                    count_lead(sums, kpi_lead, now)
            if lead.sale != NOT_STARTED:
                for payment in read_customer(reading, lead, campaign).payments_until(today):
                    if payment.month == month:
                        for sums in both:
                            count_payment(sums, payment)
    for path, views in count_views(reading, month).by_path.items():
        by_path[path].views = views
    return dict(by_path)


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
    for campaign in campaigns:
        for counted in reading.lead_counts.by_stage(campaign.slug, months[0], month, now):
            leads[counted.month] += 0 if counted.review in NON_LEAD_STAGES else counted.count
    return [MonthOfContent(name, articles[name], leads[name]) for name in months]
