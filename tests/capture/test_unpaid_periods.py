"""Customers under a share of revenue without revenue for a period that begins in the month."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from capture.closing.month_end import month_ends
from capture.closing.unpaid_periods import UnpaidPeriod, unpaid_periods
from capture.lead.events import EventKind
from capture.lead.model import Lead
from tests.capture.desk import SHARE, WON, Desk
from tests.samples import NOW, PARTIES


def customer(desk: Desk, *periods: date, won: datetime = NOW) -> Lead:
    """A won lead with revenue of 1,000 in each of these periods."""
    lead = desk.take(SHARE, won)
    desk.client(lead, EventKind.WON, won, amount=Decimal(12_000))
    for number, period in enumerate(periods):
        at = won + timedelta(minutes=number + 1)
        desk.client(lead, EventKind.REVENUE, at, amount=Decimal(1000), period=period)
    return lead


def unpaid(desk: Desk, month: str, now: datetime | None = None) -> list[date]:
    later = now or datetime(2028, 3, 1, tzinfo=UTC)
    periods = desk.ledger.read(lambda reading: list(unpaid_periods(reading, "guide", month, later)))
    return [period.first_day for period in periods]


def test_a_period_without_revenue_is_listed_from_its_first_day_on(desk: Desk) -> None:
    lead = customer(desk)
    end = datetime(2026, 12, 1, tzinfo=UTC)
    (end_of_month,) = desk.ledger.read(
        lambda reading: month_ends(reading, {"acme": PARTIES}, "2026-11", end)
    )
    assert end_of_month.decisions.unpaid_periods == [
        UnpaidPeriod("guide", lead.lead_id, date(2026, 11, 23))
    ]
    before = datetime(2026, 12, 23, 4, 59, tzinfo=UTC)  # still the 22nd in New York
    assert unpaid(desk, "2026-12", before) == []
    assert unpaid(desk, "2026-12", before + timedelta(minutes=1)) == [date(2026, 12, 23)]


def test_a_recorded_period_is_paid(desk: Desk) -> None:
    customer(desk, date(2026, 11, 23), date(2027, 1, 23))
    assert [unpaid(desk, month) for month in ("2026-11", "2026-12", "2027-01")] == [
        [],
        [date(2026, 12, 23)],
        [],
    ]


def test_a_period_follows_the_revenue_that_is_recorded(desk: Desk) -> None:
    customer(desk, date(2026, 11, 28))
    assert unpaid(desk, "2026-11") == []
    assert unpaid(desk, "2026-12") == [date(2026, 12, 28)]


def test_a_short_month_has_its_last_day(desk: Desk) -> None:
    customer(desk, won=datetime(2026, 12, 31, 12, tzinfo=UTC))
    assert unpaid(desk, "2027-02") == [date(2027, 2, 28)]


def test_the_term_and_churn_end_the_periods(desk: Desk) -> None:
    lead = customer(desk)
    assert unpaid(desk, "2027-10") == [date(2027, 10, 23)]
    assert unpaid(desk, "2027-11") == []
    desk.client(lead, EventKind.CHURNED, datetime(2027, 1, 23, 15, tzinfo=UTC))
    assert unpaid(desk, "2026-12") == [date(2026, 12, 23)]
    assert unpaid(desk, "2027-01") == []


def test_other_price_models_have_no_periods(desk: Desk) -> None:
    lead = desk.take(WON)
    desk.client(lead, EventKind.WON, NOW, amount=Decimal(1000))
    assert unpaid(desk, "2026-11") == []
