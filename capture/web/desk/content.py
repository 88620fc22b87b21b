"""The page of the site's content: how often each article was opened, and what it earned."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from capture.documents.agreement.model import month_name
from capture.kpi.content import MonthOfContent, PageFigures, articles_and_leads, gather_content
from capture.kpi.formulas import percent
from capture.ledger.page_sums import OTHER_PAGES, PageSum
from capture.ledger.page_tally import Touch
from capture.ledger.protocol import ReadTransaction
from capture.money import show_money
from capture.site import Site
from capture.web.desk.access import AGENCY_AND_VIEWER, allow
from capture.web.desk.campaign_choice import CampaignChoice, chosen_campaigns
from capture.web.desk.chart import Bar
from capture.web.desk.month_choice import chosen_month
from capture.web.desk.pages import desk_page
from capture.web.desk.result_cache import CACHE, ResultCache
from capture.web.services import services

blueprint = Blueprint("content", __name__)

_OTHER_PAGES: Final = "Other pages, or not known"
REJECTED: Final = "rejected"
EARNING_NOTHING: Final = "earning-nothing"
SELECTIONS: Final[Mapping[str, str]] = {
    REJECTED: "those with rejected leads",
    EARNING_NOTHING: "articles that are read and earn nothing",
}
"""The rows to which the table can be limited, in words."""
_LISTED: Final = 10
"""Most rows of the short lists below the table."""


@dataclass(frozen=True, slots=True)
class Row:
    """A page's row in the table."""

    title: str
    path: str
    """Empty for the pages that the site does not have."""
    url: str
    views: int
    form_views: int
    leads: int
    qualified: int
    accepted: int
    rejected: int
    reasons: str
    """Such as `too small 2, known customer 1`."""
    first_revenue: Sequence[str]
    """Of each currency that has one, such as `$1,200.00`."""
    last_revenue: Sequence[str]
    earns_nothing: bool

    @property
    def rejected_rate(self) -> str:
        """Of the decided leads, in percent."""
        decided = self.accepted + self.rejected
        return f"{percent(self.rejected, decided)} %" if decided else ""


@blueprint.get("/content")
@allow(AGENCY_AND_VIEWER)
def show() -> ResponseReturnValue:
    """The figures of each article in a month, by the first or the last visit of its leads."""
    now, site = datetime.now(UTC), services().site.current()
    choice = chosen_month(now)
    month = choice.month
    touch = Touch.FIRST if request.args.get("touch") == Touch.FIRST else Touch.LAST
    only = request.args.get("only", "")
    only = only if only in SELECTIONS else ""
    chosen, content, months = services().ledger.read(
        lambda reading: _gather(reading, site, month, now)
    )
    rows = list(_rows(content, site, touch))
    rejected = sorted(
        (row for row in rows if row.rejected), key=lambda row: (-row.rejected, row.title)
    )
    earning_nothing = [row for row in rows if row.path in site.dates and row.earns_nothing]
    return desk_page(
        "content.html",
        chosen=chosen,
        rows={"": rows, REJECTED: rejected, EARNING_NOTHING: earning_nothing}[only],
        touch=touch,
        only=only,
        selections=list(SELECTIONS.items()),
        rejected=rejected,
        earning_nothing=earning_nothing,
        most_listed=_LISTED,
        months=months,
        article_bars=_bars(months, "articles"),
        lead_bars=_bars(months, "leads"),
        choice=choice,
        month=choice.name,
        month_name=month_name,
    )


def _gather(
    reading: ReadTransaction, site: Site, month: str, now: datetime
) -> tuple[CampaignChoice, Mapping[str, PageFigures], list[MonthOfContent]]:
    chosen = chosen_campaigns(reading)
    cache: ResultCache = current_app.extensions[CACHE]
    content = cache.get(
        reading,
        ("content", month, chosen.versions, tuple(site.titles)),
        now,
        lambda: gather_content(reading, chosen.campaigns, month, site.titles, now),
    )
    months = articles_and_leads(reading, chosen.campaigns, site.dates, month, now)
    return chosen, content, months


def _rows(content: Mapping[str, PageFigures], site: Site, touch: Touch) -> Iterator[Row]:
    """The pages of the site, those with most views and leads first; then all others together."""
    rows = [
        _row(title, path, site, content.get(path, PageFigures()), touch)
        for path, title in site.titles.items()
    ]
    yield from sorted(rows, key=lambda row: (-row.views, -row.leads, row.title))
    if OTHER_PAGES in content:
        yield _row(_OTHER_PAGES, OTHER_PAGES, site, content[OTHER_PAGES], touch)


def _row(title: str, path: str, site: Site, content: PageFigures, touch: Touch) -> Row:
    sums = list(content.sums[touch].values())
    reasons: Counter[str] = Counter()
    for item in sums:
        reasons += item.reasons
    return Row(
        title=title,
        path=path,
        url=f"{site.url}{path}" if path else "",
        views=content.views.pages,
        form_views=content.views.forms,
        leads=sum(item.leads for item in sums),
        qualified=sum(item.qualified for item in sums),
        accepted=sum(item.accepted for item in sums),
        rejected=sum(item.rejected for item in sums),
        reasons=", ".join(
            f"{code.replace('_', ' ')} {count:,}" for code, count in reasons.most_common()
        ),
        first_revenue=_revenue(content.sums[Touch.FIRST]),
        last_revenue=_revenue(content.sums[Touch.LAST]),
        earns_nothing=content.earns_nothing,
    )


def _revenue(by_currency: Mapping[str, PageSum]) -> Sequence[str]:
    return [
        show_money(sums.revenue, currency) for currency, sums in by_currency.items() if sums.revenue
    ]


def _bars(months: list[MonthOfContent], name: str) -> list[Bar]:
    return [Bar(month_name(item.month), getattr(item, name)) for item in months]
