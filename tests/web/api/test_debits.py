"""Only the client can approve a debit note, with its own token (rule 41 of docs/rules.md)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from werkzeug.test import TestResponse

from capture.closing.close import close_month
from capture.closing.credit import CorrectionRequest, issue_credit
from capture.closing.debit import propose_debit
from capture.closing.documents import documents_of
from capture.lead.events import Actor
from tests.samples import PARTIES
from tests.web.api.conftest import World

CLOSED = datetime(2026, 12, 5, 12, tzinfo=UTC)
DEBIT = "acme-p0001"


@pytest.fixture
def billed(world: World) -> Iterator[str]:
    """The lead of a line on acme-0001, for which the agency asks 5.00 more."""
    lead_id = world.take()
    with time_machine.travel(CLOSED, tick=False):
        world.ledger.transact(
            lambda records: close_month(records, "acme", PARTIES, "2026-11", CLOSED, by="Ada")
        )
        propose(world, lead_id)
        yield lead_id


def propose(world: World, lead_id: str) -> None:
    wish = CorrectionRequest("acme-0001", lead_id, "wrong_rate", amount=Decimal(5))
    world.ledger.transact(lambda records: propose_debit(records, wish, "Ada", CLOSED))


def answer(
    world: World, kind: str, *, client: str = "acme", key: str = "", debit: str = DEBIT
) -> TestResponse:
    return world.request(
        "POST",
        f"/api/v1/debits/{debit}/answer",
        client=client,
        json={"type": kind, "by": "Carol", "note": "by all means"},
        headers={"Idempotency-Key": key or str(uuid4())},
    )


def debits(world: World, query: str = "", *, client: str = "acme") -> list[dict[str, Any]]:
    page: dict[str, list[dict[str, Any]]] = json.loads(
        world.get(f"/api/v1/debits{query}", client=client).text
    )
    return page["debits"]


def test_the_client_sees_the_proposed_debits(world: World, billed: str) -> None:
    (debit,) = debits(world)
    assert (debit["id"], debit["statement"], debit["lead_id"]) == (DEBIT, "acme-0001", billed)
    assert (debit["amount"], debit["currency"], debit["reason"]) == ("5.00", "USD", "wrong_rate")
    assert (debit["stage"], debit["number"], debit["due_on"]) == ("open", None, None)


def test_the_clients_approval_issues_the_note(world: World, billed: str) -> None:
    text = answer(world, "approved")
    assert (text.status_code, text.json["stage"], text.json["number"]) == (
        201,
        "approved",
        "acme-0002",
    )
    event = world.ledger.read(lambda reading: list(reading.events.of_account()))[-1].event
    assert (event.kind, event.actor) == ("debited", Actor.CLIENT)
    (note,) = world.ledger.read(lambda reading: reading.people.notes(billed))
    assert (note.author, note.text) == ("Carol", "by all means")
    assert debits(world, "?stage=open") == []
    assert [debit["id"] for debit in debits(world, "?stage=approved")] == [DEBIT]


@pytest.mark.usefixtures("billed")
def test_a_declined_debit_issues_no_note_and_stays_declined(world: World) -> None:
    assert answer(world, "declined").json["stage"] == "declined"
    assert answer(world, "approved").status_code == 409
    assert len(world.ledger.read(documents_of)) == 1


@pytest.mark.usefixtures("billed")
def test_the_same_answer_under_the_same_key_is_recorded_once(world: World) -> None:
    first, again = (answer(world, "approved", key="k1") for _ in range(2))
    assert (first.status_code, first.data) == (again.status_code, again.data)
    assert len(world.ledger.read(documents_of)) == 2
    assert answer(world, "declined", key="k1").status_code == 422


@pytest.mark.usefixtures("billed")
def test_a_debit_of_another_client_looks_like_an_unknown_debit(world: World) -> None:
    assert debits(world, client="other") == []
    theirs = answer(world, "approved", client="other")
    never = answer(world, "approved", client="other", debit="acme-p0009")
    assert (
        (theirs.status_code, theirs.data) == (never.status_code, never.data) == (404, theirs.data)
    )


def test_an_answer_belongs_to_the_proposal_that_it_names(world: World, billed: str) -> None:
    answer(world, "declined")
    propose(world, billed)
    assert answer(world, "approved").status_code == 409  # the first one, which was declined
    assert answer(world, "approved", debit="acme-p0002").status_code == 201


def test_an_approved_debit_may_be_credited(world: World, billed: str) -> None:
    answer(world, "approved")
    wish = CorrectionRequest("acme-0001", billed, "goodwill", amount=Decimal(55))
    created = world.ledger.transact(lambda records: issue_credit(records, wish, "Ada", CLOSED))
    assert created.amount == 5500


@pytest.mark.usefixtures("billed")
def test_an_invalid_answer_says_where(world: World) -> None:
    text = answer(world, "perhaps")
    assert (text.status_code, text.json["errors"][0]["pointer"]) == (422, "/type")
