"""What a share of revenue costs, month by month. Rules: docs/rules.md."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.billing.history import add_months, split_by_month
from capture.errors import EventNotAllowed, Refused
from capture.lead.events import EventKind
from capture.lead.model import Lead
from tests.capture.desk import DAY, SHARE, WON, Desk, amounts
from tests.samples import NOW

HOUR = timedelta(hours=1)
END = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
JANUARY = datetime(2027, 1, 2, tzinfo=UTC)


def recorded_periods(desk: Desk, lead: Lead) -> list[str]:
    events = desk.ledger.read(lambda reading: list(reading.events.select(lead_id=lead.lead_id)))
    return [item.event.data["period"] for item in events if item.event.kind is EventKind.REVENUE]


class TestRevenue:
    """15 % of monthly recurring revenue for the first twelve months (rule 22)."""

    def test_each_period_is_billed_when_it_has_begun(self, desk: Desk) -> None:
        lead = desk.take(SHARE)
        desk.client(lead, EventKind.WON, NOW, amount=Decimal(12000))
        desk.client(
            lead,
            EventKind.REVENUE,
            NOW,
            amount=Decimal(12000),
            period=date(2026, 11, 23),
            months=12,
        )
        assert amounts(desk.close("2026-11", END)) == [15000]
        (line,) = desk.close("2026-12", JANUARY).lines
        assert (line.period, line.amount, line.price.base) == ("2026-12-23", 15000, 100000)

    @pytest.mark.parametrize(
        ("first", "line_count"),
        [("2026-11-23", 1), ("2027-11-22", 1), ("2027-11-23", 0)],
    )
    def test_revenue_counts_from_the_won_date_until_the_same_day_a_year_later(
        self, desk: Desk, first: str, line_count: int
    ) -> None:
        lead = desk.take(SHARE)
        desk.client(lead, EventKind.WON, NOW, amount=Decimal(100))
        desk.client(
            lead, EventKind.REVENUE, NOW, amount=Decimal(100), period=date.fromisoformat(first)
        )
        late = datetime(2028, 1, 1, tzinfo=UTC)
        statements = [desk.bill(month, late) for month in ("2026-11", "2027-11")]
        assert sum(len(statement.lines) for statement in statements) == line_count

    def test_no_period_after_churn_counts(self, desk: Desk) -> None:
        lead = desk.take(SHARE)
        desk.client(lead, EventKind.WON, NOW, amount=Decimal(1200))
        desk.client(
            lead, EventKind.REVENUE, NOW, amount=Decimal(1200), period=date(2026, 11, 23), months=12
        )
        desk.report(lead, EventKind.CHURNED, NOW + DAY)
        assert amounts(desk.bill("2026-11", END)) == [1500]
        assert amounts(desk.bill("2026-12", END)) == []

    def test_a_period_that_the_client_objected_to_may_be_recorded_again(self, desk: Desk) -> None:
        lead = desk.take(SHARE)
        day = date(2026, 11, 23)
        desk.client(lead, EventKind.WON, NOW, amount=Decimal(1200))
        desk.report(lead, EventKind.REVENUE, NOW, amount=Decimal(900), period=day)
        desk.client(lead, EventKind.OBJECTED, NOW + HOUR, reason="too_small", period=day)
        desk.client(lead, EventKind.REVENUE, NOW + HOUR, amount=Decimal(100), period=day)
        assert amounts(desk.bill("2026-11", END)) == [1500]

    @pytest.mark.parametrize(
        ("second", "fix"),
        [
            ("2026-12-24", "begin it on 2027-01-23 or later"),
            ("2027-01-22", "begin it on 2027-01-23 or later"),
            ("2026-11-24", "begin it on 2026-11-23 or earlier"),
        ],
    )
    def test_a_period_that_overlaps_another_is_refused(
        self, desk: Desk, second: str, fix: str
    ) -> None:
        lead = desk.take(SHARE)
        desk.client(lead, EventKind.WON, NOW, amount=Decimal(1200))
        desk.report(lead, EventKind.REVENUE, NOW, amount=Decimal(900), period=date(2026, 12, 23))
        day = date.fromisoformat(second)
        with pytest.raises(Refused, match=f"overlaps revenue of 2026-12-23, .* {fix}"):
            desk.report(lead, EventKind.REVENUE, NOW, amount=Decimal(900), period=day)
        late = datetime(2028, 1, 1, tzinfo=UTC)
        months = ("2026-11", "2026-12", "2027-01")
        assert [amounts(desk.bill(month, late)) for month in months] == [[], [13500], []]

    @pytest.mark.parametrize("second", ["2026-11-23", "2027-01-23"])
    def test_adjacent_periods_are_both_recorded(self, desk: Desk, second: str) -> None:
        lead = desk.take(SHARE)
        desk.client(lead, EventKind.WON, NOW, amount=Decimal(1200))
        for day in ("2026-12-23", second):
            period = date.fromisoformat(day)
            desk.client(lead, EventKind.REVENUE, NOW, amount=Decimal(900), period=period)
        assert len(recorded_periods(desk, lead)) == 2

    def test_a_month_after_the_term_blocks_no_other_month(self, desk: Desk) -> None:
        lead = desk.take(SHARE)
        desk.client(lead, EventKind.WON, NOW, amount=Decimal(1200))
        for day in (date(2027, 11, 23), date(2027, 11, 22)):  # the first is after the term
            desk.client(lead, EventKind.REVENUE, NOW, amount=Decimal(900), period=day)
        assert amounts(desk.bill("2027-11", datetime(2028, 1, 1, tzinfo=UTC))) == [13500]

    def test_without_a_revenue_share_revenue_may_be_recorded_every_week(self, desk: Desk) -> None:
        lead = desk.take(WON)
        desk.client(lead, EventKind.WON, NOW, amount=Decimal(1200))
        for day in (date(2026, 11, 23), date(2026, 11, 30)):
            desk.client(lead, EventKind.REVENUE, NOW, amount=Decimal(900), period=day)
        assert len(recorded_periods(desk, lead)) == 2

    def test_revenue_before_the_sale_is_refused_and_the_message_names_the_allowed_outcomes(
        self, desk: Desk
    ) -> None:
        lead = desk.take(SHARE)
        with pytest.raises(EventNotAllowed, match=r"sale is not started.*allowed now: won, lost"):
            desk.report(lead, EventKind.REVENUE, NOW, amount=Decimal(9), period=date(2026, 11, 23))


@given(st.integers(0, 10**9), st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 120))
def test_the_parts_of_a_split_payment_add_up_and_differ_by_at_most_one_unit(
    amount: int, start: date, months: int
) -> None:
    parts = split_by_month(amount, start, months)
    assert (sum(parts.values()), len(parts)) == (amount, months)
    assert max(parts.values()) - min(parts.values()) <= 1


def test_a_month_later_is_at_most_the_last_day_of_the_month() -> None:
    assert add_months(date(2027, 1, 31), 1) == date(2027, 2, 28)
    assert add_months(date(2028, 2, 29), 12) == date(2029, 2, 28)
