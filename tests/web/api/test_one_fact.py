"""The API records one fact once, however often and by whatever way it arrives.

This is rule 38 of docs/rules.md.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from capture.lead.events import Actor, EventKind
from capture.outcomes.import_outcomes import import_rows, read_outcomes, sort_rows
from capture.outcomes.record import Outcome
from capture.outcomes.repeats import record_once
from capture.outcomes.rows import RowDefaults
from tests.samples import NOW
from tests.web.api.conftest import World

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
SIMULTANEOUS_POSTS = 8
WON = {"type": "won", "amount": "900.00", "currency": "USD"}
BACK = {"type": "refunded", "amount": "100.00", "currency": "USD"}


@pytest.fixture
def sold(world: World) -> str:
    """A lead that bought two hours ago."""
    lead_id = world.take(at=NOW - 3 * HOUR)
    with time_machine.travel(NOW - 2 * HOUR, tick=False):
        assert world.record(lead_id, **WON).status_code == 201
    return lead_id


def refunds(world: World, lead_id: str) -> int:
    return world.kinds(lead_id).count("refunded")


def import_csv(
    world: World, *rows: str, heading: str = "lead_id,outcome,on,amount,reference"
) -> None:
    table = read_outcomes("\n".join([heading, *rows]).encode(), "crm.csv")
    defaults = RowDefaults("Ada", Actor.AGENCY)
    now = NOW + HOUR
    rows_ = world.ledger.read(lambda reading: sort_rows(reading, table, defaults, now))
    world.ledger.transact(lambda records: import_rows(records, rows_, now))


class TestReferences:
    """A reference of the client's system identifies the fact."""

    def test_two_posts_under_different_keys_are_one_refund(self, world: World, sold: str) -> None:
        first = world.record(sold, reference="R-1", **BACK)
        with time_machine.travel(NOW + SECOND, tick=False):
            again = world.record(sold, reference="R-1", note="sent again", **BACK)
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json == again.json
        assert refunds(world, sold) == 1

    def test_an_earlier_row_with_the_reference_is_the_same_outcome(
        self, world: World, sold: str
    ) -> None:
        import_csv(world, f"{sold},refunded,2026-11-23T08:04:11,100.00,R-1")
        with time_machine.travel(NOW + 2 * HOUR, tick=False):
            text = world.record(sold, reference="R-1", **BACK)
        assert (text.status_code, text.json["source"]) == (201, "agency")
        assert refunds(world, sold) == 1

    def test_a_post_days_later_without_a_time_is_the_same_outcome(
        self, world: World, sold: str
    ) -> None:
        world.record(sold, reference="R-1", **BACK)
        with time_machine.travel(NOW + 90 * HOUR, tick=False):
            assert world.record(sold, reference="R-1", **BACK).status_code == 201
        assert refunds(world, sold) == 1

    @pytest.mark.parametrize(
        ("other", "words"),
        [
            ({"amount": "100.01"}, "amount"),
            ({"occurred_at": "2026-11-21T20:00:00Z"}, "time"),
        ],
    )
    def test_other_content_under_the_reference_is_refused(
        self, world: World, sold: str, other: dict[str, str], words: str
    ) -> None:
        world.record(sold, reference="R-1", **BACK)
        text = world.record(sold, reference="R-1", **{**BACK, **other})
        assert text.status_code == 409
        assert "R-1" in text.json["detail"]
        assert words in text.json["detail"]
        assert refunds(world, sold) == 1

    def test_another_lead_under_the_reference_is_refused(self, world: World, sold: str) -> None:
        world.record(sold, reference="R-1", **BACK)
        other = world.take()
        world.record(other, **WON)
        assert world.record(other, reference="R-1", **BACK).status_code == 409
        assert refunds(world, other) == 0

    def test_references_are_separate_for_each_client_and_kind(
        self, world: World, sold: str
    ) -> None:
        world.record(sold, reference="R-1", **BACK)
        theirs = world.take("rival")
        assert world.record(theirs, client="other", reference="R-1", **WON).status_code == 201
        assert world.record(theirs, client="other", reference="R-1", **BACK).status_code == 201
        assert world.record(sold, reference="R-1", type="churned").status_code == 201

    def test_two_references_are_two_facts(self, world: World, sold: str) -> None:
        assert world.record(sold, reference="R-1", **BACK).status_code == 201
        assert world.record(sold, reference="R-2", **BACK).status_code == 201
        assert refunds(world, sold) == 2

    def test_a_test_lead_uses_up_no_reference(self, world: World, sold: str) -> None:
        tried = world.take(test=True, at=NOW - HOUR)
        for kind, amount in ((EventKind.WON, Decimal(900)), (EventKind.REFUNDED, Decimal(100))):
            outcome = Outcome(tried, kind, Actor.AGENCY, "Ada", NOW, amount=amount, reference="R-1")
            world.ledger.transact(
                lambda records, outcome=outcome: record_once(records, outcome, NOW)
            )
        assert world.record(sold, reference="R-1", **BACK).status_code == 201
        assert refunds(world, sold) == 1

    def test_months_of_one_payment_share_its_reference(self, world: World) -> None:
        lead_id = world.take("sales")
        world.record(lead_id, **WON)
        paid = {"type": "revenue", "amount": "900.00", "currency": "USD", "period": "2026-11-23"}
        first = world.record(lead_id, reference="P-1", months=3, **paid)
        assert (first.status_code, world.kinds(lead_id).count("revenue")) == (201, 3)
        assert world.record(lead_id, reference="P-1", months=3, **paid).json == first.json
        assert world.record(lead_id, reference="P-1", months=2, **paid).status_code == 409

    @pytest.mark.parametrize("more", [{}, {"reference": "P-1"}])
    def test_an_implausible_year_is_refused(self, world: World, more: dict[str, str]) -> None:
        lead_id = world.take("sales")
        world.record(lead_id, **WON)
        paid = {"type": "revenue", "amount": "900.00", "currency": "USD", "period": "9999-12-01"}
        text = world.record(lead_id, months=120, **paid, **more)
        assert (text.status_code, "ten years ahead" in text.json["detail"]) == (409, True)

    def test_a_reference_is_shown_with_its_event(self, world: World, sold: str) -> None:
        world.record(sold, reference="R-1", **BACK)
        assert world.lead(sold)["events"][-1]["reference"] == "R-1"

    @pytest.mark.parametrize("reference", ["", "a b", "ann@clinic.example", "x" * 81, "é", "-1"])
    def test_a_reference_is_short_plain_and_no_address(
        self, world: World, sold: str, reference: str
    ) -> None:
        text = world.record(sold, reference=reference, **BACK)
        assert (text.status_code, text.json["errors"][0]["pointer"]) == (422, "/reference")

    def test_of_simultaneous_posts_one_is_recorded(self, world: World, sold: str) -> None:
        answers = post_simultaneously(world, sold, reference="R-1")
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.data for answer in answers}) == 1
        assert refunds(world, sold) == 1


class TestSimilarOutcomes:
    """Without a reference, a similar outcome needs `again`."""

    def test_the_same_outcome_a_second_later_is_refused_without_again(
        self, world: World, sold: str
    ) -> None:
        assert world.record(sold, **BACK).status_code == 201
        with time_machine.travel(NOW + SECOND, tick=False):
            text = world.record(sold, **BACK)
            assert (text.status_code, "again" in text.json["detail"]) == (409, True)
            assert "--" not in text.json["detail"]
            assert world.record(sold, again=True, **BACK).status_code == 201
        assert refunds(world, sold) == 2

    def test_a_date_without_a_time_is_similar(self, world: World, sold: str) -> None:
        world.record(sold, **BACK)
        text = world.record(sold, occurred_at="2026-11-23T13:00:00Z", **BACK)
        assert text.status_code == 409

    def test_with_only_one_reference_it_may_be_the_same_fact(self, world: World, sold: str) -> None:
        world.record(sold, **BACK)
        with time_machine.travel(NOW + SECOND, tick=False):
            assert world.record(sold, reference="R-1", **BACK).status_code == 409

    @pytest.mark.parametrize("other", [{"amount": "100.01"}, {"later": 25}])
    def test_another_amount_or_day_is_another_outcome(
        self, world: World, sold: str, other: dict[str, Any]
    ) -> None:
        world.record(sold, **BACK)
        with time_machine.travel(NOW + other.pop("later", 1) * HOUR, tick=False):
            assert world.record(sold, **{**BACK, **other}).status_code == 201

    def test_revenue_of_two_months_recorded_on_one_day_is_not_similar(self, world: World) -> None:
        lead_id = world.take("sales")
        world.record(lead_id, **WON)
        paid = {"type": "revenue", "amount": "100.00", "currency": "USD"}
        for period in ("2026-12-23", "2027-01-23"):
            assert world.record(lead_id, period=period, **paid).status_code == 201

    def test_the_same_meeting_is_similar_and_another_is_not(self, world: World) -> None:
        lead_id = world.take()
        meeting = {"type": "scheduled", "meeting_at": "2026-12-01T10:00:00Z"}
        world.record(lead_id, **meeting)
        assert world.record(lead_id, type="cancelled").status_code == 201
        assert world.record(lead_id, **meeting).status_code == 409
        other = {**meeting, "meeting_at": "2026-12-02T10:00:00Z"}
        assert world.record(lead_id, **other).status_code == 201
        assert world.record(lead_id, type="cancelled").status_code == 201  # of the other meeting

    def test_of_simultaneous_posts_one_is_recorded(self, world: World, sold: str) -> None:
        answers = post_simultaneously(world, sold)
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * (
            SIMULTANEOUS_POSTS - 1
        )
        assert refunds(world, sold) == 1


def post_simultaneously(world: World, lead_id: str, **more: str) -> list[Any]:
    barrier = threading.Barrier(SIMULTANEOUS_POSTS)

    def ask(_number: int) -> Any:
        barrier.wait()
        return world.record(lead_id, **BACK, **more)

    with ThreadPoolExecutor(SIMULTANEOUS_POSTS) as pool:
        return list(pool.map(ask, range(SIMULTANEOUS_POSTS)))
