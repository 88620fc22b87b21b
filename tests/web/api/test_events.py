"""`POST /api/v1/leads/<id>/events`: the client's reviews and outcomes, each recorded once."""

from datetime import timedelta

import pytest
import time_machine

from capture.lead.events import Actor, Event
from tests.samples import NOW
from tests.web.api.conftest import World

HOUR = timedelta(hours=1)


def last(world: World, lead_id: str) -> Event:
    return world.ledger.read(lambda reading: list(reading.events.select(lead_id=lead_id)))[-1].event


def test_a_review_is_recorded_with_the_client_as_actor_and_its_note(world: World) -> None:
    lead_id = world.take()
    text = world.record(
        lead_id, type="rejected", reason="too_small", note="seven people", by="Carol"
    )
    assert (text.status_code, text.json["stage"]) == (201, "rejected")
    event = last(world, lead_id)
    assert (event.actor, event.data["reason"]) == (Actor.CLIENT, "too_small")
    (note,) = world.ledger.read(lambda reading: reading.people.notes(lead_id))
    assert (note.author, note.text) == ("Carol", "seven people")


def test_without_a_name_the_tokens_name_is_recorded(world: World) -> None:
    lead_id = world.take()
    world.record(lead_id, type="accepted", by=" ")
    (note,) = world.ledger.read(lambda reading: reading.people.notes(lead_id))
    assert note.author == "crm"


def test_the_same_person_can_withdraw_a_review_within_ten_seconds(world: World) -> None:
    lead_id = world.take()
    world.record(lead_id, type="accepted", by="Carol")
    assert world.record(lead_id, type="withdrawn", by="Dan").status_code == 409
    assert world.record(lead_id, type="withdrawn", by="Carol").json["stage"] == "qualified"


def test_a_rejection_after_the_deadline_is_refused(world: World) -> None:
    lead_id = world.take()
    with time_machine.travel(NOW + 48 * HOUR, tick=False):
        text = world.record(lead_id, type="rejected", reason="too_small")
    assert text.status_code == 409
    assert "window ended at 2026-11-25 15:00:00 UTC" in text.json["detail"]
    assert (text.json["stage"], text.json["allowed"]) == ("accepted", [])


def test_an_outcome_of_the_client_is_final(world: World) -> None:
    lead_id = world.take("sales")
    for data in (
        {"type": "accepted"},
        {"type": "won", "amount": "900.00", "currency": "USD"},
        {
            "type": "revenue",
            "amount": "100.00",
            "currency": "USD",
            "period": "2026-12-01",
            "months": 3,
        },
    ):
        assert world.record(lead_id, **data).status_code == 201, data
    events = world.lead(lead_id)["events"][-3:]
    assert [event["amount"] for event in events] == ["33.34", "33.33", "33.33"]
    assert {event["final_at"] for event in events} == {None}
    assert {event["source"] for event in events} == {"client"}


def test_a_meeting_passes_through_its_stages(world: World) -> None:
    lead_id, at = world.take(), "2026-11-24T10:00:00-05:00"
    assert world.record(lead_id, type="scheduled", meeting_at=at).json["appointment"] == "scheduled"
    moved = world.record(lead_id, type="moved", meeting_at="2026-11-24T16:30:00Z")
    assert moved.json["appointment"] == "scheduled"
    early = world.record(lead_id, type="held")
    assert (early.status_code, "cannot be held before" in early.json["detail"]) == (409, True)
    with time_machine.travel(NOW + 26 * HOUR, tick=False):
        assert world.record(lead_id, type="held").json["appointment"] == "held"
    assert world.lead(lead_id)["appointment"]["meeting_at"] == "2026-11-24T16:30:00.000000Z"


def test_a_forbidden_event_names_the_stage_and_the_allowed_events(world: World) -> None:
    lead_id = world.take()
    world.record(lead_id, type="lost")
    text = world.record(lead_id, type="revenue", amount="1", currency="USD", period="2026-12-01")
    assert text.status_code == 409
    assert (text.json["stage"], text.json["allowed"]) == ("lost", ["won"])
    world.record(lead_id, type="accepted")
    again = world.record(lead_id, type="accepted")
    assert (again.json["stage"], again.json["allowed"]) == ("accepted", ["withdrawn"])
    refused = world.take()
    world.record(refused, type="rejected", reason="too_small")
    meeting = world.record(refused, type="scheduled", meeting_at="2026-12-01T10:00:00Z")
    assert (meeting.json["stage"], meeting.json["allowed"]) == (
        "rejected",
        ["withdrawn", "settled"],
    )
    fresh = world.record(world.take(), type="withdrawn")
    assert (fresh.json["stage"], fresh.json["allowed"]) == ("qualified", ["accepted", "rejected"])


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"type": "rejected", "reason": "ugly"}, "choose one of: too_small"),
        ({"type": "won", "amount": "1.00", "currency": "EUR"}, "counts in USD"),
        ({"type": "won", "amount": "1.005", "currency": "USD"}, "more decimals than USD"),
        ({"type": "lost", "occurred_at": "2026-11-24T00:00:00Z"}, "say when it happened"),
        ({"type": "lost", "occurred_at": "2026-11-22T00:00:00Z"}, "before its receipt"),
        ({"type": "scheduled", "meeting_at": "9999-12-31T23:59:59Z"}, "ten years ahead"),
        (
            {"type": "revenue", "amount": "1", "currency": "USD", "period": "9999-12-31"},
            "ten years ahead",
        ),
        ({"type": "objected", "reason": "too_small"}, "no paying outcome"),
        ({"type": "settled"}, "lead is qualified"),
    ],
)
def test_what_the_leads_terms_forbid_is_refused_with_the_reason(
    world: World, event: dict[str, str], message: str
) -> None:
    lead_id = world.take()
    before = world.kinds(lead_id)
    answer = world.record(lead_id, **event)
    assert (answer.status_code, message in answer.json["detail"]) == (409, True), answer.text
    assert "--" not in answer.json["detail"]
    assert world.kinds(lead_id) == before


def test_a_partial_refund_names_its_months_under_revenue_share(world: World) -> None:
    lead_id = world.take("sales")
    usd = {"currency": "USD"}
    world.record(lead_id, type="won", amount="600", **usd)
    world.record(lead_id, type="revenue", amount="600", period="2026-11-23", months=6, **usd)
    refused = world.record(lead_id, type="refunded", amount="50", **usd)
    assert refused.status_code == 409
    assert "recorded periods: 2026-11-23, 2026-12-23" in refused.json["detail"]
    assert "--" not in refused.json["detail"]
    text = world.record(lead_id, type="refunded", amount="50", period="2026-11-23", months=2, **usd)
    assert (text.status_code, text.json["sale"]) == (201, "won")
    lead = world.lead(lead_id)
    assert [event["period"] for event in lead["events"][-2:]] == ["2026-11-23", "2026-12-23"]
    assert lead["sale"]["refunded"] == "50.00"
    full = world.record(lead_id, type="refunded", amount="550", **usd)
    assert (full.status_code, full.json["sale"]) == (201, "refunded")


def test_a_month_before_the_sale_is_refused_with_the_first_day_that_counts(world: World) -> None:
    lead_id = world.take("sales")
    world.record(lead_id, type="won", amount="600", currency="USD")
    early = {"type": "revenue", "amount": "1", "currency": "USD", "period": "2026-11-22"}
    answer = world.record(lead_id, **early)
    assert (answer.status_code, "--" in answer.json["detail"]) == (409, False)
    assert "won on 2026-11-23, the first day that counts" in answer.json["detail"]


@pytest.mark.parametrize(
    "field",
    [
        '"amount": "1e400"',
        '"amount": 1e400',
        '"amount": "NaN"',
        '"amount": Infinity',
        '"amount": "-0"',
        f'"amount": "{"9" * 5000}"',
        '"amount": "\\u0661\\u0662"',
        '"amount": "1", "months": 1e308',
        '"amount": "1", "months": 1e400',
        '"amount": "1", "months": 1e-400',
        f'"amount": "1", "months": {"9" * 5000}',
    ],
)
def test_an_impossible_amount_is_refused_with_the_reason(world: World, field: str) -> None:
    lead_id = world.take()
    before = world.kinds(lead_id)
    text = f'{{"type": "revenue", "currency": "USD", "period": "2026-11-23", {field}}}'
    answer = world.request(
        "POST",
        f"/api/v1/leads/{lead_id}/events",
        data=text,
        headers={"Idempotency-Key": field[:30], "Content-Type": "application/json"},
    )
    assert answer.status_code in {400, 422}, answer.text
    assert world.kinds(lead_id) == before


class TestKeys:
    """draft-ietf-httpapi-idempotency-key-header."""

    def test_the_same_request_again_gets_the_same_answer_and_makes_no_event(
        self, world: World
    ) -> None:
        lead_id = world.take()
        first = world.record(lead_id, key="k1", type="accepted", note="good")
        with time_machine.travel(NOW + HOUR, tick=False):
            again = world.record(lead_id, key="k1", type="accepted", note="good")
        assert (again.status_code, again.data) == (first.status_code, first.data)
        assert world.kinds(lead_id).count("accepted") == 1

    def test_white_space_and_order_do_not_change_a_request(self, world: World) -> None:
        lead_id = world.take()
        bodies = ['{"type":"accepted","note":"x"}', ' {"note": "x",\n"type": "accepted"}']
        answers = [
            world.request(
                "POST",
                f"/api/v1/leads/{lead_id}/events",
                data=body,
                headers={"Idempotency-Key": key, "Content-Type": "application/json"},
            )
            for body, key in zip(bodies, ("k1", '"k1"'), strict=True)
        ]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].data == answers[1].data

    @pytest.mark.parametrize("change", ["note", "lead"])
    def test_another_request_under_the_key_is_refused(self, world: World, change: str) -> None:
        lead_id, other = world.take(), world.take()
        world.record(lead_id, key="k1", type="accepted")
        text = (
            world.record(lead_id, key="k1", type="accepted", note="x")
            if change == "note"
            else world.record(other, key="k1", type="accepted")
        )
        assert text.status_code == 422
        assert text.json["errors"][0]["header"] == "Idempotency-Key"
        assert world.kinds(other) == ["received", "qualified"]

    def test_a_refused_request_uses_up_no_key(self, world: World) -> None:
        lead_id = world.take()
        assert world.record(lead_id, key="k1", type="withdrawn").status_code == 409
        assert world.record(lead_id, key="k1", type="accepted").status_code == 201

    def test_keys_are_separate_for_each_client(self, world: World) -> None:
        mine, theirs = world.take(), world.take("rival")
        assert world.record(mine, key="k1", type="accepted").status_code == 201
        assert world.record(theirs, client="other", key="k1", type="accepted").status_code == 201

    @pytest.mark.parametrize("key", [None, "", '"', "a b", "k" * 256, '"open', "\u00e4"])
    def test_a_key_is_required(self, world: World, key: str | None) -> None:
        lead_id = world.take()
        headers = {} if key is None else {"Idempotency-Key": key}
        answer = world.request(
            "POST",
            f"/api/v1/leads/{lead_id}/events",
            json={"type": "accepted"},
            headers=headers,
        )
        assert (answer.status_code, "Idempotency-Key" in answer.json["detail"]) == (400, True)

    def test_a_stored_answer_contains_no_personal_data(self, world: World) -> None:
        lead_id = world.take(full_name="Ann Secret")
        world.record(
            lead_id, key="carols-key", type="accepted", note="Secret note", by="Carol Secret"
        )
        rows = world.ledger.read(
            lambda reading: reading.connection.execute("SELECT * FROM saved_responses").fetchall()
        )
        assert len(rows) == 1
        assert "Secret" not in repr(rows)
        assert "carols-key" not in repr(rows)
