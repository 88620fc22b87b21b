"""The figures of each page of the site in a month: views, leads, decisions, and revenue."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from capture.billing.reversals import day_of
from capture.campaign.model import Campaign
from capture.kpi.grouping import month_before, month_days
from capture.kpi.views import PathViews, count_views
from capture.lead.moves import NON_LEAD_STAGES
from capture.ledger.page_sums import OTHER_PAGES, PageSum
from capture.ledger.page_tally import Touch
from capture.ledger.protocol import ReadTransaction

MONTHS: Final = 12
"""Months of articles and leads that are compared."""


@dataclass(slots=True)
class PageFigures:
    """The figures of one page, or of several together."""

    views: PathViews = field(default_factory=PathViews)
    sums: Mapping[Touch, dict[str, PageSum]] = field(
        default_factory=lambda: {touch: {} for touch in Touch}
    )
    """By currency: the leads whose first visit was on the page, or whose last one before the form,
    and their customers' payments."""

    @property
    def earns_nothing(self) -> bool:
        """Whether it was opened, and led to no lead and no revenue."""
        sums = [found for by_currency in self.sums.values() for found in by_currency.values()]
        return bool(self.views.pages) and not any(found.leads or found.revenue for found in sums)


def gather_content(
    reading: ReadTransaction,
    campaigns: Sequence[Campaign],
    month: str,
    paths: Collection[str],
    now: datetime,
) -> dict[str, PageFigures]:
    """The figures of a month by path: the leads that came in it, and the payments made in it.

    All pages but those with these paths are together in `OTHER_PAGES`, with the visits that are not
    known any more.
    """
    by_path: defaultdict[str, PageFigures] = defaultdict(PageFigures)
    by_currency: defaultdict[str, list[Campaign]] = defaultdict(list)
    for campaign in campaigns:
        by_currency[campaign.currency].append(campaign)
    for currency, group in by_currency.items():
        slugs = [campaign.slug for campaign in group]
        for (touch, path), found in reading.page_sums.of_month(slugs, month, paths, now).items():
            by_path[path].sums[touch][currency] = found
        for campaign in group:
            later = _later_revenue(reading, campaign, month, paths, now)
            for (touch, path), amount in later.items():
                by_path[path].sums[touch][currency].revenue -= amount
    for path, views in count_views(reading, month).by_path.items():
        of_path = by_path[path if path in paths else OTHER_PAGES].views
        of_path.pages += views.pages
        of_path.forms += views.forms
    return dict(by_path)


def _later_revenue(
    reading: ReadTransaction,
    campaign: Campaign,
    month: str,
    paths: Collection[str],
    now: datetime,
) -> Mapping[tuple[Touch, str], int]:
    """The payments of a month that are later than today: of sales that were paid in advance."""
    today, last = day_of(now, campaign), month_days(month)[-1]
    if today >= last:
        return {}
    first = max(month_days(month)[0], today + timedelta(days=1))
    return reading.page_sums.revenue_between(campaign.slug, first, last, paths)


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
