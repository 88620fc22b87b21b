"""Corrections and payments at the desk: credit notes, debit notes, and who may answer them."""

from decimal import Decimal
from typing import Any

import pytest

from capture.closing.close import close_month
from capture.closing.credit import CorrectionRequest
from capture.closing.debit import proposals_of, propose_debit
from capture.closing.documents import documents_of, payments_of
from capture.lead.events import Actor, Event, EventKind
from tests.samples import PARTIES
from tests.web.desk.conftest import DeskWorld
from tests.web.desk.test_statements import CLOSED


@pytest.fixture
def lead_id(desk: DeskWorld) -> str:
    """The lead of the only line on acme-0001, of 50.00."""
    lead_id = desk.world.take()
    desk.clock.move_to(CLOSED)
    desk.world.ledger.transact(
        lambda records: close_month(records, "acme", PARTIES, "2026-11", CLOSED, by="Ada")
    )
    return lead_id


def numbers(desk: DeskWorld) -> list[str]:
    return [document.number for document in desk.world.ledger.read(documents_of)]


def last_event(desk: DeskWorld) -> Event:
    ledger = desk.world.ledger
    return ledger.read(lambda reading: list(reading.events.of_account()))[-1].event


def pseudonym(desk: DeskWorld, name: str) -> str:
    return desk.world.ledger.read(lambda reading: reading.people.pseudonym("acme", name))


def propose(desk: DeskWorld, lead_id: str) -> None:
    request = CorrectionRequest("acme-0001", lead_id, "wrong_rate", amount=Decimal(5))
    desk.world.ledger.transact(lambda records: propose_debit(records, request, "Ada", CLOSED))


# Credit notes.


def test_a_line_leads_to_its_correction(desk: DeskWorld, lead_id: str) -> None:
    path = f"/statements/acme-0001/lines/{lead_id}"
    assert f'href="/desk{path}"' in desk.user("ada").get("/statements/acme-0001").text
    assert path not in desk.user("carol").get("/statements/acme-0001").text
    text = desk.user("ada").text(path)
    assert "Amount, net $50.00 Left after corrections $50.00" in text


def test_a_credit_note_is_issued_under_its_person(desk: DeskWorld, lead_id: str) -> None:
    ada, path = desk.user("ada"), f"/statements/acme-0001/lines/{lead_id}"
    ada.get(path)
    answer = ada.post(f"{path}/credit", amount="20.00", reason="goodwill")
    assert (answer.status_code, answer.location) == (303, "/desk/statements/acme-0001")
    assert numbers(desk) == ["acme-0001", "acme-0002"]
    event = last_event(desk)
    assert (event.kind, event.actor) == (EventKind.CREDITED, Actor.AGENCY)
    assert event.data["by"] == pseudonym(desk, "ada")
    assert "Credit note acme-0002: $20.00 credited on acme-0001." in ada.text(
        "/statements/acme-0001"
    )
    assert "acme-0002 goodwill -$20.00" in ada.text(path)


def test_a_second_click_credits_nothing_twice(desk: DeskWorld, lead_id: str) -> None:
    ada, path = desk.user("ada"), f"/statements/acme-0001/lines/{lead_id}"
    ada.get(path)
    ada.post(f"{path}/credit", amount="20.00", reason="goodwill")
    answer = ada.post(f"{path}/credit", amount="20.00", reason="goodwill")
    assert answer.status_code == 409
    assert "was credited today already, by acme-0002" in answer.text
    assert "Credit it twice" in answer.text
    assert numbers(desk) == ["acme-0001", "acme-0002"]
    ada.post(f"{path}/credit", amount="20.00", reason="goodwill", again="on")
    assert numbers(desk) == ["acme-0001", "acme-0002", "acme-0003"]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"amount": "60.00", "reason": "goodwill"}, "only 50.00 USD is left to credit"),
        ({"amount": "a lot", "reason": "goodwill"}, "write digits with a point"),
        ({"amount": "20.00", "reason": "Was Wrong"}, "write a code such as goodwill"),
    ],
)
def test_a_wrong_credit_is_refused_and_kept(
    desk: DeskWorld, lead_id: str, fields: dict[str, Any], problem: str
) -> None:
    ada, path = desk.user("ada"), f"/statements/acme-0001/lines/{lead_id}"
    ada.get(path)
    answer = ada.post(f"{path}/credit", **fields)
    assert answer.status_code == 409
    assert problem in answer.text
    assert f'value="{fields["amount"]}"' in answer.text
    assert numbers(desk) == ["acme-0001"]


# Debit notes.


def test_the_agency_proposes_and_the_client_approves(desk: DeskWorld, lead_id: str) -> None:
    ada, carol = desk.user("ada"), desk.user("carol")
    path = f"/statements/acme-0001/lines/{lead_id}"
    ada.get(path)
    assert ada.post(f"{path}/debit", amount="5.00", reason="wrong_rate").status_code == 303
    assert "acme has not answered the proposed debit note of $5.00" in ada.text("/statements")
    assert "is proposed already" in ada.text(path)
    assert ada.post("/debits/acme-p0001", answer="approved").status_code == 403
    assert "A debit note waits for your answer: $5.00 net" in carol.text("/statements")
    text = carol.text("/statements/acme-0001")
    assert "Proposed debit note: $5.00" in text
    assert "Proposed Saturday, 5 December 2026, 12:00 (Coordinated Universal Time)" in text
    assert "You owe nothing of it until you approve it." in text
    for _ in range(2):
        answer = carol.post("/debits/acme-p0001", answer="approved", note="by all means")
        assert (answer.status_code, answer.location) == (303, "/desk/statements/acme-0001")
    assert numbers(desk) == ["acme-0001", "acme-0002"]
    event = last_event(desk)
    assert (event.kind, event.actor) == (EventKind.DEBITED, Actor.CLIENT)
    assert event.data["by"] == pseudonym(desk, "carol")
    assert "The debit note acme-0002 was issued." in carol.text("/statements/acme-0001")
    assert "Debit note acme-0002" in carol.text("/statements/acme-0002")


def test_a_declined_debit_cannot_be_approved_later(desk: DeskWorld, lead_id: str) -> None:
    propose(desk, lead_id)
    carol = desk.user("carol")
    carol.get("/statements/acme-0001")
    assert carol.post("/debits/acme-p0001", answer="declined").status_code == 303
    answer = carol.post("/debits/acme-p0001", answer="approved")
    assert answer.status_code == 409
    assert "this was decided before" in answer.text
    assert numbers(desk) == ["acme-0001"]


def test_no_other_client_answers_a_debit(desk: DeskWorld, lead_id: str) -> None:
    propose(desk, lead_id)
    oscar = desk.user("oscar")
    oscar.get("/statements")
    for debit_id in ("acme-p0001", "acme-p0009"):
        assert oscar.post(f"/debits/{debit_id}", answer="approved").status_code == 404
    (proposal,) = desk.world.ledger.read(proposals_of)
    assert proposal.stage == "open"


def test_an_unknown_answer_is_none(desk: DeskWorld, lead_id: str) -> None:
    propose(desk, lead_id)
    carol = desk.user("carol")
    carol.get("/statements/acme-0001")
    assert carol.post("/debits/acme-p0001", answer="perhaps").status_code == 422
    assert carol.post("/debits/acme-p0001", answer="approved", note="a" * 2001).status_code == 422
    (proposal,) = desk.world.ledger.read(proposals_of)
    assert proposal.stage == "open"


# Payments.


def test_a_payment_is_recorded_under_its_person(desk: DeskWorld, lead_id: str) -> None:
    del lead_id
    ada = desk.user("ada")
    page = ada.get("/statements/acme-0001").text
    assert 'value="50.00"' in page
    assert 'value="2026-12-05"' in page
    assert "Record a payment" not in desk.user("carol").get("/statements/acme-0001").text
    ada.post("/statements/acme-0001/payments", amount="30.00", paid_on="2026-12-04")
    assert last_event(desk).data["by"] == pseudonym(desk, "ada")
    text = ada.text("/statements/acme-0001")
    assert "The payment is recorded; $20.00 is still to be paid." in text
    assert "Paid $30.00 To pay $20.00" in text
    ada.post("/statements/acme-0001/payments", amount="-30.00", paid_on="2026-12-05")
    assert "To pay $50.00" in ada.text("/statements/acme-0001")


def test_a_second_click_pays_nothing_twice(desk: DeskWorld, lead_id: str) -> None:
    del lead_id
    ada = desk.user("ada")
    ada.get("/statements/acme-0001")
    fields: dict[str, Any] = {"amount": "10", "paid_on": "2026-12-04"}
    ada.post("/statements/acme-0001/payments", **fields)
    answer = ada.post("/statements/acme-0001/payments", **fields)
    assert answer.status_code == 409
    assert "is recorded already" in answer.text
    assert "record it again" in answer.text
    assert len(desk.world.ledger.read(payments_of)) == 1
    ada.post("/statements/acme-0001/payments", **fields, again="on")
    assert len(desk.world.ledger.read(payments_of)) == 2


@pytest.mark.parametrize(
    ("fields", "status", "problem"),
    [
        ({"amount": "10", "paid_on": "tomorrow"}, 422, "Write the day of the payment"),
        ({"amount": "10", "paid_on": "2026-12-09"}, 409, "is in the future"),
        ({"amount": "1,234", "paid_on": "2026-12-04"}, 409, "thousands or decimals"),
        ({"amount": "-5", "paid_on": "2026-12-04"}, 409, "only $0.00 was paid"),
    ],
)
def test_a_wrong_payment_is_refused_and_kept(
    desk: DeskWorld, lead_id: str, fields: dict[str, Any], status: int, problem: str
) -> None:
    del lead_id
    ada = desk.user("ada")
    ada.get("/statements/acme-0001")
    answer = ada.post("/statements/acme-0001/payments", **fields)
    assert answer.status_code == status
    assert problem in answer.text
    assert f'value="{fields["amount"]}"' in answer.text
    assert desk.world.ledger.read(payments_of) == []


def test_nothing_is_paid_for_a_credit_note(desk: DeskWorld, lead_id: str) -> None:
    ada, path = desk.user("ada"), f"/statements/acme-0001/lines/{lead_id}"
    ada.get(path)
    ada.post(f"{path}/credit", amount="20.00", reason="goodwill")
    assert "Record a payment" not in ada.text("/statements/acme-0002")
    answer = ada.post("/statements/acme-0002/payments", amount="10", paid_on="2026-12-05")
    assert answer.status_code == 409
