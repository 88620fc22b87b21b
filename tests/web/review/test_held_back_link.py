"""The pages of a lead that the agency is checking, or has removed (rule 36 of docs/rules.md)."""

from datetime import timedelta
from typing import Any

from capture.intake.correct import LeadCorrection, correct_lead
from capture.intake.quarantine import discard, hold_back, release
from capture.review.bounce import record_bounce
from tests.samples import NOW
from tests.web.review.conftest import Letterbox

SIGNALS = [{"name": "burst", "weight": 100, "leads": 12}]
TAKEN = "Your answer was not recorded, because the agency is checking this lead now."


def held_lead(box: Letterbox) -> str:
    lead_id = box.world.take()

    def hold(records: Any) -> None:
        hold_back(records, records.leads.get(lead_id), SIGNALS, NOW)

    box.world.ledger.transact(hold)
    return lead_id


def let_go(box: Letterbox, lead_id: str) -> None:
    now = box.wait(timedelta(0))
    box.world.ledger.transact(lambda records: release(records, lead_id, "Ada", now))


def test_the_page_of_a_held_back_lead_says_why_and_has_no_buttons(box: Letterbox) -> None:
    text = box.text(box.lead_link(held_lead(box)))
    for words in (
        "Being checked by the agency",
        "you cannot decide, and silence accepts nothing",
        "you get the full review time of 48 hours",
        "the lead is removed and costs nothing",
        "Ann Lee",
    ):
        assert words in text
    assert "burst" not in text
    assert 'name="action"' not in text
    assert "days left" not in text


def test_an_answer_on_a_held_back_lead_is_refused_and_the_page_says_so(box: Letterbox) -> None:
    lead_id = held_lead(box)
    for action, fields in (("accept", {}), ("reject", {"reason": "too_small"})):
        answer = box.send(box.lead_link(lead_id), action, **fields)
        assert answer.status_code == 409
        assert TAKEN in " ".join(answer.text.split())
    assert box.last_event(lead_id).kind == "held_back"


def test_after_the_release_the_page_offers_the_full_time(box: Letterbox) -> None:
    lead_id = held_lead(box)
    box.wait(timedelta(days=5))
    let_go(box, lead_id)
    text = box.text(box.lead_link(lead_id))
    assert "2 days left" in text
    assert 'value="accept"' in text


def test_the_page_names_nobody_if_the_check_takes_longer_than_a_window(box: Letterbox) -> None:
    lead_id = held_lead(box)
    box.wait(timedelta(days=2))
    text = box.text(box.lead_link(lead_id))
    assert "Being checked by the agency" in text
    assert "Ann Lee" not in text


def test_the_page_of_a_held_back_lead_without_a_deadline_promises_none(box: Letterbox) -> None:
    lead_id = held_lead(box)
    box.world.ledger.transact(lambda records: record_bounce(records, lead_id, NOW, 550))
    text = box.text(box.lead_link(lead_id))
    assert "A mail server refused the person's e-mail address." in text
    assert "you can decide then, without a deadline" in text


def test_the_meeting_page_of_a_held_back_lead_asks_nothing(box: Letterbox) -> None:
    text = box.text(box.meeting_link(held_lead(box)))
    assert "The agency is checking this lead, so there is nothing to report now." in text
    assert 'name="action"' not in text


def test_the_list_names_held_back_leads_separately(box: Letterbox) -> None:
    held = held_lead(box)
    text = box.text(box.list_link())
    assert "No lead waits" in text
    assert "The agency is checking one lead of Acme Cloud." in text
    assert "You need not do anything." in text
    assert f"/{held}" in text
    waiting = box.world.take()
    text = box.text(box.list_link())
    assert "One lead waits" in text
    assert text.index(waiting) < text.index("Being checked by the agency") < text.index(held)


def test_the_link_of_a_removed_lead_says_that_the_client_need_not_act(box: Letterbox) -> None:
    discarded, disqualified = held_lead(box), box.world.take()
    correction = LeadCorrection(disqualified, "Ada", {"company_size": "1-50"})
    box.world.ledger.transact(lambda records: discard(records, discarded, "Ada", NOW))
    box.world.ledger.transact(lambda records: correct_lead(records, correction, NOW))
    for lead_id in (discarded, disqualified):
        for answer in (
            box.open(box.lead_link(lead_id)),
            box.send(box.lead_link(lead_id), "accept"),
        ):
            assert answer.status_code == 410
            assert "The agency has removed this lead. It costs nothing" in answer.text
            assert "Ann Lee" not in answer.text
