"""The first page after the login: gauges, leads by day, the funnel, and what waits."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from babel.dates import format_date
from flask import Blueprint, current_app, redirect, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from capture.closing.cap_use import MONEY_CAP
from capture.documents.agreement.model import day as day_in_words
from capture.documents.agreement.model import month_name
from capture.kpi.formulas import Figure, percent
from capture.kpi.overview import Overview, gather_overview
from capture.kpi.views import ViewCounts, count_views
from capture.kpi.waiting import Waiting, gather_waiting
from capture.ledger.protocol import ReadTransaction
from capture.ledger.users import Role
from capture.text import count_noun, duration_in_words
from capture.web.desk.access import ALL_ROLES, allow, roles_of, user
from capture.web.desk.campaign_choice import CampaignChoice, chosen_campaigns
from capture.web.desk.chart import Bar
from capture.web.desk.month_choice import chosen_month
from capture.web.desk.pages import desk_page
from capture.web.desk.result_cache import CACHE, ResultCache
from capture.web.desk.times import short_time
from capture.web.services import services

blueprint = Blueprint("overview", __name__)


@blueprint.record_once
def _add_cache(state: BlueprintSetupState) -> None:
    state.app.extensions[CACHE] = ResultCache()


@blueprint.get("/")
@allow(ALL_ROLES)
def show() -> ResponseReturnValue:
    """The overview of a month; a client is sent to the review instead."""
    if user().role is Role.CLIENT:
        return redirect(url_for("review.show"), 303)
    now = datetime.now(UTC)
    choice = chosen_month(now)
    month = choice.month
    chosen, overview, waiting, views = services().ledger.read(
        lambda reading: _gather(reading, month, now)
    )
    return desk_page(
        "overview.html",
        chosen=chosen,
        overview=overview,
        choice=choice,
        month=choice.name,
        last_month=month_name(choice.earlier),
        month_name=month_name,
        trends={
            currency.currency: [
                [_trend_bar(name, figure, month) for name, figure in gauge.trend]
                for gauge in currency.gauges
            ]
            for currency in overview.currencies
        },
        days=[
            Bar(
                format_date(day.date, "EEE d MMM", locale="en"),
                day.leads,
                day.qualified,
                shown=f"{day.leads:,}",
            )
            for day in overview.days
        ],
        steps=list(_steps(overview, views)),
        waiting=list(_waiting_items(waiting, now)),
    )


def _gather(
    reading: ReadTransaction, month: str, now: datetime
) -> tuple[CampaignChoice, Overview, Waiting, ViewCounts]:
    chosen = chosen_campaigns(reading)
    cache: ResultCache = current_app.extensions[CACHE]
    overview = cache.get(
        reading,
        ("overview", month, chosen.versions),
        now,
        lambda: gather_overview(reading, chosen.campaigns, month, now),
    )
    waiting = gather_waiting(reading, services().catalogue.current(), now)
    return chosen, overview, waiting, _views(count_views(reading, month), chosen)


def _views(views: ViewCounts, chosen: CampaignChoice) -> ViewCounts:
    """With a filter, only the views of pages with a form of the chosen campaigns."""
    if not chosen.is_filtered:
        return views
    forms = services().site.current().form_pages
    paths = {path for campaign in chosen.campaigns for path in forms.get(campaign.slug, ())}
    return views.of_paths(paths)


def _link(endpoint: str, **values: str) -> str:
    """The address of a page of the desk; empty if the user may not open it."""
    roles = roles_of(current_app, endpoint) or ()
    return url_for(endpoint, **values) if user().role in roles else ""  # type: ignore[arg-type]


def _trend_bar(name: str, figure: Figure, month: str) -> Bar:
    """A month in the trend of a gauge; that of the page has the strong colour."""
    value = float(figure.number or 0)
    return Bar(month_name(name), value, value if name == month else 0, shown=figure.shown)


# The funnel.


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the funnel."""

    name: str
    count: int
    rate: str
    """In percent of the step before; empty for the first one."""
    share: float
    """Of the largest step, from 0 to 1."""


def _steps(overview: Overview, views: ViewCounts) -> Iterator[Step]:
    counts = [
        ("Page views", views.pages),
        ("Form views", views.forms),
        ("Leads", overview.leads),
        ("Qualified", overview.qualified),
        ("Accepted", overview.accepted),
        ("Won", overview.won),
    ]
    highest = max(count for _, count in counts)
    before = 0
    for name, count in counts:
        rate = f"{percent(count, before)} %" if before else ""
        yield Step(name, count, rate, count / highest if highest else 0)
        before = count


# What waits.


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """One line of the list of what waits."""

    title: str
    detail: str
    link: str
    is_urgent: bool = False


def _waiting_items(waiting: Waiting, now: datetime) -> Iterator[WaitingItem]:
    """What waits, the most urgent first."""
    yield from _lapsing(waiting, now)
    yield from _quarantine(waiting)
    yield from _failed(waiting)
    yield from _caps(waiting)
    yield from _ends(waiting)
    yield from _months(waiting)


def _lapsing(waiting: Waiting, now: datetime) -> Iterator[WaitingItem]:
    first_at = waiting.lapsing.first_at
    if first_at is not None:
        yield WaitingItem(
            f"Silence accepts {count_noun(waiting.lapsing.count, 'lead')} within a day",
            f"The first lead is accepted in {duration_in_words(first_at - now)} "
            "unless its client decides.",
            _link("review.show"),
            is_urgent=True,
        )


def _quarantine(waiting: Waiting) -> Iterator[WaitingItem]:
    if waiting.held_since is not None:
        yield WaitingItem(
            f"{count_noun(waiting.in_quarantine, 'lead')} in quarantine",
            "No client gets them before you release them. "
            f"The first one has waited since {short_time(waiting.held_since)}.",
            _link("quarantine.show"),
            is_urgent=True,
        )


def _failed(waiting: Waiting) -> Iterator[WaitingItem]:
    if waiting.failed:
        noun = "delivery" if waiting.failed == 1 else "deliveries"
        yield WaitingItem(
            f"{waiting.failed:,} failed {noun}",
            "These letters and webhooks are not tried again until you send them again.",
            _link("deliveries.show"),
            is_urgent=True,
        )


def _caps(waiting: Waiting) -> Iterator[WaitingItem]:
    for campaign, use in waiting.near_caps:
        name = "budget" if use.name == MONEY_CAP else "cap"
        yield WaitingItem(
            f"{campaign.title}: {name} {'reached' if use.reaches(100) else 'nearly reached'}",
            f"{use.in_words(campaign.currency)} in {month_name(use.month)}.",
            _link("campaigns.show", slug=campaign.slug),
        )


def _ends(waiting: Waiting) -> Iterator[WaitingItem]:
    for campaign in waiting.ending:
        if campaign.closes is not None:
            yield WaitingItem(
                f"{campaign.title}: the campaign ends",
                f"Its last day is {day_in_words(campaign.closes)}.",
                _link("campaigns.show", slug=campaign.slug),
            )


def _months(waiting: Waiting) -> Iterator[WaitingItem]:
    for open_months in waiting.open_months:
        group, names = open_months.group, [month_name(month) for month in open_months.months]
        yield WaitingItem(
            f"{names[0]} of {group.client} in {group.currency} is over and not closed",
            f"{count_noun(len(names) - 1, 'later month')} can be closed after it."
            if len(names) > 1
            else f"Its campaigns: {', '.join(group.titles.values())}.",
            _link("months.show_list"),
        )
