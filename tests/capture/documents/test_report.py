"""The monthly report: its figures and charts, and what it must not contain."""

import re
from collections import Counter
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.campaign.files import read_client
from capture.documents.report import ReportData, make_report, to_html
from capture.kpi.sums import Sums
from tests.samples import campaign

ROOT = Path(__file__).parents[3]
CLIENT = read_client(ROOT / "clients/acme.toml")
NOW = datetime(2026, 12, 5, 12, tzinfo=UTC)
OCTOBER = Sums("USD", stages=Counter(disqualified=6), by_client=4, billed=20_000)
NOVEMBER = Sums(
    "USD",
    stages=Counter(disqualified=3, rejected=2),
    reasons=Counter(too_small=2),
    by_client=3,
    by_entry=1,
    by_silence=3,
    billed=35_000,
)


def report_data(**changes: Any) -> ReportData:
    fields: dict[str, Any] = {
        "month": "2026-11",
        "history": {"2026-10": OCTOBER, "2026-11": NOVEMBER},
        "posts": {"first touch": {"/a/": NOVEMBER}, "last touch": {}},
        "titles": {"/a/": "The article"},
        "document": "invoice acme-0002",
        "is_closed": True,
        "first_month": "2026-10",
    }
    return ReportData(**fields | changes)


def page(data: ReportData | None = None) -> str:
    report = make_report(campaign(), CLIENT, "Northgate", data or report_data(), NOW)
    return to_html(report)


def rows(data: ReportData | None = None) -> dict[str, tuple[str, str, str]]:
    report = make_report(campaign(), CLIENT, "Northgate", data or report_data(), NOW)
    return {row.name: (row.value, row.previous, row.change) for row in report.rows}


def test_each_figure_is_shown_beside_that_of_the_month_before() -> None:
    data = rows()
    assert data["leads"] == ("12", "10", "+2")
    assert data["spend"] == ("$350.00", "$200.00", "+$150.00")
    assert data["cost per qualified lead"] == ("$50.00", "$50.00", "the same")
    assert data["acceptance rate"] == ("77.8 %", "100.0 %", "-22.2 points")
    assert data["ROAS"] == ("0.00", "0.00", "the same")


def test_the_first_month_is_not_compared() -> None:
    data = rows(report_data(history={"2026-11": NOVEMBER}, first_month="2026-11"))
    assert data["leads"] == ("12", "no month before", "cannot be compared")
    assert "the campaign had not begun" in page(report_data(first_month="2026-11"))


def test_a_month_without_leads_is_compared_with_the_month_before() -> None:
    data = rows(report_data(month="2026-12", history={"2026-11": NOVEMBER}))
    assert data["leads"] == ("0", "12", "-12")
    assert data["cost per lead"] == ("nothing billed yet", "$29.17", "cannot be compared")
    assert "No lead of this month was rejected." in page(report_data(month="2026-12"))


def test_rejections_have_the_wording_of_the_agreement() -> None:
    assert "The company is smaller than it said." in page()


def test_the_report_states_whether_the_month_is_closed() -> None:
    assert "The month is closed: see invoice acme-0002." in page()
    unbilled = page(report_data(document=""))
    assert "The month is closed: there was nothing to bill." in unbilled
    assert "not closed yet" in page(report_data(document="", is_closed=False))


def test_the_report_names_the_current_price() -> None:
    assert "Current price: $50.00 per accepted lead (CPL)." in page()


def test_the_funnel_is_called_a_lead_funnel_and_silence_an_automatic_acceptance() -> None:
    html = page()
    assert "Lead funnel" in html
    assert "3 automatically at the deadline" in html
    assert "by silence" not in html


def test_the_report_shows_who_accepted_the_leads() -> None:
    data = rows()
    names = (
        "accepted",
        "accepted by the client",
        "acceptance entered by the agency",
        "accepted automatically",
    )
    assert [data[name][0] for name in names] == ["7", "3", "1", "3"]
    assert (
        "7 were accepted: 3 by the client, 1 by an entry of the agency for the client, 3 "
        "automatically at the deadline"
    ) in page()


def test_one_lead_is_written_in_the_singular() -> None:
    single = Sums("USD", stages=Counter(rejected=1, qualified=1), by_client=1)
    html = page(report_data(history={"2026-11": single}))
    assert "1 was accepted: 1 by the client" in html
    assert "1 was rejected and 1 is still in review." in html


def test_paths_that_are_not_pages_of_the_site_are_not_shown() -> None:
    posts = {"first touch": {"/a/": NOVEMBER, "/ann@clinic.example": OCTOBER}}
    html = page(report_data(posts=posts))
    assert "The article" in html
    assert "ann@clinic" not in html
    assert "other pages, or not known" in html


def test_the_agencys_costs_and_margin_are_not_on_the_page() -> None:
    costly = Sums("USD", by_client=4, billed=35_000, costs=31_007, costs_unknown="")
    html = page(report_data(history={"2026-11": costly})).lower()
    for word in ("310.07", "own margin", "own cost"):
        assert word not in html


def test_the_page_loads_nothing_from_outside_and_runs_no_script() -> None:
    html = page()
    assert not re.search(r"https?:|//|<script|<link|<img|@import|url\(|javascript", html)
    assert "pygal" not in html


def test_the_same_figures_give_the_same_bytes() -> None:
    assert page() == page()


def test_bars_show_their_names_and_numbers_and_no_other_scale() -> None:
    charts = re.findall(r"<svg.*?</svg>", page(), re.DOTALL)
    funnel, months, reasons = (re.findall(r"<text[^>]*>([^<]+)<", chart) for chart in charts)
    assert funnel == [
        "Closed deals: 0",
        "Appointments held: 0",
        "Accepted: 7",
        "Qualified: 9",
        "Leads: 12",
    ]
    assert months == ["0", "3", "6", "9", "12", "Oct", "Nov"]
    assert reasons == ["too small: 2"]


def test_a_long_reason_keeps_its_number() -> None:
    odd = Sums("USD", stages=Counter(rejected=7), reasons=Counter({"x" * 60: 7}))
    assert f">{'x' * 23}…: 7<" in page(report_data(history={"2026-11": odd}))


class ChartParser(HTMLParser):
    """Collects each chart's role and the ids that name it, all ids, and the number of tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.charts: list[tuple[str | None, str]] = []
        self.tables = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        value = dict(attrs)
        self.ids += [value["id"]] if value.get("id") else []  # type: ignore[list-item]
        self.tables += tag == "table"
        if tag == "svg":
            self.charts.append((value.get("role"), value["aria-labelledby"] or ""))


def test_each_chart_has_a_name_a_description_and_its_numbers_as_a_table() -> None:
    parser = ChartParser(page())
    assert len(parser.charts) == 3
    for role, names in parser.charts:
        assert role == "img"
        assert set(names.split()) <= set(parser.ids)
    assert len(parser.ids) == len(set(parser.ids))
    assert parser.tables == 1 + 3 + 1


@pytest.mark.parametrize("text", ["</svg><script>alert(1)</script>", '"><img src=x>', "a & b"])
def test_no_text_becomes_markup(text: str) -> None:
    odd = Sums("USD", stages=Counter(rejected=1), reasons=Counter({text: 1}))
    html = page(report_data(history={"2026-11": odd}, titles={"/a/": text}))
    assert "<script" not in html
    assert "<img" not in html


counts = st.integers(0, 10**6)
some = st.builds(
    Sums, st.just("USD"), by_client=counts, by_silence=counts, deals=counts, billed=counts
)
months = st.dictionaries(st.sampled_from([f"2026-{number:02d}" for number in range(1, 12)]), some)


@given(months)
@settings(max_examples=20, deadline=None)
def test_any_history_makes_a_page(history: dict[str, Sums]) -> None:
    first = min(history, default="")
    assert page(report_data(history=history, first_month=first)).endswith("</html>\n")
