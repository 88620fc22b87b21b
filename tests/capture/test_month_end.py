"""The month's end: what is closed or ready, its sums, and what to decide first."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from capture.billing.statement import Parties
from capture.campaign.model import Campaign
from capture.closing.close import check_closable, close_month
from capture.closing.credit import CorrectionRequest
from capture.closing.debit import propose_debit
from capture.closing.decision_words import reason_in_words
from capture.closing.decisions import Decisions, LeadInQuarantine, LeadInReview, OpenDispute
from capture.closing.documents import documents_of_month
from capture.closing.month_end import (
    MonthEnd,
    MonthSums,
    State,
    campaigns_to_report,
    month_ends,
)
from capture.closing.months import campaign_groups
from capture.errors import Refused
from capture.intake.quarantine import discard, hold_back
from capture.intake.receive import receive_submission
from capture.lead.events import Actor, EventKind
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger, ReadTransaction, WriteTransaction
from capture.review.acts import Act, dispute, find_lead, reject
from tests.capture.desk import DAY, SHARE, WON, Desk
from tests.capture.test_invoices import break_lead
from tests.samples import CAMPAIGN, NOW, PARTIES, campaign, submission

GUIDE = campaign()
BY_MAIL = campaign(text=CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "email"'))
TALK = campaign(slug="talk", text=CAMPAIGN.replace("50\n", "70\n"))
EUROS = campaign(slug="euros", text=CAMPAIGN.replace('"USD"', '"EUR"'))
BERLIN = campaign(
    slug="berlin",
    text=CAMPAIGN.replace("America/New_York", "Europe/Berlin").replace('"acme"', '"other"'),
)
OVER = datetime(2026, 12, 1, 5, tzinfo=UTC)
"""The first instant of December in New York."""
DECEMBER = datetime(2026, 12, 9, tzinfo=UTC)
ALL_PARTIES = {"acme": PARTIES, "other": PARTIES}


def ends_of(
    ledger: Ledger,
    now: datetime = DECEMBER,
    month: str = "2026-11",
    client: str | None = None,
    parties: dict[str, Parties] = ALL_PARTIES,
) -> list[MonthEnd]:
    return ledger.read(lambda reading: month_ends(reading, parties, month, now, client))


def end_of(ledger: Ledger, now: datetime = DECEMBER, month: str = "2026-11") -> MonthEnd:
    (end,) = ends_of(ledger, now, month)
    return end


def states(ends: list[MonthEnd]) -> list[tuple[str, str, State]]:
    return [(end.client, end.currency, end.state) for end in ends]


def close(ledger: Ledger, month: str, now: datetime, client: str = "acme") -> None:
    ledger.transact(lambda records: close_month(records, client, PARTIES, month, now, by="Ada"))


def waiting_lead(ledger: Ledger, terms: Campaign, at: datetime, email: str = "w@w.example") -> str:
    """A qualified lead without a decision; its id."""
    sent = submission(terms, email=email)
    return ledger.transact(lambda records: receive_submission(records, terms, sent, at)).lead_id


class TestState:
    """Closed, ready, or not ready and why."""

    def test_no_leads_make_no_month_end(self, ledger: Ledger) -> None:
        assert ends_of(ledger) == []

    def test_a_month_that_is_over_is_ready_with_the_sums_of_its_preview(self, desk: Desk) -> None:
        desk.take(GUIDE)
        desk.take(TALK, email="bob@clinic.example")
        end = end_of(desk.ledger)
        assert (end.state, end.reason, end.number) == (State.READY, "", "")
        assert end.sums == MonthSums(2, net=12_000, vat=0, brought_forward=0, to_pay=12_000)
        assert list(end.titles) == ["guide", "talk"]
        assert end.decisions == Decisions([], [], [], [], [], [], [], [])

    def test_a_month_is_ready_ten_seconds_after_its_end_and_not_before(self, desk: Desk) -> None:
        desk.take(GUIDE)
        for now, state, reason in (
            (OVER - timedelta(microseconds=1), State.NOT_READY, "2026-11 is not over"),
            (OVER, State.NOT_READY, "2026-11 ended just now"),
            (OVER + timedelta(seconds=10), State.READY, ""),
        ):
            end = end_of(desk.ledger, now)
            assert end.state is state
            assert end.reason.startswith(reason)
        unfinished = end_of(desk.ledger, OVER - timedelta(microseconds=1))
        assert unfinished.over_at is not None
        assert unfinished.over_at.isoformat() == "2026-12-01T00:00:00-05:00"
        assert reason_in_words(unfinished, str) == f"2026-11 is not over until {unfinished.over_at}"
        assert unfinished.sums is not None

    @pytest.mark.parametrize("seconds", [-1, 0, 9, 10, 11])
    def test_it_says_ready_exactly_when_the_close_allows_it(self, desk: Desk, seconds: int) -> None:
        desk.take(GUIDE)
        now = OVER + timedelta(seconds=seconds)

        def is_closable(reading: ReadTransaction) -> bool:
            (group,) = campaign_groups(reading, now)
            try:
                check_closable(group, "2026-11", {}, now)
            except Refused:
                return False
            return True

        assert (end_of(desk.ledger, now).state is State.READY) == desk.ledger.read(is_closable)

    def test_the_zone_of_each_client_decides(self, desk: Desk) -> None:
        desk.take(GUIDE)
        desk.take(BERLIN)
        midnight_in_berlin = datetime(2026, 11, 30, 23, 1, tzinfo=UTC)
        assert states(ends_of(desk.ledger, midnight_in_berlin)) == [
            ("acme", "USD", State.NOT_READY),
            ("other", "USD", State.READY),
        ]
        assert states(ends_of(desk.ledger, OVER, client="other")) == [("other", "USD", State.READY)]

    def test_the_last_zone_of_a_client_decides_for_all_its_campaigns(self, desk: Desk) -> None:
        desk.take(GUIDE)
        tokyo = campaign(slug="tokyo", text=CAMPAIGN.replace("America/New_York", "Asia/Tokyo"))
        desk.take(tokyo, email="bob@clinic.example")
        end = end_of(desk.ledger, OVER - timedelta(hours=1))
        assert str(end.over_at and end.over_at.tzinfo) == "America/New_York"

    def test_an_earlier_open_month_comes_first(self, desk: Desk) -> None:
        desk.take(GUIDE, NOW - 31 * DAY)
        end = end_of(desk.ledger)
        assert (end.state, end.reason) == (
            State.NOT_READY,
            "2026-10 is still open; months close in order, so close it first",
        )

    def test_a_client_without_a_lead_by_then_is_no_failure(self, desk: Desk) -> None:
        desk.take(GUIDE)
        end = end_of(desk.ledger, month="2026-10")
        assert (end.state, end.reason, end.sums) == (
            State.NO_LEADS,
            "the first lead came in 2026-11",
            None,
        )

    def test_a_closed_month_has_its_number_and_the_sums_of_its_document(self, desk: Desk) -> None:
        desk.take(GUIDE)
        close(desk.ledger, "2026-11", DECEMBER)
        end = end_of(desk.ledger, DECEMBER + 60 * DAY)
        assert (end.state, end.number) == (State.CLOSED, "acme-0001")
        assert end.sums == MonthSums(1, net=5000, vat=0, brought_forward=0, to_pay=5000)

    def test_a_month_closed_with_nothing_to_bill_has_no_number(self, desk: Desk) -> None:
        desk.take(GUIDE)
        close(desk.ledger, "2026-11", DECEMBER)
        january = datetime(2027, 1, 9, tzinfo=UTC)
        close(desk.ledger, "2026-12", january)
        end = end_of(desk.ledger, january, "2026-12")
        assert (end.state, end.number, end.sums) == (State.CLOSED, "", None)

    def test_each_currency_has_sums_of_its_own(self, desk: Desk) -> None:
        desk.take(GUIDE)
        desk.take(EUROS, email="bob@clinic.example")
        desk.take(EUROS, email="eve@clinic.example")
        ends = ends_of(desk.ledger)
        assert [(end.currency, end.sums and end.sums.net) for end in ends] == [
            ("EUR", 10_000),
            ("USD", 5000),
        ]

    def test_a_currency_is_not_ready_before_the_other_one_is(self, desk: Desk) -> None:
        desk.take(GUIDE, NOW - 31 * DAY)
        desk.take(EUROS)
        euros, dollars = ends_of(desk.ledger)
        assert dollars.reason.startswith("2026-10 is still open")
        assert (euros.state, euros.reason) == (
            State.NOT_READY,
            "it is closed together with USD, which is not ready",
        )
        with pytest.raises(Refused):
            close(desk.ledger, "2026-11", DECEMBER)

    def test_a_client_without_a_file_stops_no_other(self, desk: Desk) -> None:
        desk.take(GUIDE)
        desk.take(BERLIN)
        acme, other = ends_of(desk.ledger, parties={"other": PARTIES})
        assert (acme.state, acme.reason) == (
            State.NOT_READY,
            "there is no file of the client acme; create it",
        )
        assert other.state is State.READY


class TestDecisions:
    """What a person should decide or know before the close."""

    def test_a_proposed_debit_waits_until_the_client_answers(self, desk: Desk) -> None:
        lead = desk.take(GUIDE)
        close(desk.ledger, "2026-11", DECEMBER)
        request = CorrectionRequest("acme-0001", lead.lead_id, "wrong_rate", amount=Decimal(5))
        proposal = desk.ledger.transact(
            lambda records: propose_debit(records, request, "Ada", DECEMBER)
        )
        desk.take(EUROS, DECEMBER, email="bob@clinic.example")
        january = datetime(2027, 1, 9, tzinfo=UTC)
        euros, dollars = ends_of(desk.ledger, january, "2026-12")
        assert (list(dollars.decisions.debits), list(euros.decisions.debits)) == ([proposal], [])

    @pytest.mark.parametrize(
        ("recorded_at", "month"),
        [
            (datetime(2026, 12, 20, tzinfo=UTC), "2026-12"),
            (datetime(2027, 1, 1, 4, 59, tzinfo=UTC), "2026-12"),
            (datetime(2027, 1, 1, 5, tzinfo=UTC), "2027-01"),
        ],
    )
    def test_a_late_refund_is_listed_in_the_month_of_its_credit_note(
        self, desk: Desk, recorded_at: datetime, month: str
    ) -> None:
        lead = desk.take(WON)
        desk.client(lead, EventKind.WON, NOW, amount=Decimal(1000))
        close(desk.ledger, "2026-11", DECEMBER)
        desk.client(
            lead, EventKind.REFUNDED, recorded_at, amount=Decimal(400), occurred_at=NOW + DAY
        )
        now = datetime(2027, 2, 9, tzinfo=UTC)
        for candidate in ("2026-11", "2026-12", "2027-01"):
            notes = end_of(desk.ledger, now, candidate).decisions.late_credits
            expected = [("acme-0002", lead.lead_id, 4000, "refund")] if candidate == month else []
            assert [(n.number, n.lead_id, n.amount, n.reason) for n in notes] == expected

    def test_late_churn_is_listed_with_its_credit_note(self, desk: Desk) -> None:
        lead = desk.take(SHARE)
        desk.client(lead, EventKind.WON, NOW, amount=Decimal(1000))
        period = date(2026, 11, 23)
        desk.client(lead, EventKind.REVENUE, NOW, amount=Decimal(1000), period=period)
        close(desk.ledger, "2026-11", DECEMBER)
        desk.client(lead, EventKind.CHURNED, DECEMBER + DAY, occurred_at=NOW)
        (note,) = end_of(
            desk.ledger, datetime(2027, 1, 9, tzinfo=UTC), "2026-12"
        ).decisions.late_credits
        assert (note.reason, note.amount) == ("churn", 15_000)

    def test_a_credit_by_hand_is_no_late_credit(self, desk: Desk) -> None:
        lead = desk.take(GUIDE)
        close(desk.ledger, "2026-11", NOW + 9 * DAY)
        desk.credit(lead, Decimal(5))
        end = end_of(desk.ledger, datetime(2027, 1, 9, tzinfo=UTC), "2026-12")
        assert end.decisions.late_credits == []

    def test_a_lead_in_review_is_listed_with_its_deadline_and_age(self, desk: Desk) -> None:
        at = datetime(2026, 11, 30, 12, tzinfo=UTC)
        lead_id = waiting_lead(desk.ledger, GUIDE, at)
        waiting_lead(desk.ledger, GUIDE, OVER + timedelta(hours=1), "d@d.example")
        deadline = at + timedelta(hours=48)
        (lead,) = end_of(desk.ledger, deadline - timedelta(seconds=1)).decisions.in_review
        assert lead == LeadInReview(
            "guide", lead_id, at, deadline, silence_accepts=True, is_notified=True, days=1
        )
        assert end_of(desk.ledger, deadline).decisions.in_review == []

    def test_leads_in_quarantine_of_the_month_are_listed_until_the_agency_decides(
        self, desk: Desk
    ) -> None:
        in_review = waiting_lead(desk.ledger, GUIDE, NOW)
        quarantined = waiting_lead(desk.ledger, BY_MAIL, NOW, "d@d.example")
        later = waiting_lead(desk.ledger, GUIDE, OVER + timedelta(hours=1), "e@e.example")

        def hold(records: WriteTransaction) -> None:
            for lead_id in (in_review, quarantined, later):
                hold_back(records, find_lead(records, lead_id), [], NOW)

        desk.ledger.transact(hold)
        decisions = end_of(desk.ledger, NOW + 2 * DAY).decisions
        assert decisions.in_quarantine == [
            LeadInQuarantine("guide", in_review, NOW, is_in_review=True, days=2),
            LeadInQuarantine("guide", quarantined, NOW, is_in_review=False, days=2),
        ]
        assert decisions.in_review == []
        for lead_id in (in_review, quarantined):
            desk.ledger.transact(
                lambda records, lead_id=lead_id: discard(records, lead_id, "Ada", NOW)
            )
        assert end_of(desk.ledger, NOW + 2 * DAY).decisions.in_quarantine == []

    def test_a_lead_from_a_clock_that_is_ahead_came_today(self, desk: Desk) -> None:
        waiting_lead(desk.ledger, GUIDE, NOW + timedelta(seconds=5))
        (lead,) = end_of(desk.ledger, NOW).decisions.in_review
        assert lead.days == 0

    def test_a_test_lead_is_not_in_review(self, desk: Desk) -> None:
        desk.take(GUIDE)
        sent = replace(submission(GUIDE, email="t@t.example"), test=True)
        desk.ledger.transact(lambda records: receive_submission(records, GUIDE, sent, NOW))
        assert end_of(desk.ledger, NOW + DAY).decisions.in_review == []

    def test_an_open_dispute_is_listed_until_the_client_settles_it(self, desk: Desk) -> None:
        lead_id = waiting_lead(desk.ledger, GUIDE, NOW)
        client, agency = (Act(lead_id, "Carol", actor) for actor in (Actor.CLIENT, Actor.AGENCY))
        desk.ledger.transact(lambda records: reject(records, client, "too_small", NOW + DAY))
        assert end_of(desk.ledger).decisions.disputes == []
        desk.ledger.transact(lambda records: dispute(records, agency, NOW + 2 * DAY))
        assert end_of(desk.ledger).decisions.disputes == [
            OpenDispute("guide", lead_id, NOW + 2 * DAY)
        ]


class TestFiles:
    """Which documents and reports belong to a month."""

    def numbers(self, desk: Desk, month: str, client: str | None = None) -> list[str]:
        documents = desk.ledger.read(lambda reading: documents_of_month(reading, month, client))
        return [document.number for document in documents]

    def test_a_note_belongs_to_the_month_of_its_issue(self, desk: Desk) -> None:
        lead = desk.take(GUIDE)
        close(desk.ledger, "2026-11", NOW + 9 * DAY)
        desk.credit(lead, Decimal(5))  # in December
        numbers = [self.numbers(desk, month) for month in ("2026-11", "2026-12")]
        assert numbers == [["acme-0001"], ["acme-0002"]]

    def test_documents_are_sorted_by_client(self, desk: Desk) -> None:
        desk.take(GUIDE)
        desk.take(BERLIN)
        close(desk.ledger, "2026-11", DECEMBER, "other")
        close(desk.ledger, "2026-11", DECEMBER)
        assert self.numbers(desk, "2026-11") == ["acme-0001", "other-0001"]
        assert self.numbers(desk, "2026-11", "other") == ["other-0001"]

    def test_a_campaign_is_reported_if_its_closed_month_has_leads_or_lines(
        self, desk: Desk
    ) -> None:
        def slugs(month: str, now: datetime) -> list[str]:
            return desk.ledger.read(lambda reading: campaigns_to_report(reading, month, now))

        desk.take(GUIDE)
        waiting_lead(desk.ledger, TALK, datetime(2026, 11, 30, 12, tzinfo=UTC))
        desk.take(BERLIN)
        assert slugs("2026-11", DECEMBER) == []
        close(desk.ledger, "2026-11", datetime(2026, 12, 1, 12, tzinfo=UTC))
        assert slugs("2026-11", DECEMBER) == ["guide", "talk"]
        january = datetime(2027, 1, 9, tzinfo=UTC)
        close(desk.ledger, "2026-12", january)
        assert slugs("2026-12", january) == ["talk"]  # its lead was accepted in December


@pytest.fixture
def damaged(tmp_path: Path) -> Iterator[Desk]:
    """A ledger of its own, because the damage would fail the checks after the test."""
    ledger = open_ledger(f"sqlite:///{tmp_path}/damaged.db", b"a key for tests only")
    yield Desk(ledger)
    ledger.close()


def test_a_parked_lead_is_listed_before_and_after_the_close(damaged: Desk) -> None:
    lead = damaged.take(GUIDE)
    damaged.take(GUIDE, email="bob@other.example")
    break_lead(damaged.ledger, lead.lead_id)
    for state in (State.READY, State.CLOSED):
        end = end_of(damaged.ledger)
        assert (end.state, end.sums and end.sums.net) == (state, 5000)
        (parked,) = end.decisions.parked
        assert (parked.campaign, parked.lead.lead_id) == ("guide", lead.lead_id)
        assert parked.lead.reason == "not_computable"
        assert parked.lead.detail == ("KeyError in met_criteria" if state is State.READY else "")
        close(damaged.ledger, "2026-11", DECEMBER)


def test_the_query_changes_nothing(desk: Desk) -> None:
    desk.take(GUIDE)
    head = desk.ledger.read(lambda reading: reading.events.head())
    end_of(desk.ledger)
    assert desk.ledger.read(lambda reading: reading.events.head()) == head
