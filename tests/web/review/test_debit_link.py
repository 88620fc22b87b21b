"""The answer to a proposed debit note through the link in a client's letter."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from capture.closing.close import close_month
from capture.closing.credit import CorrectionRequest
from capture.closing.debit import find_proposal, propose_debit
from capture.lead.events import Actor
from tests.samples import NOW, PARTIES
from tests.web.review.conftest import CONTACT, Letterbox

CLOSED = datetime(2026, 12, 5, 12, tzinfo=UTC)
DEBIT = "acme-p0001"


@pytest.fixture
def billed(box: Letterbox) -> str:
    """The lead of a line of acme-0001, for which the agency asks 5.00 more."""
    lead_id = box.world.take()
    box.wait(CLOSED - NOW)
    request = CorrectionRequest("acme-0001", lead_id, "wrong_rate", amount=Decimal(5))
    ledger = box.world.ledger
    ledger.transact(
        lambda records: close_month(records, "acme", PARTIES, "2026-11", CLOSED, by="Ada")
    )
    ledger.transact(lambda records: propose_debit(records, request, "Ada", CLOSED))
    return lead_id


def stage(box: Letterbox) -> str:
    return box.world.ledger.read(lambda reading: find_proposal(reading, "acme", DEBIT)).stage


def test_the_page_says_what_each_answer_does(box: Letterbox, billed: str) -> None:
    head = box.head()
    text = box.text(box.debit_link(DEBIT))
    for words in (
        "On top of invoice acme-0001",
        billed,
        "wrong rate",
        "You owe nothing of it until you approve it. Silence approves nothing.",
        "Approving issues a debit note of $5.00, due on 4 January 2027.",
        "Declining changes nothing on the document, and costs nothing.",
    ):
        assert words in text
    assert box.open(box.debit_link(DEBIT), "HEAD").status_code == 200
    assert box.head() == head


def test_an_approval_issues_the_note_under_the_contact(box: Letterbox, billed: str) -> None:
    link = box.debit_link(DEBIT)
    assert box.send(link, "approve").status_code == 303
    event = box.world.ledger.read(lambda reading: list(reading.events.of_account()))[-1].event
    assert (event.kind, event.actor) == ("debited", Actor.CLIENT)
    notes = box.world.ledger.read(lambda reading: reading.people.notes(billed))
    assert notes[-1].author == CONTACT
    text = box.text(link)
    assert "Your company approved it" in text
    assert "The debit note acme-0002 was issued." in text
    assert "<button" not in text


@pytest.mark.usefixtures("billed")
def test_a_refusal_keeps_the_note_and_changes_no_sum(box: Letterbox) -> None:
    link = box.debit_link(DEBIT)
    assert box.send(link, "decline", note="not agreed").status_code == 303
    assert stage(box) == "declined"
    assert "The document stays as it is." in box.text(link)


@pytest.mark.usefixtures("billed")
def test_a_second_answer_changes_nothing(box: Letterbox) -> None:
    link = box.debit_link(DEBIT)
    box.send(link, "decline")
    head = box.head()
    assert box.send(link, "decline").status_code == 303
    answer = box.send(link, "approve")
    assert answer.status_code == 409
    assert "Your answer was not recorded" in answer.text
    assert box.head() == head


@pytest.mark.usefixtures("billed")
def test_a_foreign_or_unknown_debit_is_not_shown(box: Letterbox) -> None:
    assert box.open(box.debit_link(DEBIT, client="other")).status_code == 410
    assert box.open(box.debit_link("acme-p0002")).status_code == 410
    assert box.send(box.debit_link(DEBIT, client="other"), "approve").status_code == 410
    assert stage(box) == "open"
