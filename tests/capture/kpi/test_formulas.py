"""Figures calculated by hand; each figure is a number or a sentence for any sums."""

import re
from array import array
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.kpi.formulas import Figure, agency_figures, client_figures
from capture.kpi.sums import Sums


def figures(**sums: Any) -> dict[str, Figure]:
    usd_sums = Sums("USD", costs_unknown="", **sums)
    return {figure.key: figure for figure in [*client_figures(usd_sums), *agency_figures(usd_sums)]}


SO_FAR = " so far: no customer has left yet"
NOVEMBER: dict[str, Any] = {
    # 150 submissions, 20 of them spam and 10 duplicates: 120 leads, 40 of them qualified.
    "stages": Counter(spam=20, duplicate=10, disqualified=80, qualified=5, rejected=5),
    "reasons": Counter(too_small=3, known_customer=2),
    "by_client": 10,
    "by_entry": 2,
    "by_silence": 18,
    "review_seconds": array("q", [600, 1800, 90_000]),
    "held": 8,
    "deals": 4,
    "billed": 300_000,
    "credited": 60_000,
    "bought": 600_000,
    "refunded": 24_000,
    "costs": 90_000,
}

CALCULATIONS = {
    "leads": "150 - 20 - 10 - 0 = 120",
    "qualified": "30 + 5 + 5 = 40",
    "accepted": "10 + 2 + 18 = 30",
    "rejected": "2 known_customer + 3 too_small = 5",
    "acceptance_rate": "30 / 35 x 100 = 85.7 %",
    "reviewed_acceptance_rate": "10 / 15 x 100 = 66.7 %",
    "median_review_seconds": "the median of 3 = 30 min",
    "spend": "$3,000.00 - $600.00 = $2,400.00",
    "cost_per_lead": "$2,400.00 / 120 = $20.00",
    "cost_per_qualified_lead": "$2,400.00 / 30 = $80.00",
    "cost_per_appointment": "$2,400.00 / 8 = $300.00",
    "lead_to_close_rate": "4 / 120 x 100 = 3.3 %",
    "revenue": "$6,000.00 - $240.00 = $5,760.00",
    "roas": "$5,760.00 / $2,400.00 = 2.40",
    "margin": "$2,400.00 - $900.00 = $1,500.00",
    "margin_rate": "$1,500.00 / $2,400.00 x 100 = 62.5 %",
}


@pytest.mark.parametrize("key", CALCULATIONS)
def test_a_month_has_the_figures_calculated_by_hand(key: str) -> None:
    assert figures(**NOVEMBER)[key].calculation == CALCULATIONS[key]


def test_without_leads_each_figure_gives_a_reason() -> None:
    data = figures()
    assert data["cost_per_lead"].shown == "nothing billed yet"
    assert data["lead_to_close_rate"].shown == "no leads yet"
    assert data["acceptance_rate"].shown == "no lead was decided yet"
    assert data["median_review_seconds"].shown == "the client has not reviewed a lead yet"
    assert data["roas"].shown == "nothing billed yet"
    assert data["lifetime_value"].shown == "no customers yet"


def test_spend_without_leads_gives_a_reason_for_each_cost_per_lead() -> None:
    data = figures(billed=5000)
    assert data["cost_per_lead"].shown == "no leads yet"
    assert data["cost_per_qualified_lead"].shown == "no sales-qualified leads yet"
    assert data["cost_per_appointment"].shown == "no appointments held yet"


def test_spend_that_was_credited_in_full_is_zero_and_has_no_return() -> None:
    data = figures(billed=5000, credited=5000, stages=Counter(rejected=2), bought=100)
    assert data["cost_per_lead"].number == 0
    assert data["roas"].shown == "everything that was billed was credited"


def test_a_period_with_an_incomplete_month_shows_no_money() -> None:
    data = figures(**NOVEMBER, whole_months=False)
    for key in ("spend", "cost_per_lead", "roas", "costs", "margin"):
        assert data[key].shown == (
            "money is counted by complete months, and this period has an incomplete one"
        )
    assert data["acceptance_rate"].shown == "85.7 %"


def test_a_cost_per_lead_is_rounded_half_to_even_to_the_currencys_minor_unit() -> None:
    # 0.05 / 2 is 2.5 cents: the even neighbour is 2; 0.07 / 2 is 3.5 cents: 4.
    assert figures(billed=5, stages=Counter(rejected=2))["cost_per_lead"].number == 2
    assert figures(billed=7, stages=Counter(rejected=2))["cost_per_lead"].number == 4
    yen = Sums("JPY", billed=100, stages=Counter(rejected=3))
    yen_figures = {figure.key: figure for figure in client_figures(yen)}
    assert yen_figures["cost_per_lead"].shown == "¥33"


class TestLifetime:
    """Two customers, 730.5 days together (two years), six purchases of $100."""

    def test_one_customer_has_left(self) -> None:
        # 3 purchases a year; two years per customer who left: 100 x 3 x 2 = 600.
        data = figures(
            customers=2, churned=1, purchases=6, purchased=60_000, customer_days=1461 // 2
        )
        assert data["lifetime_value"].number == pytest.approx(60_000, abs=1)
        assert data["lifetime_value"].calculation == "$100.00 x 3.00 x 2.00 = $600.00"

    def test_while_no_customer_has_left_it_covers_the_years_so_far(self) -> None:
        # 100 x 3 a year x 1 year each: 300, and more to come.
        data = figures(customers=2, purchases=6, purchased=60_000, customer_days=730)
        assert data["lifetime_value"].shown == "$300.00 so far: no customer has left yet"

    def test_too_few_days_give_a_reason(self) -> None:
        data = figures(customers=2, purchases=2, purchased=60_000, customer_days=178)
        assert data["lifetime_value"].shown == (
            "too early: customers have been known for 89 days on average, and 90 are needed"
        )
        assert data["lifetime_value"].number is None


counts = st.integers(0, 10**9)
stages = st.dictionaries(st.sampled_from(["spam", "duplicate", "qualified", "rejected"]), counts)
any_sums = st.builds(
    Sums,
    st.sampled_from(["USD", "JPY", "KWD"]),
    stages=stages.map(Counter),
    review_seconds=st.lists(counts, max_size=5).map(lambda seconds: array("q", seconds)),
    whole_months=st.booleans(),
    costs_unknown=st.sampled_from(["", "there is no file"]),
    by_client=counts,
    by_entry=counts,
    by_silence=counts,
    held=counts,
    deals=counts,
    billed=counts,
    credited=counts,
    bought=counts,
    refunded=counts,
    costs=counts,
    customers=counts,
    churned=counts,
    purchases=counts,
    purchased=counts,
    customer_days=counts,
)


@given(any_sums)
def test_every_figure_is_a_number_or_a_sentence(sums: Sums) -> None:
    for figure in [*client_figures(sums), *agency_figures(sums)]:
        if figure.number is None:
            assert len(figure.shown.split()) > 1
            assert not any(text in figure.shown for text in ("None", "nan", "inf"))
            assert not figure.calculation
        else:
            assert re.search(r"\d|under a minute", figure.shown)
            number = figure.shown.removesuffix(SO_FAR)
            assert figure.calculation.endswith(number) or not figure.calculation
