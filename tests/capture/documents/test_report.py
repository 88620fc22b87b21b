"""The month's report: what it says, and that it says nothing it must not."""

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
from capture.documents.report import Month, make_report, to_html
from capture.kpi.sums import Sums
from tests.samples import campaign

ROOT = Path(__file__).parents[3]
CLIENT = read_client(ROOT / "clients/acme.toml")
NOW = datetime(2026, 12, 5, 12, tzinfo=UTC)
OCTOBER = Sums("USD", stages=Counter(disqualified=6), by_word=4, billed=20_000)
NOVEMBER = Sums(
    "USD",
    stages=Counter(disqualified=3, rejected=2),
    reasons=Counter(too_small=2),
    by_word=4,
    by_silence=3,
    billed=35_000,
)


def month(**more: Any) -> Month:
    facts: dict[str, Any] = {
        "month": "2026-11",
        "history": {"2026-10": OCTOBER, "2026-11": NOVEMBER},
        "posts": {"first touch": {"/a/": NOVEMBER}, "last touch": {}},
        "titles": {"/a/": "The article"},
        "statement": "acme-0002",
        "first": "2026-10",
    }
    return Month(**facts | more)


def page(gathered: Month | None = None) -> str:
    created = make_report(campaign(), CLIENT, "Northgate", gathered or month(), NOW)
    return to_html(created)


def rows(gathered: Month | None = None) -> dict[str, tuple[str, str, str]]:
    created = make_report(campaign(), CLIENT, "Northgate", gathered or month(), NOW)
    return {row.name: (row.now, row.before, row.change) for row in created.rows}


def test_each_figure_stands_beside_that_of_the_month_before() -> None:
    data = rows()
    assert data["leads"] == ("12", "10", "+2")
    assert data["spend"] == ("$350.00", "$200.00", "+$150.00")
    assert data["cost per qualified lead"] == ("$50.00", "$50.00", "the same")
    assert data["acceptance rate"] == ("77.8 %", "100.0 %", "-22.2 points")
    assert data["ROAS"] == ("0.00", "0.00", "the same")


def test_a_first_month_has_none_before_it_and_says_so() -> None:
    data = rows(month(history={"2026-11": NOVEMBER}, first="2026-11"))
    assert data["leads"] == ("12", "no month before", "cannot be compared")
    assert "the campaign had not begun" in page(month(first="2026-11"))


def test_an_empty_month_after_others_is_compared_and_told_in_words() -> None:
    data = rows(month(month="2026-12", history={"2026-11": NOVEMBER}))
    assert data["leads"] == ("0", "12", "-12")
    assert data["cost per lead"] == ("nothing billed yet", "$29.17", "cannot be compared")
    assert "No lead of this month was rejected." in page(month(month="2026-12"))


def test_rejections_are_told_in_the_agreements_own_words() -> None:
    assert "The company is smaller than it said." in page()


def test_an_open_month_says_that_figures_may_move() -> None:
    assert "statement acme-0002" in page()
    assert "not closed yet" in page(month(statement=""))


def test_pages_that_the_site_does_not_have_are_not_named() -> None:
    posts = {"first touch": {"/a/": NOVEMBER, "/ann@clinic.example": OCTOBER}}
    message = page(month(posts=posts))
    assert "The article" in message
    assert "ann@clinic" not in message
    assert "other pages, or not known" in message


def test_the_agencys_own_is_not_on_the_page() -> None:
    costly = Sums("USD", by_word=4, billed=35_000, costs=31_007, no_costs="")
    message = page(month(history={"2026-11": costly})).lower()
    for word in ("310.07", "own margin", "own cost"):
        assert word not in message


def test_the_page_asks_for_nothing_from_outside_and_runs_nothing() -> None:
    message = page()
    assert not re.search(r"https?:|//|<script|<link|<img|@import|url\(|javascript", message)
    assert "pygal" not in message


def test_the_same_figures_give_the_same_bytes() -> None:
    assert page() == page()


def test_bars_bear_their_names_and_numbers_and_no_other_scale() -> None:
    drawn = re.findall(r"<svg.*?</svg>", page(), re.DOTALL)
    way, months, reasons = (re.findall(r"<text[^>]*>([^<]+)<", picture) for picture in drawn)
    assert way == [
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
    assert f">{'x' * 23}…: 7<" in page(month(history={"2026-11": odd}))


class Pictures(HTMLParser):
    """Each chart's role, and whether what it points to is there."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.named: list[tuple[str | None, str]] = []
        self.tables = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        value = dict(attrs)
        self.ids += [value["id"]] if value.get("id") else []  # type: ignore[list-item]
        self.tables += tag == "table"
        if tag == "svg":
            self.named.append((value.get("role"), value["aria-labelledby"] or ""))


def test_each_chart_has_a_name_a_description_and_its_numbers_as_a_table() -> None:
    seen = Pictures(page())
    assert len(seen.named) == 3
    for role, names in seen.named:
        assert role == "img"
        assert set(names.split()) <= set(seen.ids)
    assert len(seen.ids) == len(set(seen.ids))
    assert seen.tables == 1 + 3 + 1


@pytest.mark.parametrize("text", ["</svg><script>alert(1)</script>", '"><img src=x>', "a & b"])
def test_texts_are_shown_and_not_obeyed(text: str) -> None:
    odd = Sums("USD", stages=Counter(rejected=1), reasons=Counter({text: 1}))
    message = page(month(history={"2026-11": odd}, titles={"/a/": text}))
    assert "<script" not in message
    assert "<img" not in message


counts = st.integers(0, 10**6)
some = st.builds(
    Sums, st.just("USD"), by_word=counts, by_silence=counts, deals=counts, billed=counts
)
months = st.dictionaries(st.sampled_from([f"2026-{number:02d}" for number in range(1, 12)]), some)


@given(months)
@settings(max_examples=20, deadline=None)
def test_any_history_makes_a_page(history: dict[str, Sums]) -> None:
    first = min(history, default="")
    assert page(month(history=history, first=first)).endswith("</html>\n")
