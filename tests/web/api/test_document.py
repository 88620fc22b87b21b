"""The OpenAPI document: valid, public, and correct for the real service."""

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis.engine import events, from_schema

from capture.web.api.operation import KEY_HEADER, KEY_PATTERN
from tests.long import rounds
from tests.service import Service, make_project, person, serving
from tests.web.api.conftest import World

EXAMPLES = rounds(8, 100)
LONGEST_QUERY = 3000
LEADS = 25
"""Leads of each campaign, because many events are possible only once for a lead."""
_fresh = itertools.count()


def document(world: World) -> dict[str, Any]:
    answer = world.app.test_client().get("/api/v1/openapi.json")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    data: dict[str, Any] = answer.json
    return data


def test_the_document_is_the_same_for_all_and_needs_no_token(world: World) -> None:
    data = document(world)
    assert (data["openapi"], data["servers"]) == ("3.1.1", [{"url": "/api"}])
    assert list(data["paths"]) == [
        "/v1/leads",
        "/v1/leads/{lead_id}",
        "/v1/leads/{lead_id}/events",
        "/v1/reviews",
        "/v1/debits",
        "/v1/debits/{debit_id}/answer",
    ]


def test_every_reference_in_the_document_resolves(world: World) -> None:
    data = document(world)
    text = json.dumps(data)
    for reference in {part.split('"')[0] for part in text.split('"$ref": "#/')[1:]}:
        place: Any = data
        for name in reference.split("/"):
            place = place[name]


def test_the_type_of_a_problem_points_into_the_document(world: World) -> None:
    address, _, fragment = world.get("/api/v1/leads/none").json["type"].partition("#/")
    place: Any = document(world)
    for name in fragment.split("/"):
        place = place[name]
    assert address == "/api/v1/openapi.json"
    assert place["description"] == "Nothing is here for you."


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = make_project(tmp_path_factory.mktemp("document"))
    message = folder / "campaigns" / "acme-demo.toml"
    message.write_text(message.read_text().replace('notice = "none"', 'notice = "webhook"'))
    with serving(folder, workers="1", rate_limit="", api_rate_limit="") as started:
        for slug in ("acme-cloud-guide", "acme-demo"):
            for _ in range(LEADS):
                size = {"acme-demo": "201-1000"}.get(slug, "101-500")
                assert started.post(person(company_size=size), slug).status == 303
        yield started
        assert started.run("verify").returncode == 0


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Sets a new idempotency key for each event; invalid keys stay as they are."""
    key = (case.headers or {}).get(KEY_HEADER)
    if key is not None and re.fullmatch(KEY_PATTERN, key):
        case.headers[KEY_HEADER] = f"key-{next(_fresh)}"


@schemathesis.hook
def filter_case(_context: Any, case: Any) -> bool:
    """Leaves out requests with a too long request line: the server answers 414."""
    return len(urlencode(case.query or {}, doseq=True)) < LONGEST_QUERY


@pytest.mark.long
def test_schemathesis_finds_no_problem_in_the_real_service(service: Service) -> None:
    """All checks and phases run. Only ids, cursors and keys come from the test."""
    token = service.run("tokens", "add", "--client", "acme").stdout.strip()
    bearer = {"Authorization": f"Bearer {token}"}
    page = json.loads(service.ask("GET", "/api/v1/leads?limit=2", headers=bearer).text)
    cursor = parse_qs(urlsplit(page["next"]).query)["cursor"][0]
    with service.ledger() as ledger:
        ids = ledger.read(lambda reading: [lead.lead_id for lead in reading.leads.select()])
    for name, values in {
        "lead-id": st.sampled_from(ids),
        "debit-id": st.just("acme-p0001"),
        "leads-mark": st.just(page["mark"]),
        "leads-cursor": st.just(cursor),
    }.items():
        schemathesis.openapi.format(name, values)
    config = schemathesis.Config.from_dict(
        {
            "seed": 1,
            "generation": {"deterministic": True, "max-examples": EXAMPLES, "database": "none"},
            "auth": {"openapi": {"bearer": {"bearer": token}}},
        }
    )
    address = f"http://127.0.0.1:{service.port}/api/v1/openapi.json"
    schema = schemathesis.openapi.from_url(address, config=config)
    answered, problems = Counter(), []
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            problems.append(event)
        if isinstance(event, events.ScenarioFinished):
            record = event.recorder
            answered += Counter(
                item.response.status_code for item in record.interactions.values() if item.response
            )
            for checks in record.checks.values():
                problems += [
                    f"{record.label}: {check.failure_info.failure} {check.failure_info.code_sample}"
                    for check in checks
                    if check.failure_info
                ]
    assert problems == []
    assert answered[200] > 20
    assert answered[201] > 2
    assert {401, 405, 409, 415, 422} <= set(answered)
