"""A client's token gives access to that client's leads only."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.long import rounds
from tests.samples import NOW
from tests.web.api.conftest import World

CAMPAIGNS = {"guide": "acme", "notified": "acme", "sales": "acme", "rival": "other"}
FILTERS = (
    "",
    "?campaign=rival",
    "?campaign=guide",
    "?stage=qualified",
    "?month=2026-11",
    "?received_since=2000-01-01T00:00:00Z",
)


def bare(answer: TestResponse, lead_id: str) -> tuple[int, list[tuple[str, str]], str]:
    """An answer without the parts that name the requested lead."""
    return answer.status_code, list(answer.headers), answer.text.replace(lead_id, "ID")


@pytest.mark.long
@settings(
    max_examples=rounds(25, 500),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    slugs=st.lists(st.sampled_from(sorted(CAMPAIGNS)), min_size=1, max_size=6),
    client=st.sampled_from(["acme", "other"]),
    query=st.sampled_from(FILTERS),
)
def test_no_list_shows_a_lead_of_another_client(
    world: World, slugs: list[str], client: str, query: str
) -> None:
    for slug in slugs:
        world.take(slug, company_size="101+")
    leads: list[Any] = []
    path: str | None = f"/api/v1/leads{query}"
    while path:
        page = json.loads(world.get(path, client=client).text)
        leads += page["leads"]
        path = page["next"]
    assert {CAMPAIGNS[lead["campaign"]] for lead in leads} <= {client}


@pytest.mark.parametrize("kind", ["another's", "test", "disqualified"])
def test_a_hidden_lead_looks_like_an_unknown_lead(world: World, kind: str) -> None:
    lead_id = {
        "another's": lambda: world.take("rival"),
        "test": lambda: world.take(test=True),
        "disqualified": lambda: world.take(company_size="51-100"),
    }[kind]()
    old_kinds = world.kinds(lead_id)
    never = "zzzzzzzzzzzz"
    shown = world.get(f"/api/v1/leads/{lead_id}"), world.get(f"/api/v1/leads/{never}")
    parts = world.record(lead_id, type="accepted"), world.record(never, type="accepted")
    for ours, none in (shown, parts):
        assert ours.status_code == 404
        assert bare(ours, lead_id) == bare(none, never)
    assert world.kinds(lead_id) == old_kinds


def test_every_type_of_event_is_refused_for_a_lead_of_another_client(world: World) -> None:
    lead_id = world.take("rival")
    money = {"amount": "1", "currency": "USD"}
    for data in (
        {"type": "accepted"},
        {"type": "rejected", "reason": "too_small"},
        {"type": "withdrawn"},
        {"type": "settled"},
        {"type": "scheduled", "meeting_at": "2026-12-01T10:00:00Z"},
        {"type": "won", **money},
        {"type": "revenue", "period": "2026-12-01", **money},
        {"type": "objected", "reason": "too_small"},
    ):
        assert world.record(lead_id, **data).status_code == 404
    assert world.kinds(lead_id) == ["received", "qualified"]


def test_a_test_lead_is_never_shown_and_never_notified(world: World) -> None:
    lead_id = world.take("notified", test=True, at=NOW)
    assert world.list_ids() == []
    assert world.kinds(lead_id) == ["received", "qualified"]
