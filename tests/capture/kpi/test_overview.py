"""The overview has the same figures as `kpi`, which scans every lead."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from capture.kpi.grouping import Grouping
from capture.kpi.overview import Overview, gather_overview
from capture.kpi.sums import Sums
from capture.lead.events import EventKind
from capture.ledger import open_ledger
from tests.capture.kpi.office import DAY, DECEMBER, GUIDE, HOUR, SHARE, YEN, Office
from tests.capture.kpi.same_figures import assert_overview_has_the_figures_of_kpi
from tests.samples import NOW

JULY = datetime(2027, 7, 5, 12, tzinfo=UTC)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    ledger = open_ledger(f"sqlite:///{tmp_path}/gatepost.db", b"k" * 32)
    yield Office(ledger)
    ledger.close()


def overview(office: Office, month: str = "2026-11", now: datetime = DECEMBER) -> Overview:
    return office.ledger.read(
        lambda reading: gather_overview(reading, (GUIDE, SHARE, YEN), month, now)
    )


def record_a_year(office: Office) -> None:
    """Leads, decisions, sales, refunds, and two closed months in two currencies."""
    won = office.receive(at=NOW - 20 * DAY)
    office.accept(won, NOW - 19 * DAY)
    office.record(won, EventKind.WON, NOW - 18 * DAY, amount=Decimal(9000))
    rejected, entered, yen = office.receive(), office.receive(), office.receive(YEN)
    office.reject(rejected)
    office.enter_acceptance(entered)
    office.accept(yen)
    office.receive()  # silence accepts it
    office.receive(answers={"company_size": "1-50"})
    office.receive(test=True)
    share = office.receive(SHARE)
    office.accept(share)
    office.record(share, EventKind.WON, NOW + 2 * HOUR, amount=Decimal(1200))
    office.close()
    office.close(YEN)
    office.record(won, EventKind.REFUNDED, DECEMBER + DAY, amount=Decimal(1000))
    office.record(won, EventKind.CHURNED, DECEMBER + 120 * DAY)


def test_the_gauges_are_the_figures_of_kpi(office: Office) -> None:
    record_a_year(office)
    found = office.ledger.read(
        lambda reading: assert_overview_has_the_figures_of_kpi(
            reading, (GUIDE, SHARE, YEN), "2027-07", JULY
        )
    )
    assert [currency.currency for currency in found.currencies] == ["USD", "JPY"]
    assert all(gauge.year.number is not None for gauge in found.currencies[0].gauges)


def test_the_funnel_and_the_days_count_leads_of_the_month(office: Office) -> None:
    record_a_year(office)
    found = overview(office)
    assert (found.leads, found.qualified, found.accepted, found.won) == (7, 6, 5, 2)
    counted = {day.date: (day.leads, day.qualified) for day in found.days if day.leads}
    assert counted == {date(2026, 11, 3): (1, 1), date(2026, 11, 23): (6, 5)}
    assert len(found.days) == 30


def test_a_day_is_that_of_the_campaign_s_zone_and_no_later_day_is_shown(office: Office) -> None:
    office.receive(at=datetime(2026, 11, 24, 4, 59, tzinfo=UTC))
    office.receive(at=datetime(2026, 11, 24, 5, 0, tzinfo=UTC))  # midnight in New York
    found = overview(office, now=datetime(2026, 11, 24, 5, 1, tzinfo=UTC))
    assert [(day.date.day, day.leads) for day in found.days[-2:]] == [(23, 1), (24, 1)]


def test_sums_of_two_groups_are_added(office: Office) -> None:
    record_a_year(office)
    by_month = office.gather(GUIDE, now=JULY, grouping=Grouping.MONTH).tables["month"]
    added = Sums("USD")
    for sums in by_month.values():
        added.add(sums)
    total = office.gather(GUIDE, now=JULY).total
    assert sorted(added.review_seconds) == sorted(total.review_seconds)
    assert (added.stages, added.reasons, added.spend) == (total.stages, total.reasons, total.spend)
    assert (added.revenue, added.customer_days) == (total.revenue, total.customer_days)
