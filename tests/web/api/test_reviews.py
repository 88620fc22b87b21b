"""`POST /api/v1/reviews`: many decisions in one request."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from capture.lead.events import Actor
from capture.review.acts import Act, accept
from tests.samples import NOW
from tests.web.api.conftest import World


def send(world: World, *reviews: Any, key: str | None = None, client: str = "acme") -> TestResponse:
    return world.request(
        "POST",
        "/api/v1/reviews",
        client=client,
        json={"reviews": list(reviews)},
        headers={"Idempotency-Key": key or str(uuid4())},
    )


def accepted(lead_id: str, **more: Any) -> dict[str, Any]:
    return {"lead_id": lead_id, "type": "accepted", **more}


def rejected(lead_id: str, reason: str = "too_small", **more: Any) -> dict[str, Any]:
    return {"lead_id": lead_id, "type": "rejected", "reason": reason, **more}


def statuses(answer: TestResponse) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [review["status"] for review in answer.json["reviews"]]


def test_each_decision_is_answered_in_the_order_of_the_request(world: World) -> None:
    first, second, third = (world.take() for _ in range(3))
    answer = send(
        world,
        rejected(first, by="Carol", note="7 people"),
        accepted("zzzzzzzzzzzz"),
        rejected(second, "ugly"),
        accepted(third),
    )
    assert statuses(answer) == [201, 404, 409, 201]
    reviews = answer.json["reviews"]
    assert [review["lead_id"] for review in reviews] == [first, "zzzzzzzzzzzz", second, third]
    assert [review["event"] and review["event"]["stage"] for review in reviews] == [
        "rejected",
        None,
        None,
        "accepted",
    ]
    assert [review["problem"] and review["problem"]["title"] for review in reviews] == [
        None,
        "Nothing is here for you",
        "The lead does not allow this",
        None,
    ]
    assert "choose one of: too_small" in reviews[2]["problem"]["detail"]
    assert world.lead(second)["stage"] == "qualified"


def test_a_decision_has_the_answer_of_a_single_event(world: World) -> None:
    one, many = world.take(), world.take()
    event = world.record(one, type="rejected", reason="too_small").json
    (review,) = send(world, rejected(many)).json["reviews"]
    assert review["event"] == {**event, "lead_id": many}
    again = world.record(one, type="accepted").json
    (review,) = send(world, accepted(one)).json["reviews"]
    assert review["problem"] == again


def test_the_same_key_gets_the_same_answer_with_its_problems(world: World) -> None:
    lead_id = world.take()
    request = accepted(lead_id), accepted("zzzzzzzzzzzz")
    first = send(world, *request, key="k")
    count = len(world.kinds(lead_id))
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        assert send(world, *request, key="k").text == first.text
    assert len(world.kinds(lead_id)) == count
    other = send(world, accepted(lead_id), key="k")
    assert other.status_code == 422
    assert "another request" in other.json["errors"][0]["detail"]


def test_a_decision_that_the_client_recorded_before_changes_nothing(world: World) -> None:
    first, second = world.take(), world.take()
    request = accepted(first), rejected(second, by="Carol", note="7 people")
    assert statuses(send(world, *request)) == [201, 201]
    kinds = world.kinds(first), world.kinds(second)
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        answer = send(world, *request)
    assert statuses(answer) == [200, 200]
    assert {review["event"]["recorded_at"] for review in answer.json["reviews"]} == {
        "2026-11-23T15:00:00.000000Z"
    }
    assert (world.kinds(first), world.kinds(second)) == kinds


def test_the_agencys_entry_is_not_the_clients_own_word_rule_41(world: World) -> None:
    lead_id = world.take()
    entry = Act(lead_id, "Ada", Actor.AGENCY)
    world.ledger.transact(lambda records: accept(records, entry, NOW))
    assert world.lead(lead_id)["entered"]
    assert statuses(send(world, accepted(lead_id))) == [201]
    lead = world.lead(lead_id)
    assert (lead["stage"], lead["entered"]) == ("accepted", None)


def test_decisions_on_one_lead_are_recorded_in_order(world: World) -> None:
    lead_id = world.take()
    request = rejected(lead_id), rejected(lead_id), accepted(lead_id)
    assert statuses(send(world, *request)) == [201, 200, 409]
    assert world.lead(lead_id)["stage"] == "rejected"


def test_after_the_deadline_a_decision_is_refused(world: World) -> None:
    old = world.take()
    with time_machine.travel(NOW + timedelta(hours=48), tick=False):
        new = world.take(at=NOW + timedelta(hours=47))
        answer = send(world, rejected(old), rejected(new))
    assert statuses(answer) == [409, 201]
    assert "its review window ended at" in answer.json["reviews"][0]["problem"]["detail"]


@pytest.mark.parametrize("kind", ["another's", "test", "disqualified"])
def test_a_hidden_lead_looks_like_an_unknown_lead(world: World, kind: str) -> None:
    lead_id = {
        "another's": lambda: world.take("rival"),
        "test": lambda: world.take(test=True),
        "disqualified": lambda: world.take(company_size="51-100"),
    }[kind]()
    before, never = world.kinds(lead_id), "zzzzzzzzzzzz"
    ours, none = send(world, accepted(lead_id)), send(world, accepted(never))
    assert statuses(ours) == [404]
    assert ours.text.replace(lead_id, never) == none.text
    assert world.kinds(lead_id) == before


def test_a_refused_decision_does_not_notify_the_client_of_its_lead(world: World) -> None:
    lead_id = world.take("notified")
    before = world.kinds(lead_id)
    assert statuses(send(world, rejected(lead_id, "ugly"))) == [409]
    assert world.kinds(lead_id) == before


@pytest.mark.parametrize(
    ("reviews", "pointer"),
    [
        ([], "/reviews"),
        ([accepted("a")] * 101, "/reviews"),
        ([accepted("a"), {"lead_id": "b", "type": "won"}], "/reviews/1/type"),
        ([accepted("a"), {"lead_id": "b"}], "/reviews/1/type"),
        ([accepted("a", color="red")], "/reviews/0/color"),
        ([accepted("a", accepted=True)], "/reviews/0/accepted"),
        ([{"type": "accepted"}], "/reviews/0/lead_id"),
        ([{"lead_id": "b", "type": "rejected"}], "/reviews/0/reason"),
        (["a"], "/reviews/0"),
        ([accepted("a" * 201)], "/reviews/0/lead_id"),
    ],
)
def test_an_invalid_value_stops_everything_and_is_located(
    world: World, reviews: list[Any], pointer: str
) -> None:
    lead_id = world.take()
    before = world.kinds(lead_id)
    named = [
        {**review, "lead_id": lead_id} if review == accepted("a") else review for review in reviews
    ]
    answer = send(world, *named)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    assert world.kinds(lead_id) == before


@pytest.mark.parametrize("body", [[], "x", 1, {"reviews": None}, {"review": []}])
def test_a_body_of_another_shape_is_refused(world: World, body: Any) -> None:
    answer = world.request("POST", "/api/v1/reviews", json=body, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 422


def test_without_a_key_nothing_is_recorded(world: World) -> None:
    lead_id = world.take()
    answer = world.request("POST", "/api/v1/reviews", json={"reviews": [accepted(lead_id)]})
    assert answer.status_code == 400
    assert world.lead(lead_id)["stage"] == "qualified"


def test_the_answer_matches_the_document(world: World) -> None:
    document = world.app.test_client().get("/api/v1/openapi.json").json
    answer = send(
        world, accepted(world.take()), accepted("zzzzzzzzzzzz"), rejected(world.take(), "x")
    )
    schema = {**document, "$ref": "#/components/schemas/ReviewResults"}
    assert list(Draft202012Validator(schema).iter_errors(answer.json)) == []
