"""The API on a lead that is held back, released or removed (rule 36 of docs/rules.md)."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from capture.intake.correct import LeadCorrection, correct_lead
from capture.intake.quarantine import discard, hold_back, release
from tests.samples import NOW
from tests.web.api.conftest import World

HOUR = timedelta(hours=1)
SIGNALS = [{"name": "burst", "weight": 100, "leads": 12}]


def hold(world: World, lead_id: str, at: datetime = NOW) -> None:
    def work(records: Any) -> None:
        hold_back(records, records.leads.get(lead_id), SIGNALS, at)

    world.ledger.transact(work)


def let_go(world: World, lead_id: str, at: datetime = NOW) -> None:
    world.ledger.transact(lambda records: release(records, lead_id, "Ada", at))


def throw_away(world: World, lead_id: str) -> None:
    world.ledger.transact(lambda records: discard(records, lead_id, "Ada", NOW))


def disqualify(world: World, lead_id: str) -> None:
    correction = LeadCorrection(lead_id, "Ada", {"company_size": "1-50"})
    world.ledger.transact(lambda records: correct_lead(records, correction, NOW))


def held_lead(world: World) -> str:
    """A lead that its client has in review, and that the agency is checking."""
    lead_id = world.take()
    hold(world, lead_id)
    return lead_id


def types(lead: dict[str, Any]) -> list[str]:
    return [event["type"] for event in lead["events"]]


def page(world: World, query: str = "") -> dict[str, Any]:
    answer = world.get(f"/api/v1/leads{query}")
    assert answer.status_code == 200
    text: dict[str, Any] = json.loads(answer.text)
    return text


def test_a_held_back_lead_has_its_own_stage_and_no_deadline(world: World) -> None:
    lead_id = held_lead(world)
    lead = world.lead(lead_id)
    assert (lead["stage"], lead["deadline"]) == ("held_back", None)
    assert lead["answers"]["full_name"] == "Ann Lee"
    assert types(lead) == ["received", "qualified", "held_back"]
    assert "burst" not in json.dumps(lead)
    assert world.list_ids("?stage=held_back") == [lead_id]
    assert world.list_ids() == [lead_id]


@pytest.mark.parametrize("decision", [{"type": "accepted"}, {"type": "rejected"}])
def test_a_held_back_lead_cannot_be_decided(world: World, decision: dict[str, str]) -> None:
    lead_id = held_lead(world)
    reason = {"reason": "too_small"} if decision["type"] == "rejected" else {}
    answer = world.record(lead_id, **decision, **reason)
    problem = json.loads(answer.text)
    assert (answer.status_code, problem["stage"], problem["allowed"]) == (409, "held_back", [])
    assert problem["detail"] == (
        f"lead {lead_id}: the agency is checking it, so nothing can be decided now; if it is "
        "released, a full review window begins"
    )


def test_a_released_lead_has_a_full_window_and_shows_what_happened(world: World) -> None:
    lead_id = held_lead(world)
    let_go(world, lead_id, NOW + HOUR)
    lead = world.lead(lead_id)
    assert (lead["stage"], lead["deadline"]) == ("qualified", "2026-11-25T16:00:00.000000Z")
    assert types(lead) == ["received", "qualified", "held_back", "released"]
    assert world.record(lead_id, type="accepted").status_code == 201


def test_a_quarantine_before_the_notice_is_never_shown(world: World) -> None:
    lead_id = world.take("notified")
    hold(world, lead_id)
    assert world.get(f"/api/v1/leads/{lead_id}").status_code == 404
    mark = page(world)["mark"]
    let_go(world, lead_id, NOW + HOUR)
    assert [lead["id"] for lead in page(world, f"?changed_since={mark}")["leads"]] == [lead_id]
    lead = world.lead(lead_id)
    assert types(lead) == ["received", "qualified", "notified"]
    assert lead["events"][1]["recorded_at"] == "2026-11-23T16:00:00.000000Z"


def test_a_lead_discarded_before_its_notice_does_not_exist_for_its_client(world: World) -> None:
    lead_id = world.take("notified")
    hold(world, lead_id)
    mark = page(world)["mark"]
    throw_away(world, lead_id)
    assert world.get(f"/api/v1/leads/{lead_id}").status_code == 404
    assert world.list_ids(f"?changed_since={mark}") == []
    assert world.record(lead_id, type="accepted").status_code == 404


@pytest.mark.parametrize("remove", [throw_away, disqualify])
def test_a_removed_lead_is_reported_once_as_a_change_and_has_no_personal_data(
    world: World, remove: Any
) -> None:
    lead_id = held_lead(world) if remove is throw_away else world.take()
    mark = page(world)["mark"]
    remove(world, lead_id)
    changes = page(world, f"?changed_since={mark}")
    (lead,) = changes["leads"]
    assert (lead["id"], lead["stage"], lead["deadline"]) == (lead_id, "removed", None)
    assert (lead["answers"], lead["unverified"], lead["verdict"]) == (None, None, [])
    assert lead["first_touch"]["path"] is None
    assert "Ann" not in json.dumps(lead)
    assert page(world, f"?changed_since={changes['mark']}")["leads"] == []


def test_a_removed_lead_is_not_listed_but_can_be_read_and_filtered(world: World) -> None:
    lead_id, other = held_lead(world), world.take()
    throw_away(world, lead_id)
    assert world.list_ids() == [other]
    assert world.list_ids("?stage=removed") == [lead_id]
    lead = world.lead(lead_id)
    assert (lead["stage"], types(lead)[-1]) == ("removed", "discarded")


def test_nothing_can_be_recorded_on_a_removed_lead(world: World) -> None:
    lead_id = held_lead(world)
    throw_away(world, lead_id)
    for text in ({"type": "accepted"}, {"type": "won", "amount": "10", "currency": "USD"}):
        answer = world.record(lead_id, **text)
        problem = json.loads(answer.text)
        assert (answer.status_code, problem["stage"]) == (409, "removed")
        assert "the agency has removed it" in problem["detail"]


def test_a_removed_lead_that_qualifies_again_is_listed_again(world: World) -> None:
    lead_id = world.take()
    disqualify(world, lead_id)
    assert world.lead(lead_id)["stage"] == "removed"
    correction = LeadCorrection(lead_id, "Ada", {"company_size": "101+"})
    world.ledger.transact(lambda records: correct_lead(records, correction, NOW))
    lead = world.lead(lead_id)
    assert (lead["stage"], lead["answers"]["company_size"]) == ("qualified", "101+")


def test_another_client_never_sees_a_removed_lead(world: World) -> None:
    lead_id = held_lead(world)
    throw_away(world, lead_id)
    assert world.get(f"/api/v1/leads/{lead_id}", client="other").status_code == 404
    assert world.list_ids("?stage=removed", client="other") == []


def test_a_removed_test_lead_remains_unknown(world: World) -> None:
    lead_id = world.take(test=True)
    disqualify(world, lead_id)
    assert world.get(f"/api/v1/leads/{lead_id}").status_code == 404
