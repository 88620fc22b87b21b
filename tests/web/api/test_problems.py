"""Every error below `/api` is a problem (RFC 9457) that says where it is and how to fix it."""

import gzip
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from capture.client_access.api_tokens import revoke_token
from tests.samples import NOW
from tests.web.api.conftest import World, make_world

JSON = {"Content-Type": "application/json", "Idempotency-Key": "k1"}


def problem(answer: TestResponse, status: int) -> dict[str, Any]:
    """The problem in an answer; asserts that it is complete and has the headers of every answer."""
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    data: dict[str, Any] = json.loads(answer.text)
    assert data["status"] == status
    assert {"type", "title", "detail"} <= set(data)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for forbidden in ("Set-Cookie", "Access-Control-Allow-Origin"):
        assert forbidden not in answer.headers
    return data


def post(world: World, body: bytes | str, **headers: str) -> TestResponse:
    lead_id = world.take()
    path = f"/api/v1/leads/{lead_id}/events"
    return world.request("POST", path, data=body, headers=JSON | headers)


@pytest.mark.parametrize(
    "authorization", [None, "", "Basic YTpi", "gp_x", "bearer", "Digest Bearer x"]
)
def test_a_request_without_a_token_is_refused(world: World, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = world.app.test_client().get("/api/v1/leads", headers=headers)
    problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="Gatepost"')


@pytest.mark.parametrize("harm", [str.lower, lambda token: token[:-1], lambda token: f"{token}A"])
def test_an_unknown_token_is_refused(world: World, harm: Any) -> None:
    world.tokens["thief"] = harm(world.tokens["acme"])
    answer = world.get(client="thief")
    problem(answer, 401)
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_the_scheme_ignores_case_and_the_token_is_read_only_from_the_header(
    world: World,
) -> None:
    token, asking = world.tokens["acme"], world.app.test_client()
    assert (
        asking.get("/api/v1/leads", headers={"Authorization": f"bEARER {token}"}).status_code == 200
    )
    assert asking.get(f"/api/v1/leads?access_token={token}").status_code == 401
    assert asking.get("/api/v1/leads", headers={"Cookie": f"token={token}"}).status_code == 401


def test_a_revoked_token_is_refused_at_once(world: World) -> None:
    (api_token,) = world.ledger.read(lambda reading: reading.api.tokens("acme"))
    world.ledger.transact(lambda records: revoke_token(records, api_token.id, NOW, by="Ada"))
    problem(world.get(), 401)
    assert world.get(client="other").status_code == 200


def test_the_last_use_is_stored_to_the_hour(world: World) -> None:
    def used() -> Any:
        (api_token,) = world.ledger.read(lambda reading: reading.api.tokens("acme"))
        return api_token.used_at

    assert used() is None
    world.get()
    with time_machine.travel(NOW.replace(minute=59), tick=False):
        world.get()
    assert used() == NOW
    with time_machine.travel(NOW.replace(hour=16), tick=False):
        world.get()
    assert used() == NOW.replace(hour=16)


@pytest.mark.parametrize(
    "path", ["", "/", "/v1", "/v1/leads/", "/v2/leads", "/v1/leads/a/b", "/v1/leads/a/events/c"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_address_is_a_problem_and_not_a_page(
    world: World, method: str, path: str
) -> None:
    problem(world.request(method, f"/api{path}"), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "leads", "GET, HEAD"),
        ("OPTIONS", "leads", "GET, HEAD"),
        ("DELETE", "leads/a", "GET, HEAD"),
        ("GET", "leads/a/events", "POST"),
        ("HEAD", "leads/a/events", "POST"),
        ("POST", "openapi.json", "GET, HEAD"),
    ],
)
def test_another_method_is_refused_with_the_allowed_ones(
    world: World, method: str, path: str, allowed: str
) -> None:
    answer = world.request(method, f"/api/v1/{path}")
    named = ", ".join(sorted(answer.headers["Allow"].split(", ")))
    assert (answer.status_code, named) == (405, allowed)
    if method != "HEAD":
        problem(answer, 405)


def test_no_header_admits_another_origin(world: World) -> None:
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    problem(world.request("OPTIONS", "/api/v1/leads", headers=preflight), 405)
    answer = world.request("GET", "/api/v1/leads", headers={"Origin": "http://localhost"})
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/*", 200),
        ("text/html, application/json;q=0.1", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
    ],
)
def test_answers_are_json_only(world: World, accept: str, status: int) -> None:
    answer = world.request("GET", "/api/v1/leads", headers={"Accept": accept})
    assert answer.status_code == status
    if status == 406:
        problem(answer, 406)


def test_every_invalid_parameter_is_reported_at_once(world: World) -> None:
    query = "limit=1.5&stage=spam&month=2026-13&received_since=today&campagin=x&cursor=y&stage=a"
    data = problem(world.get(f"/api/v1/leads?{query}"), 422)
    names = [error["parameter"] for error in data["errors"]]
    expected = ["campagin", "cursor", "limit", "month", "received_since", "stage", "stage"]
    assert sorted(names) == expected


def test_every_invalid_value_is_reported_at_once_by_its_pointer(world: World) -> None:
    body = {
        "type": "revenue",
        "amount": 12.5,
        "currency": "usd",
        "period": "2026-02-30",
        "months": True,
        "occurred_at": "2026-12-01T10:00",
        "a/b~c": 1,
    }
    data = problem(post(world, json.dumps(body)), 422)
    pointers = {error["pointer"]: error["detail"] for error in data["errors"]}
    assert set(pointers) == {
        "/amount",
        "/currency",
        "/period",
        "/months",
        "/occurred_at",
        "/a~1b~0c",
    }
    assert pointers["/period"] == "There is no such date."
    assert "with its offset" in pointers["/occurred_at"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [("{}", "/type"), ('{"type": "spam"}', "/type"), ("[]", ""), ("null", ""), ('"accepted"', "")],
)
def test_a_body_of_another_shape_is_reported(world: World, body: str, pointer: str) -> None:
    data = problem(post(world, body), 422)
    assert [error["pointer"] for error in data["errors"]] == [pointer]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"type": "accepted"} x',
        b'{"type": "accepted", "type": "rejected"}',
        b'{"type": "accepted", "note": NaN}',
        b'{"type": "accepted", "note": -Infinity}',
        b'{"type": "accepted", "note": ' + b"9" * 5000 + b"}",
        b'{"type": "accepted", "note": 9007199254740992}',
        b"[" * 30_000,
        b'{"a":' * 12_000,
        b'\xff\xfe{"type": "accepted"}',
        '{"type": "accepted"}'.encode("utf-16"),
        b'\xef\xbb\xbf{"type": "accepted"}',
        b"type=accepted",
    ],
)
def test_an_ambiguous_json_body_is_refused(world: World, body: bytes) -> None:
    problem(post(world, body), 400)
    assert world.ledger.read(lambda reading: reading.api.saved_response("acme", "k1", "")) is None


@pytest.mark.parametrize(
    "text",
    ["\ud800", "\x00", "\u202e<script>", "=1+1", "a" * 2000, "\U0001f600" * 2000, "e\u0301" * 900],
)
def test_a_hostile_note_is_stored_as_text_or_refused(world: World, text: str) -> None:
    answer = post(world, json.dumps({"type": "accepted", "note": text, "by": text[:120]}))
    assert answer.status_code == (422 if text == "\ud800" else 201), answer.text


@pytest.mark.parametrize(
    "value", [1e999, -1, 0, 121, 1.5, "3", None, [], {}, 2**53 - 1, True], ids=str
)
def test_a_hostile_number_is_refused(world: World, value: Any) -> None:
    body = {"type": "revenue", "amount": "1", "currency": "USD", "period": "2026-12-01"}
    answer = post(world, json.dumps(body | {"months": value}).replace("Infinity", "1e999"))
    assert problem(answer, 422)["errors"][0]["pointer"] == "/months"


@pytest.mark.parametrize(
    "amount", ["0", "0.00", "-1", "1e3", "01", " 1", "1.", ".5", "1,00", "1" * 13, "٣", "1.00001"]
)
def test_a_hostile_amount_is_refused(world: World, amount: str) -> None:
    answer = post(world, json.dumps({"type": "won", "amount": amount, "currency": "USD"}))
    assert problem(answer, 422)["errors"][0]["pointer"] == "/amount"


@pytest.mark.parametrize(
    "time",
    ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "2026-12-01T24:00:00Z", "1764590400"],
)
def test_an_invalid_time_is_refused(world: World, time: str) -> None:
    answer = post(world, json.dumps({"type": "scheduled", "meeting_at": time}))
    assert problem(answer, 422)["errors"][0]["pointer"] == "/meeting_at"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_body_of_another_type_is_refused(world: World, kind: str) -> None:
    problem(post(world, '{"type": "accepted"}', **{"Content-Type": kind}), 415)


def test_a_compressed_body_is_refused(world: World) -> None:
    packed = gzip.compress(b'{"type": "accepted"}')
    problem(post(world, packed, **{"Content-Encoding": "gzip"}), 415)


def test_a_large_body_is_refused(world: World) -> None:
    problem(post(world, json.dumps({"type": "accepted", "note": "x" * 70_000})), 413)


def test_the_rate_limit_of_one_token_does_not_affect_others(tmp_path: Path) -> None:
    with time_machine.travel(NOW, tick=False):
        world = make_world(tmp_path, api_rate_limit="3 per minute")
        statuses = [world.get().status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        answer = world.get()
        problem(answer, 429)
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert world.get(client="other").status_code == 200


@pytest.mark.slow
def test_a_read_only_ledger_is_reported_and_known_leads_are_still_read(
    world: World,
) -> None:
    known, new = world.take(), world.take("notified")
    world.get(f"/api/v1/leads/{known}")
    path = world.ledger._path
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert world.get(f"/api/v1/leads/{known}").status_code == 200
        answer = world.get(f"/api/v1/leads/{new}")
        other.execute("ROLLBACK")
    other.close()
    problem(answer, 503)
    assert answer.headers["Retry-After"] == "30"
    assert world.kinds(new) == ["received", "qualified"]


def test_an_unexpected_error_is_a_problem_without_a_traceback(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr("capture.web.api.leads.list_client_leads", broken)
    answer = world.get()
    problem(answer, 500)
    assert "secret" not in answer.text


def test_pages_outside_the_api_stay_pages(world: World) -> None:
    asking = world.app.test_client()
    assert asking.get("/f/guide").status_code == 200
    assert asking.get("/apix").content_type.startswith("text/html")
    assert isinstance(world.app, Flask)
