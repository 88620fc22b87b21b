"""Counts and sums from a real ledger: leads by receipt, money by statement, groups that add up."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture.campaign.catalogue import Costs
from capture.campaign.model import Campaign
from capture.closing.close import close_month
from capture.closing.credit import CorrectionRequest, issue_credit
from capture.closing.drawing import spend_of
from capture.errors import Refused
from capture.intake.gate import Submission
from capture.intake.receive import receive_submission
from capture.kpi.gathering import KpiQuery, gather_figures
from capture.kpi.grouping import By, CurrencyFigures, Period
from capture.kpi.sums import Sums
from capture.lead.consent import Consent
from capture.lead.events import Actor, EventKind
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from capture.outcomes.record import Outcome
from capture.outcomes.repeats import record_once
from capture.review import Act, accept, reject
from tests.long import rounds
from tests.samples import ANSWERS, CAMPAIGN, NOW, PARTIES, campaign, consent_to

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)
GUIDE = campaign()
YEN = campaign(slug="yen", text=CAMPAIGN.replace("USD", "JPY"))
SHARE = campaign(
    slug="share",
    text=CAMPAIGN.replace(
        'model = "cpl"\nrate = 50\nbillable = "accepted"',
        'model = "revenue_share"\npercent = 15\nmonths = 12\nbillable = "revenue"',
    ),
)


class Office:
    """One ledger and what people do with it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.number = 0

    def take(self, terms: Campaign = GUIDE, at: datetime = NOW, **more: object) -> str:
        self.number += 1
        answers = ANSWERS | {"email": f"ann@clinic{self.number}.example"}
        answers = answers | more.pop("answers", {})  # type: ignore[operator]
        sent = replace(Submission(answers, consent_to(terms.version)), **more)  # type: ignore[arg-type]
        return self.ledger.transact(
            lambda records: receive_submission(records, terms, sent, at)
        ).lead_id

    def accept(self, lead_id: str, at: datetime = NOW + HOUR) -> None:
        self.ledger.transact(
            lambda records: accept(records, Act(lead_id, "Carol", Actor.CLIENT), at)
        )

    def reject(self, lead_id: str, at: datetime = NOW + HOUR) -> None:
        act = Act(lead_id, "Carol", Actor.CLIENT)
        self.ledger.transact(lambda records: reject(records, act, "too_small", at))

    def say(self, lead_id: str, kind: EventKind, at: datetime, **more: object) -> None:
        outcome = Outcome(lead_id, kind, Actor.CLIENT, "Carol", occurred_at=at)
        outcome = replace(outcome, **more)  # type: ignore[arg-type]
        self.ledger.transact(lambda records: record_once(records, outcome, at))

    def close(self, terms: Campaign = GUIDE, month: str = "2026-11") -> None:
        at = datetime(2027, 3, 5, tzinfo=UTC) if month > "2026-11" else DECEMBER
        self.ledger.transact(lambda records: close_month(records, terms, PARTIES, month, at))

    def gather(self, *terms: Campaign, now: datetime = DECEMBER, **more: object) -> CurrencyFigures:
        asked = KpiQuery(terms or (GUIDE,), now, **more)  # type: ignore[arg-type]
        return self.ledger.read(lambda reading: gather_figures(reading, asked))[0]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    ledger = open_ledger(f"sqlite:///{tmp_path}/gatepost.db", b"k" * 32)
    yield Office(ledger)
    ledger.close()


def test_each_lead_is_counted_once_where_it_stands(office: Office) -> None:
    word, no = office.take(), office.take()
    office.take()  # silence accepts it
    office.accept(word)
    office.reject(no, NOW + 3 * HOUR)
    office.take(at=DECEMBER - HOUR)
    office.take(answers={"company_size": "1-50"})
    office.take(answers={"email": "ann@clinic1.example", "full_name": "Ann again"})
    office.take(test=True)
    sums = office.gather().whole
    assert (sums.submissions, sums.leads, sums.qualified) == (6, 5, 4)
    assert (sums.by_word, sums.by_silence, sums.rejected, sums.in_review) == (1, 1, 1, 1)
    assert sums.reasons == {"too_small": 1}
    assert list(sums.review_seconds) == [3600, 3 * 3600]


def test_silence_is_told_apart_before_and_after_it_is_written_down(office: Office) -> None:
    office.take()
    before = office.gather().whole
    office.close()
    after = office.gather().whole
    assert (before.by_word, before.by_silence) == (after.by_word, after.by_silence) == (0, 1)
    assert not after.review_seconds


def test_spend_is_billed_less_credited_in_the_month_of_the_statement(office: Office) -> None:
    lead_id = office.take()
    office.take()
    office.close()
    wish = CorrectionRequest("acme-0001", lead_id, "goodwill", amount=Decimal(20))
    later = DECEMBER + 40 * DAY
    office.ledger.transact(lambda records: issue_credit(records, wish, "Ada", later))
    november = office.gather(now=later, period=Period.of_month("2026-11")).whole
    assert (november.billed, november.credited, november.spend) == (10_000, 2_000, 8_000)
    assert office.gather(now=later, period=Period.of_month("2027-01")).whole.spend == 0
    lines = office.ledger.read(lambda reading: list(spend_of(reading, "acme")))
    assert [(one.billed, one.credited) for one in lines] == [(5000, 0), (5000, 0), (0, 2000)]


def test_a_late_line_counts_in_the_month_that_bills_it_and_its_lead_in_that_of_receipt(
    office: Office,
) -> None:
    office.take(at=datetime(2026, 11, 30, 12, tzinfo=UTC))
    office.ledger.transact(
        lambda records: close_month(
            records, GUIDE, PARTIES, "2026-11", datetime(2026, 12, 1, 12, tzinfo=UTC)
        )
    )
    office.close(month="2026-12")
    months = office.gather(now=DECEMBER + 100 * DAY, by=By.MONTH).groupings["month"]
    assert (months["2026-11"].leads, months["2026-11"].spend) == (1, 0)
    assert (months["2026-12"].leads, months["2026-12"].spend) == (0, 5000)


def test_a_period_is_cut_in_the_campaigns_zone(office: Office) -> None:
    office.take(at=datetime(2026, 12, 1, 4, 59, tzinfo=UTC))  # still 30 November in New York
    office.take(at=datetime(2026, 12, 1, 5, 0, tzinfo=UTC))
    day = date(2026, 11, 30)
    assert office.gather(period=Period(day, day)).whole.leads == 1
    assert office.gather(period=Period.of_month("2026-12")).whole.leads == 1


def test_currencies_are_never_added_up(office: Office) -> None:
    office.take()
    office.take(YEN)
    asked = KpiQuery((GUIDE, YEN), DECEMBER)
    found = office.ledger.read(lambda reading: gather_figures(reading, asked))
    assert [(one.currency, one.whole.leads) for one in found] == [("USD", 1), ("JPY", 1)]


def test_posts_are_named_by_first_and_by_last_touch(office: Office) -> None:
    office.take(first_touch={"path": "/a/"}, last_touch={"path": "/b/"})
    office.take(first_touch={"path": "/a/"}, last_touch={"path": "not known any more"})
    office.close()
    found = office.gather(by=By.POST).groupings
    assert {name: (one.leads, one.spend) for name, one in found["first touch"].items()} == {
        "/a/": (2, 10_000)
    }
    assert {name: one.leads for name, one in found["last touch"].items()} == {
        "/b/": 1,
        "not told": 1,
    }


def test_sources_are_imports_forms_and_what_forms_say(office: Office) -> None:
    office.take()
    office.take(last_touch={"utm_source": "linkedin"})
    office.take(
        source="event-2026", consent=Consent(given=False, version=None, basis="signed at the stand")
    )
    found = office.gather(by=By.SOURCE).groupings["source"]
    assert list(found) == ["form", "form, utm_source linkedin", "event-2026"]


def test_a_flood_of_made_up_pages_ends_in_one_group(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capture.kpi.grouping.MAX_GROUPS", 3)
    for number in range(6):
        office.take(first_touch={"path": f"/{number}"})
    found = office.gather(by=By.POST).groupings["first touch"]
    assert {name: one.leads for name, one in found.items()} == {
        "/0": 1,
        "/1": 1,
        "/2": 1,
        "others": 3,
    }


class TestSales:
    """What customers bought, on its own date."""

    def test_a_sale_and_its_refund_count_in_their_own_months(self, office: Office) -> None:
        lead_id = office.take()
        office.accept(lead_id)
        office.say(lead_id, EventKind.WON, NOW + DAY, amount=Decimal(1000))
        office.say(lead_id, EventKind.REFUNDED, DECEMBER, amount=Decimal(100))
        november = office.gather(period=Period.of_month("2026-11")).whole
        assert (november.bought, november.refunded, november.deals) == (100_000, 0, 1)
        complete = office.gather(now=DECEMBER + DAY).whole
        assert (complete.revenue, complete.customers, complete.purchases) == (90_000, 1, 1)

    def test_under_revenue_share_the_periods_that_have_begun_stand_for_the_sale(
        self, office: Office
    ) -> None:
        lead_id = office.take(SHARE)
        office.accept(lead_id)
        office.say(lead_id, EventKind.WON, NOW + DAY, amount=Decimal(1200))
        assert office.gather(SHARE).whole.revenue == 120_000
        office.say(
            lead_id,
            EventKind.REVENUE,
            NOW + 2 * DAY,
            amount=Decimal(1200),
            period=date(2026, 11, 25),
            months=12,
        )
        assert office.gather(SHARE, now=DECEMBER).whole.revenue == 10_000
        assert office.gather(SHARE, now=DECEMBER + 30 * DAY).whole.revenue == 20_000

    def test_a_sale_given_back_whole_is_no_deal_and_no_customer(self, office: Office) -> None:
        lead_id = office.take()
        office.accept(lead_id)
        office.say(lead_id, EventKind.WON, NOW + DAY, amount=Decimal(1000))
        office.say(lead_id, EventKind.REFUNDED, NOW + 2 * DAY, amount=Decimal(1000))
        complete = office.gather().whole
        assert (complete.revenue, complete.deals, complete.customers) == (0, 0, 0)

    def test_a_customer_is_seen_until_they_leave(self, office: Office) -> None:
        lead_id = office.take()
        office.accept(lead_id)
        office.say(lead_id, EventKind.WON, NOW + DAY, amount=Decimal(1000))
        office.say(lead_id, EventKind.CHURNED, NOW + 8 * DAY)
        complete = office.gather(now=NOW + 300 * DAY).whole
        assert (complete.customers, complete.churned, complete.customer_days) == (1, 1, 7)

    def test_who_returns_is_a_customer_again_but_for_the_days_away(self, office: Office) -> None:
        lead_id = office.take()
        office.accept(lead_id)
        office.say(lead_id, EventKind.WON, NOW + DAY, amount=Decimal(1000))
        office.say(lead_id, EventKind.CHURNED, NOW + 8 * DAY)
        office.say(lead_id, EventKind.WON, NOW + 10 * DAY, amount=Decimal(500))
        complete = office.gather(now=NOW + 12 * DAY).whole
        assert (complete.customers, complete.churned, complete.customer_days) == (1, 0, 9)
        assert (complete.purchases, complete.revenue) == (2, 150_000)

    def test_a_year_paid_ahead_and_given_back_is_no_revenue_and_no_loss(
        self, office: Office
    ) -> None:
        lead_id = office.take(SHARE)
        office.accept(lead_id)
        paid = {"amount": Decimal(1200), "period": NOW.date(), "months": 12}
        office.say(lead_id, EventKind.WON, NOW + HOUR, amount=Decimal(1200))
        office.say(lead_id, EventKind.REVENUE, NOW + HOUR, **paid)
        office.say(lead_id, EventKind.REFUNDED, NOW + 40 * DAY, amount=Decimal(1200))
        assert office.gather(SHARE, now=NOW + 41 * DAY).whole.revenue == 0


class TestCosts:
    """The agency's own."""

    def costs(self, **more: object) -> dict[str, Costs]:
        return {"guide": Costs.model_validate({"slug": "guide", **more})}

    def test_they_count_up_to_the_last_closed_month(self, office: Office) -> None:
        office.take()
        office.close()
        costs = self.costs(since="2026-10", fixed={"tools": 10}, months={"2026-11": {"ads": 5}})
        assert office.gather(costs=costs).whole.costs == 1000 + 1500
        months = office.gather(costs=costs, by=By.MONTH).groupings["month"]
        assert {name: one.costs for name, one in months.items()} == {
            "2026-11": 1500,
            "2026-10": 1000,
        }

    def test_before_a_month_is_closed_they_are_not_told(self, office: Office) -> None:
        office.take()
        assert office.gather(costs=self.costs()).whole.no_costs == "no month of guide is closed yet"

    def test_one_campaign_without_leaves_the_whole_unknown_and_the_other_known(
        self, office: Office
    ) -> None:
        other = campaign(slug="other")
        office.take()
        office.take(other)
        office.close()
        found = office.gather(GUIDE, other, costs=self.costs(), by=By.CAMPAIGN)
        assert found.whole.no_costs == "not written down: campaigns/other.costs.toml"
        data = found.groupings["campaign"]
        assert (data["guide"].no_costs, data["other"].no_costs) == ("", found.whole.no_costs)


steps = st.lists(
    st.tuples(
        st.sampled_from([GUIDE, SHARE]),
        st.integers(0, 40),
        st.sampled_from(["", "/a/", "/b/"]),
        st.sampled_from(["accept", "reject", "wait", "won", "small"]),
    ),
    max_size=8,
)


@pytest.mark.long
@given(steps, st.sampled_from(list(By)), st.booleans())
@settings(
    max_examples=rounds(25, 1000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_groups_add_up_to_the_whole(
    tmp_path: Path, taken: list[tuple[Campaign, int, str, str]], by: By, one_month: bool
) -> None:
    (tmp_path / "gatepost.db").unlink(missing_ok=True)
    ledger = open_ledger("sqlite://" + f"/{tmp_path}/gatepost.db", b"k" * 32)
    office = Office(ledger)
    for terms, days, path, then in taken:
        at = NOW + days * DAY
        answers = {"company_size": "1-50"} if then == "small" else {}
        lead_id = office.take(terms, at, first_touch={"path": path}, answers=answers)
        if then == "reject":
            office.reject(lead_id, at + HOUR)
        if then in {"accept", "won"}:
            office.accept(lead_id, at + HOUR)
        if then == "won":
            office.say(lead_id, EventKind.WON, at + DAY, amount=Decimal(100))
    for terms in (GUIDE, SHARE):
        with suppress(Refused):  # no lead had come in November, so there is no bill for it
            office.close(terms)
    period = Period.of_month("2026-12") if one_month else Period()
    found = office.gather(GUIDE, SHARE, now=NOW + 400 * DAY, period=period, by=by)
    ledger.close()
    for groups in found.groupings.values():
        assert totals(*groups.values()) == totals(found.whole)


def totals(*sums: Sums) -> list[int]:
    names = (
        "submissions leads qualified accepted by_word by_silence rejected in_review held deals "
        "billed credited revenue customers purchases purchased customer_days"
    )
    return [sum(getattr(one, name) for one in sums) for name in names.split()]
