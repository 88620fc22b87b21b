"""The monthly report for the client: figures, sentences, tables and charts. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from babel.dates import format_date

from capture.campaign.model import Campaign, Client
from capture.documents.agreement.model import day, month_name
from capture.documents.printing import pages
from capture.documents.report_charts import Chart, Report, Row, Table, draw_chart
from capture.kpi.formulas import DEFINITIONS, Figure, Unit, client_figures, format_number
from capture.kpi.grouping import month_before
from capture.kpi.sums import Sums
from capture.text import count_noun

NO_MONTH_BEFORE: Final = "no month before"
OTHER_PAGES: Final = "other pages, or not known"
_MAX_POSTS: Final = 10
_LEFT_OUT: Final = frozenset({"own costs", "source"})
"""Terms that the page does not use; clients never see the agency's costs (rule 29)."""


@dataclass(frozen=True, slots=True)
class Month:
    """The figures that the report is made from."""

    month: str
    history: Mapping[str, Sums]
    """Sums by month: the reported month and earlier ones, as far as there are any."""
    posts: Mapping[str, Mapping[str, Sums]]
    """Sums of the reported month, by touch and then by page."""
    titles: Mapping[str, str]
    """Titles of the site's pages by path. Other paths come from browsers and are not shown."""
    statement: str
    """The statement's number; empty while the month is open."""
    first: str
    """Month of the campaign's first lead; empty while it has none."""


def make_report(
    campaign: Campaign, client: Client, agency: str, gathered: Month, now: datetime
) -> Report:
    """The report. The same arguments always give the same text. `now` must have a zone."""
    sums = gathered.history.get(gathered.month, Sums(campaign.currency))
    before = _before(campaign, gathered)
    rows = tuple(_rows(sums, before))
    return Report(
        title=f"Leads in {month_name(gathered.month)}",
        subtitle=campaign.title,
        client=client.legal_name,
        agency=agency,
        standing=_statement_status(gathered),
        sentences=tuple(_sentences(sums, before, gathered)),
        rows=rows,
        charts=(_funnel_chart(sums), _months_chart(gathered), _reasons(sums, campaign)),
        posts=tuple(
            _posts(touch, groups, gathered.titles) for touch, groups in gathered.posts.items()
        ),
        words=tuple((word, text) for word, text in DEFINITIONS.items() if word not in _LEFT_OUT),
        campaign=campaign.slug,
        made_on=day(now.astimezone(campaign.zone).date()),
    )


def _before(campaign: Campaign, gathered: Month) -> Sums | None:
    """Sums of the month before; None if the campaign had no leads by then."""
    month = month_before(gathered.month)
    if not gathered.first or month < gathered.first:
        return None
    return gathered.history.get(month, Sums(campaign.currency))


def _statement_status(gathered: Month) -> str:
    if gathered.statement:
        return f"The month is closed: statement {gathered.statement}."
    return "The month is not closed yet: its statement is still to be drawn, and figures may move."


def _sentences(sums: Sums, before: Sums | None, gathered: Month) -> list[str]:
    """The summary of the month."""
    figures = {one.key: one for one in client_figures(sums)}
    parts = [
        f"{count_noun(sums.leads, 'lead')} came, {sums.qualified:,} of them qualified. "
        f"{sums.accepted:,} were accepted, {sums.by_silence:,} of these by silence; "
        f"{sums.rejected:,} were rejected and {sums.in_review:,} are still in review."
    ]
    each = figures["cost_per_qualified_lead"]
    if each.number is not None:
        parts.append(f"A qualified lead cost {each.shown}.")
    if before is None:
        parts.append(
            f"There is no month before {month_name(gathered.month)} to compare with: the campaign "
            "had not begun."
        )
    else:
        change = sums.qualified - before.qualified
        than = f"than in {month_name(month_before(gathered.month))}"
        parts.append(
            f"As many qualified as in {month_name(month_before(gathered.month))}."
            if not change
            else f"{abs(change):,} {'more' if change > 0 else 'fewer'} qualified {than}."
        )
    return parts


def _rows(sums: Sums, before: Sums | None) -> list[Row]:
    old = {} if before is None else {one.key: one for one in client_figures(before)}
    return [
        Row(
            one.name,
            one.shown,
            NO_MONTH_BEFORE if before is None else old[one.key].shown,
            _change(one, old.get(one.key), sums.currency),
            one.calculation or one.formula,
        )
        for one in client_figures(sums)
    ]


def _change(now: Figure, before: Figure | None, currency: str) -> str:
    if before is None or now.number is None or before.number is None:
        return "cannot be compared"
    change = Decimal(now.number) - Decimal(before.number)
    if not change:
        return "the same"
    number = abs(change) if now.unit in {Unit.PERCENT, Unit.RATIO} else int(abs(change))
    shown = format_number(number, now.unit, currency)
    if now.unit is Unit.PERCENT:
        shown = f"{number:,} point{'' if number == 1 else 's'}"
    return f"{'+' if change > 0 else '-'}{shown}"


def _funnel_chart(sums: Sums) -> Chart:
    steps = (
        ("Leads", sums.leads),
        ("Qualified", sums.qualified),
        ("Accepted", sums.accepted),
        ("Appointments held", sums.held),
        ("Closed deals", sums.deals),
    )
    rows = tuple((name, f"{count:,}", _share(count, sums.leads)) for name, count in steps)
    return Chart(
        key="way",
        title="The way of the month's leads",
        description="; ".join(f"{name}: {count:,}" for name, count in steps) + ".",
        labels=tuple(name for name, _ in steps),
        series=(("Leads", tuple(count for _, count in steps)),),
        table=Table(("Step", "Leads", "Of all leads"), rows, "No leads came."),
        sideways=True,
    )


def _months_chart(gathered: Month) -> Chart:
    months = sorted(gathered.history)
    parts: tuple[tuple[str, tuple[int, ...]], ...] = tuple(
        (name, tuple(count(gathered.history[month]) for month in months))
        for name, count in _PARTS.items()
    )
    rows = tuple(
        (month_name(month), *(f"{counts[place]:,}" for _, counts in parts))
        for place, month in enumerate(months)
    )
    return Chart(
        key="months",
        title="Leads by month of receipt",
        description="; ".join(
            f"{month_name(month)}: {count_noun(gathered.history[month].leads, 'lead')}, "
            f"{gathered.history[month].accepted:,} accepted"
            for month in months
        )
        + ".",
        labels=tuple(format_date(_first(month), "MMM", locale="en") for month in months),
        series=parts,
        table=Table(("Month", *_PARTS), rows, "No leads came yet."),
    )


_PARTS: Final[Mapping[str, Callable[[Sums], int]]] = {
    "Accepted": lambda sums: sums.accepted,
    "In review": lambda sums: sums.in_review,
    "Rejected": lambda sums: sums.rejected,
    "Not delivered": lambda sums: sums.leads - sums.qualified,
}


def _reasons(sums: Sums, campaign: Campaign) -> Chart:
    found = sums.reasons.most_common()
    words = campaign.review.reasons
    return Chart(
        key="reasons",
        title="Rejected leads by reason",
        description="; ".join(f"{code}: {count:,}" for code, count in found) + ".",
        labels=tuple(code.replace("_", " ") for code, _ in found),
        series=(("Rejected", tuple(count for _, count in found)),),
        table=Table(
            ("Reason", "Leads", "Of all rejected"),
            tuple(
                (words.get(code, code), f"{count:,}", _share(count, sums.rejected))
                for code, count in found
            ),
            "No lead of this month was rejected.",
        ),
        sideways=True,
    )


def _posts(touch: str, groups: Mapping[str, Sums], titles: Mapping[str, str]) -> Table:
    """The table of posts. Only the site's pages are named; other paths share one row."""
    named = {path: sums for path, sums in groups.items() if path in titles}
    order = sorted(named, key=lambda path: (-named[path].leads, path))
    rows = [(titles[path], *_earned_rows([named[path]])) for path in order[:_MAX_POSTS]]
    rest = [named[path] for path in order[_MAX_POSTS:]]
    if rest:
        rows.append((f"{len(rest):,} other articles and pages", *_earned_rows(rest)))
    other = [sums for path, sums in groups.items() if path not in titles]
    if any(_earned_rows(other)) and other:
        rows.append((OTHER_PAGES, *_earned_rows(other)))
    return Table(
        (f"By {touch.replace('touch', 'visit')}", "Leads", "Qualified", "Accepted", "Deals"),
        tuple(rows),
        "No leads came.",
    )


def _earned_rows(groups: Sequence[Sums]) -> tuple[str, ...]:
    names = ("leads", "qualified", "accepted", "deals")
    return tuple(f"{sum(getattr(sums, name) for sums in groups):,}" for name in names)


def _share(part: int, complete: int) -> str:
    return f"{100 * part / complete:.0f} %" if complete else "no leads"


def _first(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


# The report as a self-contained HTML page.


_PAGES: Final = pages()


def to_html(report: Report) -> str:
    """A complete HTML document; all text is escaped."""
    charts = [(chart, draw_chart(chart)) for chart in report.charts]
    return _PAGES.get_template("report.html").render(report=report, charts=charts)
