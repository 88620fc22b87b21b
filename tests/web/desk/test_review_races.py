"""Answers on leads that changed while the queue was open: one clear sentence, nothing lost."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from capture.intake.correct import LeadCorrection, correct_lead
from capture.intake.quarantine import discard, hold_back
from capture.lead.events import Actor
from capture.ledger.protocol import WriteTransaction
from capture.privacy.erase import erase_leads
from capture.review.acts import Act, accept, find_lead, reject
from tests.samples import NOW
from tests.web.desk.conftest import DeskWorld, words
from tests.web.desk.test_review import REVIEW, colleague, last_event, order

SIGNALS = [{"name": "burst", "weight": 100, "leads": 12}]


def correct(records: WriteTransaction, lead_id: str) -> None:
    correct_lead(records, LeadCorrection(lead_id, "Ada", {"full_name": "Ann Leigh"}), NOW)


def disqualify(records: WriteTransaction, lead_id: str) -> None:
    correct_lead(records, LeadCorrection(lead_id, "Ada", {"company_size": "1-50"}), NOW)


def hold(records: WriteTransaction, lead_id: str) -> None:
    hold_back(records, find_lead(records, lead_id), SIGNALS, NOW)


def remove(records: WriteTransaction, lead_id: str) -> None:
    hold(records, lead_id)
    discard(records, lead_id, "Ada", NOW)


def reject_it(records: WriteTransaction, lead_id: str) -> None:
    reject(records, Act(lead_id, "cora", Actor.CLIENT), "too_small", NOW)


@pytest.mark.parametrize(
    ("happens", "status", "sentence"),
    [
        (correct, 409, "because the agency corrected the lead after you opened the page."),
        (disqualify, 409, "because the agency has removed the lead. It costs nothing."),
        (hold, 409, "because the agency is checking the lead."),
        (remove, 409, "because the agency has removed the lead. It costs nothing."),
        (reject_it, 409, "because it was decided before. Your company rejected it."),
        (
            lambda records, lead_id: erase_leads(records, [lead_id], NOW),
            409,
            "because the data of the person were erased after you opened the page.",
        ),
    ],
    ids=["corrected", "disqualified", "held_back", "removed", "rejected", "erased"],
)
def test_an_answer_on_a_lead_that_changed_is_not_recorded(
    desk: DeskWorld,
    happens: Callable[[WriteTransaction, str], object],
    status: int,
    sentence: str,
) -> None:
    lead_id, carol = desk.world.take(), desk.user("carol")
    carol.get(REVIEW)
    desk.world.ledger.transact(lambda records: happens(records, lead_id))
    before = last_event(desk, lead_id)
    answer = carol.post(f"{REVIEW}/{lead_id}", action="accept", seen=0, note="Good one.")
    assert answer.status_code == status
    assert sentence in words(answer)
    assert "Your note: Good one." in words(answer)
    assert last_event(desk, lead_id) == before


def test_a_corrected_lead_is_decided_on_the_page_that_shows_the_correction(
    desk: DeskWorld,
) -> None:
    lead_id, carol = desk.world.take(), desk.user("carol")
    desk.world.ledger.transact(lambda records: correct(records, lead_id))
    page = carol.get(REVIEW)
    assert "Ann Leigh" in page.text
    assert 'name="seen" value="1"' in page.text
    assert carol.post(f"{REVIEW}/{lead_id}", action="accept", seen=1).status_code == 303
    assert last_event(desk, lead_id).kind == "accepted"


def test_a_deadline_that_passes_while_the_page_is_open_accepts(desk: DeskWorld) -> None:
    lead_id, carol = desk.world.take(), desk.user("carol")
    carol.get(REVIEW)
    desk.clock.move_to(NOW + timedelta(hours=48))
    carol.log_in("carol")  # the session has ended too
    carol.get(REVIEW)
    answer = carol.post(f"{REVIEW}/{lead_id}", action="reject", seen=0, reason="too_small")
    assert answer.status_code == 409
    assert "because it was decided before. Silence accepted it." in words(answer)
    assert order(carol) == []


def test_two_clicks_record_one_answer(desk: DeskWorld) -> None:
    lead_id, carol = desk.world.take(), desk.user("carol")
    carol.get(REVIEW)
    for _ in range(2):
        answer = carol.post(f"{REVIEW}/{lead_id}", action="accept", seen=0)
        assert answer.status_code == 303
    assert desk.world.kinds(lead_id).count("accepted") == 1
    assert "Somebody else" not in carol.text(REVIEW)


def test_two_users_with_the_same_answer_record_it_once(desk: DeskWorld) -> None:
    lead_id, carol, cora = desk.world.take(), desk.user("carol"), colleague(desk)
    cora.get(REVIEW)
    desk.world.ledger.transact(
        lambda records: accept(records, Act(lead_id, "carol", Actor.CLIENT), NOW)
    )
    assert cora.post(f"{REVIEW}/{lead_id}", action="accept", seen=0).status_code == 303
    assert "Somebody else recorded the same before you." in cora.text(REVIEW)
    assert desk.world.kinds(lead_id).count("accepted") == 1
    assert "Somebody else" not in carol.text(REVIEW)
