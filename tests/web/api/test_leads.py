"""`GET /api/v1/leads`: filters, pages, notices, and changes since a mark."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from capture.intake.correct import LeadCorrection, correct_lead
from capture.lead.events import EventKind
from capture.ledger.types import ClientLeadQuery
from capture.review.acts import record_silent_acceptances
from tests.samples import NOW
from tests.web.api.conftest import World

HOUR = timedelta(hours=1)
WINDOW = timedelta(hours=48)


def page(world: World, path: str = "/api/v1/leads") -> dict[str, Any]:
    answer = world.get(path)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json
    return data


def test_leads_are_listed_the_newest_first(world: World) -> None:
    lead_ids = [world.take(at=NOW - number * HOUR) for number in range(3)]
    assert world.list_ids() == lead_ids


def test_only_qualified_leads_are_listed(world: World) -> None:
    good = world.take(email="ann@clinic.example")
    world.take(email="ann@clinic.example")  # a duplicate
    world.take(company_size="1-50")  # disqualified
    world.take(test=True)
    world.ledger.transact(
        lambda records: records.people.suppress("acme", [("email", "di@clinic.example")], NOW)
    )
    world.take(email="di@clinic.example")  # suppressed
    assert world.list_ids() == [good]


@pytest.mark.parametrize("stage", ["qualified", "accepted", "rejected"])
def test_a_stage_is_the_current_stage(world: World, stage: str) -> None:
    silent = world.take(at=NOW - WINDOW)
    fresh, refused = world.take(), world.take()
    assert world.record(refused, type="rejected", reason="too_small").status_code == 201
    expected = {"qualified": [fresh], "accepted": [silent], "rejected": [refused]}
    assert world.list_ids(f"?stage={stage}") == expected[stage]


def test_leads_are_filtered_by_campaign_month_and_receipt(world: World) -> None:
    last_month = world.take(at=NOW - timedelta(days=40))
    today, sale = world.take(), world.take("sales", at=NOW + HOUR)
    assert world.list_ids("?month=2026-10") == [last_month]
    assert world.list_ids("?campaign=sales") == [sale]
    assert world.list_ids("?received_since=2026-11-23T15:00:00Z") == [sale, today]
    assert world.list_ids("?received_until=2026-11-23T10:00:00-05:00") == [last_month]
    assert world.list_ids("?campaign=rival") == world.list_ids("?campaign=nonsense") == []


def test_pages_have_every_lead_once_while_new_ones_arrive(world: World) -> None:
    lead_ids = [world.take(at=NOW - timedelta(minutes=number // 2)) for number in range(7)]
    listed_ids, path = [], "/api/v1/leads?limit=2"
    while path:
        current = page(world, path)
        listed_ids += [lead["id"] for lead in current["leads"]]
        world.take(at=NOW + HOUR)
        path = current["next"]
    assert sorted(listed_ids) == sorted(lead_ids)
    assert len(listed_ids) == 7


def test_the_next_page_keeps_the_filters(world: World) -> None:
    world.take("sales")
    lead_ids = [world.take(at=NOW - number * HOUR) for number in range(3)]
    first = page(world, "/api/v1/leads?campaign=guide&limit=2")
    assert [lead["id"] for lead in page(world, first["next"])["leads"]] == [lead_ids[2]]


@pytest.mark.parametrize("name", ["cursor", "changed_since"])
def test_a_cursor_or_mark_of_another_client_is_refused(world: World, name: str) -> None:
    for _ in range(2):
        world.take("rival")
    answer = world.get("/api/v1/leads?limit=1", client="other").json
    cursor = answer["next"].partition("cursor=")[2]
    value = {"cursor": cursor, "changed_since": answer["mark"]}[name]
    for text in (value, "x", value[:-1], ""):
        refused = world.get(f"/api/v1/leads?{name}={text}")
        assert refused.status_code == 422
        assert refused.json["errors"][0]["parameter"] == name


class TestNotice:
    """The window starts once, when the client sees the lead (rule 11 of docs/rules.md)."""

    def test_a_page_notifies_of_exactly_the_leads_on_it(self, world: World) -> None:
        older, newer = world.take("notified", at=NOW - HOUR), world.take("notified")
        assert world.list_ids("?limit=1") == [newer]
        assert world.kinds(newer)[-1] == EventKind.NOTIFIED
        assert world.kinds(older)[-1] == EventKind.QUALIFIED

    def test_the_first_answer_has_the_deadline_and_it_never_moves(self, world: World) -> None:
        lead_id = world.take("notified", at=NOW - 5 * HOUR)
        first = page(world)["leads"][0]["deadline"]
        with time_machine.travel(NOW + HOUR, tick=False):
            assert world.lead(lead_id)["deadline"] == first == "2026-11-25T15:00:00.000000Z"
        assert world.kinds(lead_id).count("notified") == 1

    def test_opening_a_lead_notifies_the_client(self, world: World) -> None:
        lead_id = world.take("notified")
        assert world.lead(lead_id)["deadline"] == "2026-11-25T15:00:00.000000Z"

    def test_a_head_request_or_a_refusal_notifies_nobody(self, world: World) -> None:
        lead_id = world.take("notified")
        for method, path in [
            ("HEAD", "/api/v1/leads"),
            ("HEAD", f"/api/v1/leads/{lead_id}"),
            ("GET", "/api/v1/leads?limit=0"),
            ("PUT", f"/api/v1/leads/{lead_id}"),
        ]:
            world.request(method, path)
        world.get(f"/api/v1/leads/{lead_id}", client="other")
        assert world.kinds(lead_id) == ["received", "qualified"]

    def test_recording_an_event_notifies_the_client_of_the_lead(self, world: World) -> None:
        lead_id = world.take("notified")
        text = world.record(lead_id, type="scheduled", meeting_at="2026-12-01T10:00:00Z")
        assert text.json["deadline"] == "2026-11-25T15:00:00.000000Z"
        assert world.kinds(lead_id)[-2:] == ["notified", "scheduled"]

    def test_a_page_of_notified_leads_writes_nothing(self, world: World) -> None:
        world.take()
        world.list_ids()
        head = world.ledger.read(lambda reading: reading.events.head())
        world.list_ids()
        assert world.ledger.read(lambda reading: reading.events.head()) == head

    def test_a_corrected_lead_is_notified_again_and_needs_explicit_acceptance(
        self, world: World
    ) -> None:
        lead_id = world.take("notified")
        world.lead(lead_id)
        change = LeadCorrection(lead_id, "Ada", {"full_name": "Di Ray"})
        world.ledger.transact(lambda records: correct_lead(records, change, NOW))
        lead = world.lead(lead_id)
        assert (lead["silence_never_accepts"], lead["deadline"]) == (True, None)
        assert world.kinds(lead_id).count("notified") == 2


class TestChangesSinceAMark:
    """No change is missed between two requests."""

    def changed(self, world: World, mark: str) -> list[str]:
        return world.list_ids(f"?changed_since={mark}")

    def test_the_latest_mark_lists_no_changes(self, world: World) -> None:
        world.take("notified")
        assert self.changed(world, page(world)["mark"]) == []

    def test_a_new_lead_and_a_new_event_are_changes(self, world: World) -> None:
        known, quiet = world.take(), world.take()
        mark = page(world)["mark"]
        assert world.record(known, type="accepted").status_code == 201
        new = world.take(at=NOW - HOUR)  # taken, but committed late
        assert sorted(self.changed(world, mark)) == sorted([known, new])
        assert quiet not in self.changed(world, mark)

    def test_silence_is_a_change_before_and_after_it_is_recorded(self, world: World) -> None:
        lead_id = world.take()
        mark = page(world)["mark"]
        with time_machine.travel(NOW + WINDOW, tick=False):
            assert self.changed(world, mark) == [lead_id]
            later = page(world)["mark"]
            assert self.changed(world, later) == []
            world.ledger.transact(lambda records: record_silent_acceptances(records, NOW + WINDOW))
            assert self.changed(world, later) == [lead_id]

    def test_a_meeting_deemed_held_is_a_change(self, world: World) -> None:
        lead_id = world.take()
        world.record(lead_id, type="accepted")
        world.record(lead_id, type="scheduled", meeting_at="2026-11-24T15:00:00Z")
        mark = page(world)["mark"]
        with time_machine.travel(NOW + timedelta(days=3), tick=False):
            assert self.changed(world, mark) == [lead_id]
            assert world.lead(lead_id)["appointment"]["stage"] == "held"

    def test_all_pages_of_a_list_give_the_mark_of_the_first(self, world: World) -> None:
        for number in range(2):
            world.take(at=NOW - number * HOUR)
        first = page(world, "/api/v1/leads?limit=1")
        meanwhile = world.take()
        assert page(world, first["next"])["mark"] == first["mark"]
        assert self.changed(world, first["mark"]) == [meanwhile]


def test_the_database_reads_only_the_clients_own_leads(world: World) -> None:
    world.take()
    statements = []
    world.ledger.read(lambda reading: reading.connection.set_trace_callback(statements.append))
    world.ledger.read(
        lambda reading: reading.leads.for_client(ClientLeadQuery("acme", NOW, 10, stage="accepted"))
    )
    world.ledger.read(lambda reading: reading.connection.set_trace_callback(None))
    (query,) = [statement for statement in statements if "FROM leads" in statement]
    steps = world.ledger.read(
        lambda reading: reading.connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()
    )
    assert "USING INDEX leads_shown (client=?)" in steps[0][3]
    assert not [step for step in steps if "TEMP B-TREE" in step[3]]
