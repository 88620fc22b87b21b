"""The use of a campaign's monthly budget is the sum of the lines that a statement would draw."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from capture.billing.statement import Agency, Party
from capture.campaign.model import Campaign
from capture.closing.cap_use import CapUse, money_cap_use
from capture.closing.drawing import LineQuery, select_lines
from capture.closing.months import closed_months
from capture.demo.fill import DemoFolder, DemoKeys, fill
from capture.lead.events import EventKind
from capture.lead.review_window import month_of
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger, ReadTransaction
from capture.ledger.terms import saved_campaign
from tests.capture.desk import DAY, SHARE, Desk
from tests.samples import CAMPAIGN, NOW, campaign

KEY = b"a key for tests only"
AGENCY = Agency(Party("Ada's Leads", ("1 Main Street", "New York")))
END = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """A year of leads of all price models, with closed and with open months."""
    demo = DemoFolder(tmp_path_factory.mktemp("year") / "demo")
    demo.create()
    keys = DemoKeys(KEY, KEY, KEY)
    fill(demo, keys, AGENCY, ["/a/"], END, leads=200, seed=3, report=lambda _: None)
    with closing(open_ledger(demo.database_url, KEY)) as ledger:
        yield ledger


def drawn_amount(reading: ReadTransaction, terms: Campaign, now: datetime) -> int:
    """The sum of the lines that are selected for a statement of the month of `now`."""
    month = month_of(now, terms)
    query = LineQuery(
        terms.slug,
        month,
        now,
        closed={closing.month for closing in closed_months(reading, terms.client)},
        billed=reading.statements.billed_before(terms.client, terms.currency, month),
    )
    return sum(key.amount for key in select_lines(reading, query).keys)


def with_budget(terms: Campaign) -> Campaign:
    caps = terms.caps.model_copy(update={"money_a_month": Decimal(1_000_000)})
    return terms.model_copy(update={"caps": caps})


def test_the_used_budget_is_the_sum_of_the_lines_that_a_statement_would_have(year: Ledger) -> None:
    def compare(reading: ReadTransaction) -> list[int]:
        amounts = []
        for slug in reading.campaigns.slugs():
            version = reading.campaigns.versions(slug, END)[-1]
            terms = saved_campaign(reading, slug, version)
            for days in (0, 3, 30, 60):
                now = END + timedelta(days=days)
                use = money_cap_use(reading, with_budget(terms), now)
                assert use is not None
                assert use.used == drawn_amount(reading, terms, now), (slug, now)
                amounts.append(use.used)
        return amounts

    assert sum(map(bool, year.read(compare))) >= 4


def budget_use(desk: Desk, now: datetime, terms: Campaign) -> CapUse | None:
    return desk.ledger.read(lambda reading: money_cap_use(reading, terms, now))


def test_lines_of_later_months_use_no_budget_before_they_fall_due(desk: Desk) -> None:
    terms = with_budget(SHARE)
    lead = desk.take(SHARE)
    desk.client(lead, EventKind.WON, NOW, amount=Decimal(300))
    first = date(2026, 11, 23)
    desk.client(lead, EventKind.REVENUE, NOW, amount=Decimal(300), period=first, months=3)

    def used(now: datetime) -> int:
        use = budget_use(desk, now, terms)
        assert use is not None
        return use.used

    assert [used(NOW), used(NOW + 9 * DAY)] == [1500, 0]
    desk.close("2026-11", NOW + 9 * DAY)
    assert [used(NOW + 9 * DAY), used(NOW + 31 * DAY)] == [0, 1500]


def test_a_line_that_would_cross_the_budget_uses_all_of_it(desk: Desk) -> None:
    terms = campaign(text=CAMPAIGN + "\n[caps]\nmoney_a_month = 120\n")
    for number in range(2):
        desk.take(terms, email=f"{number}@a.example")
    assert budget_use(desk, NOW, terms) == CapUse("money_a_month", "2026-11", 10_000, 12_000)
    desk.take(terms, email="2@a.example")
    assert budget_use(desk, NOW, terms) == CapUse("money_a_month", "2026-11", 12_000, 12_000)
