"""Counts and sums from a real ledger: leads by receipt, money by statement, sums of groups."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
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
from capture.errors import NotFound, Refused
from capture.intake.quarantine import discard, hold_back, release
from capture.kpi.formulas import client_figures
from capture.kpi.gathering import KpiQuery, gather_figures
from capture.kpi.grouping import Grouping, Period
from capture.kpi.sums import Sums
from capture.lead.consent import Consent
from capture.lead.events import EventKind
from capture.ledger import open_ledger
from capture.ledger.protocol import WriteTransaction
from capture.review.acts import find_lead
from tests.capture.kpi.office import DAY, DECEMBER, GUIDE, HOUR, SHARE, YEN, Office
from tests.long import rounds
from tests.samples import CAMPAIGN, NOW, PARTIES, campaign


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    ledger = open_ledger(f"sqlite:///{tmp_path}/gatepost.db", b"k" * 32)
    yield Office(ledger)
    ledger.close()


def test_each_lead_is_counted_once_in_its_stage(office: Office) -> None:
    accepted, rejected = office.receive(), office.receive()
    office.receive()  # silence accepts it
    office.accept(accepted)
    office.reject(rejected, NOW + 3 * HOUR)
    office.receive(at=DECEMBER - HOUR)
    office.receive(answers={"company_size": "1-50"})
    office.receive(answers={"email": "ann@clinic1.example", "full_name": "Ann again"})
    office.receive(test=True)
    sums = office.gather().total
    assert (sums.submissions, sums.leads, sums.qualified) == (6, 5, 4)
    assert (sums.by_client, sums.by_silence, sums.rejected, sums.in_review) == (1, 1, 1, 1)
    assert sums.reasons == {"too_small": 1}
    assert list(sums.review_seconds) == [3600, 3 * 3600]


def test_undecided_and_ended_leads_are_counted_once_in_their_stage(office: Office) -> None:
    terms = campaign(text=CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "email"'))
    held = [office.receive(at=DECEMBER - HOUR) for _ in range(2)]
    quarantined, discarded = (office.receive(terms, at=DECEMBER - HOUR) for _ in range(2))

    def hold(records: WriteTransaction) -> None:
        for lead_id in (*held, quarantined, discarded):
            hold_back(records, find_lead(records, lead_id), [], DECEMBER)
        discard(records, discarded, "Ada", DECEMBER)
        release(records, held[1], "Ada", DECEMBER)

    office.ledger.transact(hold)
    sums = office.gather().total
    assert (sums.submissions, sums.leads, sums.not_proved) == (4, 2, 2)
    assert (sums.qualified, sums.in_review) == (2, 2)
    assert sums.stages == {"qualified": 1, "held_back": 1, "quarantined": 1, "discarded": 1}
    figures = {figure.key: figure.calculation for figure in client_figures(sums)}
    assert (figures["leads"], figures["qualified"]) == ("4 - 0 - 0 - 2 = 2", "0 + 0 + 2 = 2")


def test_the_time_to_review_begins_with_the_release(office: Office) -> None:
    lead_id = office.receive()

    def hold(records: WriteTransaction) -> None:
        hold_back(records, find_lead(records, lead_id), [], NOW + HOUR)
        release(records, lead_id, "Ada", NOW + 5 * DAY)

    office.ledger.transact(hold)
    office.accept(lead_id, NOW + 5 * DAY + 2 * HOUR)
    assert list(office.gather().total.review_seconds) == [2 * 3600]


def test_acceptance_by_silence_counts_the_same_before_and_after_it_is_recorded(
    office: Office,
) -> None:
    office.receive()
    unrecorded = office.gather().total
    office.close()
    recorded = office.gather().total
    assert (unrecorded.by_client, unrecorded.by_silence) == (0, 1)
    assert (recorded.by_client, recorded.by_silence) == (0, 1)
    assert not recorded.review_seconds


def test_an_acceptance_that_the_agency_entered_is_counted_apart(office: Office) -> None:
    entered, accepted_later = office.receive(), office.receive()
    office.receive()  # silence accepts it
    for lead_id in (entered, accepted_later):
        office.enter_acceptance(lead_id)
    office.accept(accepted_later, NOW + 2 * HOUR)
    assert office.gather(now=NOW + 3 * HOUR).total.by_entry == 0
    unrecorded = office.gather().total
    office.close()
    recorded = office.gather().total
    for sums in (unrecorded, recorded):
        assert (sums.by_client, sums.by_entry, sums.by_silence, sums.accepted) == (1, 1, 1, 3)
        assert list(sums.review_seconds) == [2 * 3600]


def test_spend_is_billed_less_credited_in_the_month_of_the_statement(office: Office) -> None:
    lead_id = office.receive()
    office.receive()
    office.close()
    request = CorrectionRequest("acme-0001", lead_id, "goodwill", amount=Decimal(20))
    later = DECEMBER + 40 * DAY
    office.ledger.transact(lambda records: issue_credit(records, request, "Ada", later))
    november = office.gather(now=later, period=Period.of_month("2026-11")).total
    assert (november.billed, november.credited, november.spend) == (10_000, 2_000, 8_000)
    assert office.gather(now=later, period=Period.of_month("2027-01")).total.spend == 0
    lines = office.ledger.read(lambda reading: list(spend_of(reading, "acme")))
    assert [(line.billed, line.credited) for line in lines] == [(5000, 0), (5000, 0), (0, 2000)]


def test_a_late_line_counts_in_the_month_of_its_statement_and_its_lead_in_that_of_receipt(
    office: Office,
) -> None:
    office.receive(at=datetime(2026, 11, 30, 12, tzinfo=UTC))
    office.ledger.transact(
        lambda records: close_month(
            records,
            GUIDE.client,
            PARTIES,
            "2026-11",
            datetime(2026, 12, 1, 12, tzinfo=UTC),
            by="Ada",
        )
    )
    office.close(month="2026-12")
    months = office.gather(now=DECEMBER + 100 * DAY, grouping=Grouping.MONTH).tables["month"]
    assert (months["2026-11"].leads, months["2026-11"].spend) == (1, 0)
    assert (months["2026-12"].leads, months["2026-12"].spend) == (0, 5000)


def test_a_period_has_days_in_the_campaigns_time_zone(office: Office) -> None:
    office.receive(at=datetime(2026, 12, 1, 4, 59, tzinfo=UTC))  # still 30 November in New York
    office.receive(at=datetime(2026, 12, 1, 5, 0, tzinfo=UTC))
    day = date(2026, 11, 30)
    assert office.gather(period=Period(day, day)).total.leads == 1
    assert office.gather(period=Period.of_month("2026-12")).total.leads == 1


def test_currencies_are_never_added_up(office: Office) -> None:
    office.receive()
    office.receive(YEN)
    query = KpiQuery((GUIDE, YEN), DECEMBER)
    figures = office.ledger.read(lambda reading: gather_figures(reading, query))
    assert [(currency.currency, currency.total.leads) for currency in figures] == [
        ("USD", 1),
        ("JPY", 1),
    ]


def test_leads_are_grouped_by_the_posts_of_first_and_last_touch(office: Office) -> None:
    office.receive(first_touch={"path": "/a/"}, last_touch={"path": "/b/"})
    office.receive(first_touch={"path": "/a/"}, last_touch={"path": "erased"})
    office.close()
    tables = office.gather(grouping=Grouping.POST).tables
    assert {name: (sums.leads, sums.spend) for name, sums in tables["first touch"].items()} == {
        "/a/": (2, 10_000)
    }
    assert {name: sums.leads for name, sums in tables["last touch"].items()} == {
        "/b/": 1,
        "not given": 1,
    }


def test_sources_are_imports_forms_and_their_utm_source(office: Office) -> None:
    office.receive()
    office.receive(last_touch={"utm_source": "linkedin"})
    office.receive(
        source="event-2026", consent=Consent(given=False, version=None, basis="signed at the stand")
    )
    groups = office.gather(grouping=Grouping.SOURCE).tables["source"]
    assert list(groups) == ["form", "form, utm_source linkedin", "event-2026"]


def test_too_many_invented_pages_are_counted_in_one_group(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capture.kpi.grouping.MAX_GROUPS", 3)
    for number in range(6):
        office.receive(first_touch={"path": f"/{number}"})
    groups = office.gather(grouping=Grouping.POST).tables["first touch"]
    assert {name: sums.leads for name, sums in groups.items()} == {
        "/0": 1,
        "/1": 1,
        "/2": 1,
        "others": 3,
    }


class TestSales:
    """Customers' payments on their own date."""

    def test_a_sale_and_its_refund_count_in_their_own_months(self, office: Office) -> None:
        lead_id = office.receive()
        office.accept(lead_id)
        office.record(lead_id, EventKind.WON, NOW + DAY, amount=Decimal(1000))
        office.record(lead_id, EventKind.REFUNDED, DECEMBER, amount=Decimal(100))
        november = office.gather(period=Period.of_month("2026-11")).total
        assert (november.bought, november.refunded, november.deals) == (100_000, 0, 1)
        total = office.gather(now=DECEMBER + DAY).total
        assert (total.revenue, total.customers, total.purchases) == (90_000, 1, 1)

    def test_under_revenue_share_periods_that_have_begun_replace_the_sale(
        self, office: Office
    ) -> None:
        lead_id = office.receive(SHARE)
        office.accept(lead_id)
        office.record(lead_id, EventKind.WON, NOW + DAY, amount=Decimal(1200))
        assert office.gather(SHARE).total.revenue == 120_000
        office.record(
            lead_id,
            EventKind.REVENUE,
            NOW + 2 * DAY,
            amount=Decimal(1200),
            period=date(2026, 11, 25),
            months=12,
        )
        assert office.gather(SHARE, now=DECEMBER).total.revenue == 10_000
        assert office.gather(SHARE, now=DECEMBER + 30 * DAY).total.revenue == 20_000

    def test_a_sale_refunded_in_full_is_no_deal_and_no_customer(self, office: Office) -> None:
        lead_id = office.receive()
        office.accept(lead_id)
        office.record(lead_id, EventKind.WON, NOW + DAY, amount=Decimal(1000))
        office.record(lead_id, EventKind.REFUNDED, NOW + 2 * DAY, amount=Decimal(1000))
        total = office.gather().total
        assert (total.revenue, total.deals, total.customers) == (0, 0, 0)

    def test_a_customers_days_end_when_they_leave(self, office: Office) -> None:
        lead_id = office.receive()
        office.accept(lead_id)
        office.record(lead_id, EventKind.WON, NOW + DAY, amount=Decimal(1000))
        office.record(lead_id, EventKind.CHURNED, NOW + 8 * DAY)
        total = office.gather(now=NOW + 300 * DAY).total
        assert (total.customers, total.churned, total.customer_days) == (1, 1, 7)

    def test_a_customer_who_returns_counts_again_without_the_days_of_absence(
        self, office: Office
    ) -> None:
        lead_id = office.receive()
        office.accept(lead_id)
        office.record(lead_id, EventKind.WON, NOW + DAY, amount=Decimal(1000))
        office.record(lead_id, EventKind.CHURNED, NOW + 8 * DAY)
        office.record(lead_id, EventKind.WON, NOW + 10 * DAY, amount=Decimal(500))
        total = office.gather(now=NOW + 12 * DAY).total
        assert (total.customers, total.churned, total.customer_days) == (1, 0, 9)
        assert (total.purchases, total.revenue) == (2, 150_000)

    def test_a_year_paid_in_advance_and_refunded_has_a_revenue_of_zero(
        self, office: Office
    ) -> None:
        lead_id = office.receive(SHARE)
        office.accept(lead_id)
        paid = {"amount": Decimal(1200), "period": NOW.date(), "months": 12}
        office.record(lead_id, EventKind.WON, NOW + HOUR, amount=Decimal(1200))
        office.record(lead_id, EventKind.REVENUE, NOW + HOUR, **paid)
        office.record(lead_id, EventKind.REFUNDED, NOW + 40 * DAY, amount=Decimal(1200))
        assert office.gather(SHARE, now=NOW + 41 * DAY).total.revenue == 0


class TestCosts:
    """The agency's own costs."""

    def costs(self, **more: object) -> dict[str, Costs]:
        return {"guide": Costs.model_validate({"slug": "guide", **more})}

    def test_they_count_up_to_the_last_closed_month(self, office: Office) -> None:
        office.receive()
        office.close()
        costs = self.costs(since="2026-10", fixed={"tools": 10}, months={"2026-11": {"ads": 5}})
        assert office.gather(costs=costs).total.costs == 1000 + 1500
        months = office.gather(costs=costs, grouping=Grouping.MONTH).tables["month"]
        assert {name: sums.costs for name, sums in months.items()} == {
            "2026-11": 1500,
            "2026-10": 1000,
        }

    def test_before_a_month_is_closed_they_are_unknown(self, office: Office) -> None:
        office.receive()
        total = office.gather(costs=self.costs()).total
        assert total.costs_unknown == "no month of guide is closed yet"

    def test_one_campaign_without_a_costs_file_makes_the_total_unknown(
        self, office: Office
    ) -> None:
        other = campaign(slug="other")
        office.receive()
        office.receive(other)
        office.close()
        figures = office.gather(GUIDE, other, costs=self.costs(), grouping=Grouping.CAMPAIGN)
        reason = "there is no file campaigns/other.costs.toml"
        assert figures.total.costs_unknown == reason
        groups = figures.tables["campaign"]
        assert (groups["guide"].costs_unknown, groups["other"].costs_unknown) == ("", reason)


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
@given(steps, st.sampled_from(list(Grouping)), st.booleans())
@settings(
    max_examples=rounds(25, 1000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_groups_add_up_to_the_total(
    tmp_path: Path,
    leads: list[tuple[Campaign, int, str, str]],
    grouping: Grouping,
    one_month: bool,
) -> None:
    (tmp_path / "gatepost.db").unlink(missing_ok=True)
    ledger = open_ledger("sqlite://" + f"/{tmp_path}/gatepost.db", b"k" * 32)
    office = Office(ledger)
    for terms, days, path, action in leads:
        at = NOW + days * DAY
        answers = {"company_size": "1-50"} if action == "small" else {}
        lead_id = office.receive(terms, at, first_touch={"path": path}, answers=answers)
        if action == "reject":
            office.reject(lead_id, at + HOUR)
        if action in {"accept", "won"}:
            office.accept(lead_id, at + HOUR)
        if action == "won":
            office.record(lead_id, EventKind.WON, at + DAY, amount=Decimal(100))
    for terms in (GUIDE, SHARE):
        with suppress(Refused, NotFound):  # without a lead in November there is no statement
            office.close(terms)
    period = Period.of_month("2026-12") if one_month else Period()
    figures = office.gather(GUIDE, SHARE, now=NOW + 400 * DAY, period=period, grouping=grouping)
    ledger.close()
    for groups in figures.tables.values():
        assert add_up(*groups.values()) == add_up(figures.total)


def add_up(*groups: Sums) -> list[int]:
    names = (
        "submissions leads qualified accepted by_client by_entry by_silence rejected in_review "
        "held deals billed credited revenue customers purchases purchased customer_days"
    )
    return [sum(getattr(sums, name) for sums in groups) for name in names.split()]
