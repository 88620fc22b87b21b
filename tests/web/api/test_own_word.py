"""A billable outcome of the client accepts the lead finally (rule 41 of docs/rules.md)."""

from datetime import timedelta

import pytest
import time_machine

from capture.intake.correct import LeadCorrection, correct_lead
from tests.samples import NOW
from tests.web.api.conftest import World

HOUR = timedelta(hours=1)
WON = {"type": "won", "amount": "900.00", "currency": "USD"}


def reject(world: World, lead_id: str) -> tuple[int, str]:
    text = world.record(lead_id, type="rejected", reason="too_small")
    return text.status_code, text.json.get("detail", "")


def test_recording_a_sale_accepts_the_lead(world: World) -> None:
    lead_id = world.take()
    assert world.record(lead_id, **WON).json["stage"] == "accepted"
    accepted, won = world.lead(lead_id)["events"][-2:]
    assert (accepted["type"], accepted["source"], accepted["cause"]) == (
        "accepted",
        "client",
        "won",
    )
    assert (won["type"], won["cause"]) == ("won", None)
    status, detail = reject(world, lead_id)
    assert status == 409
    assert "the client recorded won, which accepts the lead; it can no longer be rejected" in detail


def test_recording_a_held_meeting_accepts_the_lead(world: World) -> None:
    lead_id = world.take()
    booked = world.record(lead_id, type="scheduled", meeting_at="2026-11-23T16:00:00Z")
    assert booked.json["stage"] == "qualified"
    with time_machine.travel(NOW + 2 * HOUR, tick=False):
        assert world.record(lead_id, type="held").json["stage"] == "accepted"
        assert reject(world, lead_id)[0] == 409


def test_a_booking_accepts_the_lead_if_bookings_are_billable(world: World) -> None:
    lead_id = world.take("booked")
    booked = world.record(lead_id, type="scheduled", meeting_at="2026-12-01T16:00:00Z")
    assert booked.json["stage"] == "accepted"
    assert world.record(lead_id, type="cancelled").json["appointment"] == "cancelled"
    assert reject(world, lead_id)[0] == 409


@pytest.mark.parametrize("kind", ["lost", "scheduled"])
def test_an_outcome_that_is_not_billable_accepts_nothing(world: World, kind: str) -> None:
    lead_id = world.take()
    more = {"meeting_at": "2026-12-01T16:00:00Z"} if kind == "scheduled" else {}
    assert world.record(lead_id, type=kind, **more).json["stage"] == "qualified"
    assert reject(world, lead_id)[0] == 201


def test_the_outcome_counts_as_explicit_acceptance(world: World) -> None:
    lead_id = world.take()
    right = LeadCorrection(lead_id, "Ada", {"full_name": "Ann B. Lee"})
    world.ledger.transact(lambda records: correct_lead(records, right, NOW))
    assert world.lead(lead_id)["silence_never_accepts"]
    assert world.record(lead_id, **WON).json["stage"] == "accepted"


def test_an_acceptance_cannot_be_withdrawn_after_a_sale(world: World) -> None:
    lead_id = world.take()
    world.record(lead_id, type="accepted", by="Carol")
    world.record(lead_id, by="Carol", **WON)
    text = world.record(lead_id, type="withdrawn", by="Carol")
    assert (text.status_code, "it can no longer be rejected" in text.json["detail"]) == (409, True)


def test_after_silence_an_outcome_accepts_nothing_again(world: World) -> None:
    lead_id = world.take()
    with time_machine.travel(NOW + 49 * HOUR, tick=False):
        assert world.record(lead_id, **WON).json["stage"] == "accepted"
        assert world.lead(lead_id)["accepted_at"] == "2026-11-25T15:00:00.000000Z"
    assert "accepted" not in world.kinds(lead_id)
