"""The monthly report for the client: figures, sentences, tables and charts, as one HTML page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from babel.dates import format_date

from capture.campaign.client import Client
from capture.campaign.model import Campaign
from capture.closing.documents import find_document
from capture.closing.months import closed_months
from capture.documents.agreement.model import day, month_name
from capture.documents.price_words import campaign_price
from capture.documents.printing import pages
from capture.documents.report_charts import Chart, Report, Row, Table, draw_chart
from capture.kpi.definitions import DEFINITIONS
from capture.kpi.formulas import Figure, Unit, client_figures, format_number
from capture.kpi.gathering import KpiQuery, gather_figures
from capture.kpi.grouping import Grouping, Period, month_before
from capture.kpi.sums import Sums
from capture.ledger.protocol import ReadTransaction
from capture.text import count_noun

NO_MONTH_BEFORE: Final = "no month before"
OTHER_PAGES: Final = "other pages, or not known"
_MAX_POSTS: Final = 10
_MONTHS: Final = 12
"""Months in the charts, the reported month included."""
_OMITTED_TERMS: Final = frozenset({"own costs", "source"})
"""Terms that the page omits. Clients never see the agency's costs (rule 29 of docs/rules.md)."""


@dataclass(frozen=True, slots=True)
class ReportData:
    """The figures that a report is made from."""

    month: str
    history: Mapping[str, Sums]
    """Sums by month: the reported month and earlier ones, as far as there are any."""
    posts: Mapping[str, Mapping[str, Sums]]
    """Sums of the reported month, by touch and then by page."""
    titles: Mapping[str, str]
    """Titles of the site's pages by path. Other paths come from browsers and are not shown."""
    document: str
    """Kind and number of the month's document, such as `invoice acme-0001`; empty without one."""
    is_closed: bool
    """Whether the month is closed. It has no document if there was nothing to bill."""
    first_month: str
    """Month of the campaign's first lead; empty while it has none."""


def gather_report(
    reading: ReadTransaction,
    campaign: Campaign,
    month: str,
    titles: Mapping[str, str],
    now: datetime,
) -> ReportData:
    """The figures of the campaign's month and of the year before its end, as of `now` in UTC.

    They are without the agency's costs, because the client sees the report. `titles` are those of
    the site's pages by path.
    """
    period = Period.of_month(month)
    year = Period(Period.of_month(month_before(month, _MONTHS - 1)).first, period.last)
    (by_month,) = gather_figures(reading, KpiQuery((campaign,), now, year, Grouping.MONTH))
    (by_post,) = gather_figures(reading, KpiQuery((campaign,), now, period, Grouping.POST))
    closing = next(
        (
            closing
            for closing in closed_months(reading, campaign.client)
            if (closing.currency, closing.month) == (campaign.currency, month)
        ),
        None,
    )
    document = find_document(reading, closing.number) if closing and closing.number else None
    first = reading.leads.first(campaign.slug)
    return ReportData(
        month=month,
        history=by_month.tables["month"],
        posts=by_post.tables,
        titles=titles,
        document=f"{document.kind} {document.number}" if document else "",
        is_closed=closing is not None,
        first_month=first.month if first else "",
    )


def report_file_name(slug: str, month: str) -> str:
    """The name of the file with the report of a campaign on a month."""
    return f"report-{slug}-{month}.html"


def make_report(
    campaign: Campaign, client: Client, agency: str, data: ReportData, now: datetime
) -> Report:
    """The report. The same arguments always give the same text. `now` must have a zone."""
    sums = data.history.get(data.month, Sums(campaign.currency))
    previous = _previous_sums(campaign, data)
    return Report(
        title=f"Leads in {month_name(data.month)}",
        subtitle=campaign.title,
        client=client.legal_name,
        agency=agency,
        status=f"{_status(data)} Current price: {campaign_price(campaign)}.",
        sentences=tuple(_sentences(sums, previous, data)),
        rows=tuple(_figure_rows(sums, previous)),
        charts=(_funnel_chart(sums), _months_chart(data), _reasons_chart(sums, campaign)),
        posts=tuple(
            _posts_table(touch, groups, data.titles) for touch, groups in data.posts.items()
        ),
        definitions=tuple(
            (term, text) for term, text in DEFINITIONS.items() if term not in _OMITTED_TERMS
        ),
        campaign=campaign.slug,
        created_on=day(now.astimezone(campaign.zone).date()),
    )


def _previous_sums(campaign: Campaign, data: ReportData) -> Sums | None:
    """Sums of the month before; None if the campaign had no leads by then."""
    month = month_before(data.month)
    if not data.first_month or month < data.first_month:
        return None
    return data.history.get(month, Sums(campaign.currency))


def _status(data: ReportData) -> str:
    if data.document:
        return f"The month is closed: see {data.document}."
    if data.is_closed:
        return "The month is closed: there was nothing to bill."
    return "The month is not closed yet: nothing is billed, and figures may change."


def _sentences(sums: Sums, previous: Sums | None, data: ReportData) -> list[str]:
    """The summary of the month."""
    figures = {figure.key: figure for figure in client_figures(sums)}
    parts = [
        f"{count_noun(sums.leads, 'lead')} came, {sums.qualified:,} of them qualified. "
        f"{_were(sums.accepted)} accepted: {sums.by_client:,} by the client, {sums.by_entry:,} by "
        f"an entry of the agency for the client, {sums.by_silence:,} automatically at the "
        f"deadline; {_were(sums.rejected)} rejected and {sums.in_review:,} "
        f"{'is' if sums.in_review == 1 else 'are'} still in review{_held_back(sums)}."
    ]
    cost = figures["cost_per_qualified_lead"]
    if cost.number is not None:
        parts.append(f"A qualified lead cost {cost.shown}.")
    if previous is None:
        parts.append(
            f"There is no month before {month_name(data.month)} to compare with: the campaign "
            "had not begun."
        )
    else:
        change = sums.qualified - previous.qualified
        month = month_name(month_before(data.month))
        parts.append(
            f"{abs(change):,} {'more' if change > 0 else 'fewer'} qualified than in {month}."
            if change
            else f"As many qualified as in {month}."
        )
    return parts


def _held_back(sums: Sums) -> str:
    """The number of leads that the agency is checking, in words that follow "still in review"."""
    count = sums.stages["held_back"]
    return f", {count:,} of them held back for a check" if count else ""


def _were(count: int) -> str:
    """`1 was`, `2 were`."""
    return f"{count:,} {'was' if count == 1 else 'were'}"


def _figure_rows(sums: Sums, previous: Sums | None) -> Iterator[Row]:
    earlier = [] if previous is None else client_figures(previous)
    earlier_by_key = {figure.key: figure for figure in earlier}
    for figure in client_figures(sums):
        earlier_figure = earlier_by_key.get(figure.key)
        yield Row(
            figure.name,
            figure.shown,
            earlier_figure.shown if earlier_figure else NO_MONTH_BEFORE,
            _change(figure, earlier_figure, sums.currency),
            figure.calculation or figure.formula,
        )


def _change(figure: Figure, earlier: Figure | None, currency: str) -> str:
    if earlier is None or figure.number is None or earlier.number is None:
        return "cannot be compared"
    change = Decimal(figure.number) - Decimal(earlier.number)
    if not change:
        return "the same"
    number = abs(change) if figure.unit in {Unit.PERCENT, Unit.RATIO} else int(abs(change))
    text = format_number(number, figure.unit, currency)
    if figure.unit is Unit.PERCENT:
        text = f"{number:,} point{'' if number == 1 else 's'}"
    return f"{'+' if change > 0 else '-'}{text}"


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
        key="funnel",
        title="Lead funnel",
        description="; ".join(f"{name}: {count:,}" for name, count in steps) + ".",
        labels=tuple(name for name, _ in steps),
        series=(("Leads", tuple(count for _, count in steps)),),
        table=Table(("Step", "Leads", "Of all leads"), rows, "No leads came."),
        is_horizontal=True,
    )


def _months_chart(data: ReportData) -> Chart:
    months = sorted(data.history)
    parts: tuple[tuple[str, tuple[int, ...]], ...] = tuple(
        (name, tuple(count(data.history[month]) for month in months))
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
            f"{month_name(month)}: {count_noun(data.history[month].leads, 'lead')}, "
            f"{data.history[month].accepted:,} accepted"
            for month in months
        )
        + ".",
        labels=tuple(format_date(_first_day(month), "MMM", locale="en") for month in months),
        series=parts,
        table=Table(("Month", *_PARTS), rows, "No leads came yet."),
    )


_PARTS: Final[Mapping[str, Callable[[Sums], int]]] = {
    "Accepted": lambda sums: sums.accepted,
    "In review": lambda sums: sums.in_review,
    "Rejected": lambda sums: sums.rejected,
    "Not delivered": lambda sums: sums.leads - sums.qualified,
}


def _reasons_chart(sums: Sums, campaign: Campaign) -> Chart:
    counts = sums.reasons.most_common()
    texts = campaign.review.reasons
    return Chart(
        key="reasons",
        title="Rejected leads by reason",
        description="; ".join(f"{code}: {count:,}" for code, count in counts) + ".",
        labels=tuple(code.replace("_", " ") for code, _ in counts),
        series=(("Rejected", tuple(count for _, count in counts)),),
        table=Table(
            ("Reason", "Leads", "Of all rejected"),
            tuple(
                (texts.get(code, code), f"{count:,}", _share(count, sums.rejected))
                for code, count in counts
            ),
            "No lead of this month was rejected.",
        ),
        is_horizontal=True,
    )


def _posts_table(touch: str, groups: Mapping[str, Sums], titles: Mapping[str, str]) -> Table:
    """The table of posts. Only pages of the site have their own row; other paths share one."""
    titled = {path: sums for path, sums in groups.items() if path in titles}
    order = sorted(titled, key=lambda path: (-titled[path].leads, path))
    rows = [(titles[path], *_post_counts([titled[path]])) for path in order[:_MAX_POSTS]]
    rest = [titled[path] for path in order[_MAX_POSTS:]]
    if rest:
        rows.append((f"{len(rest):,} other articles and pages", *_post_counts(rest)))
    other = [sums for path, sums in groups.items() if path not in titles]
    if any(_post_counts(other)) and other:
        rows.append((OTHER_PAGES, *_post_counts(other)))
    return Table(
        (f"By {touch.replace('touch', 'visit')}", "Leads", "Qualified", "Accepted", "Deals"),
        tuple(rows),
        "No leads came.",
    )


def _post_counts(groups: Sequence[Sums]) -> tuple[str, ...]:
    names = ("leads", "qualified", "accepted", "deals")
    return tuple(f"{sum(getattr(sums, name) for sums in groups):,}" for name in names)


def _share(part: int, total: int) -> str:
    return f"{100 * part / total:.0f} %" if total else "no leads"


def _first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


# The report as a self-contained HTML page.


_PAGES: Final = pages()


def to_html(report: Report) -> str:
    """A complete HTML document; all text is escaped."""
    charts = [(chart, draw_chart(chart)) for chart in report.charts]
    return _PAGES.get_template("report.html").render(report=report, charts=charts)
