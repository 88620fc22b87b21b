"""The review on the page of a lead: each act, its refusal, and a second click."""

from datetime import timedelta

import pytest

from capture.intake.correct import LeadCorrection, correct_lead
from capture.lead.events import Actor
from capture.review.acts import Act, reject
from tests.samples import NOW
from tests.web.desk.conftest import DeskWorld, words
from tests.web.desk.test_lead_acts import DAY, later, lead, notes, send

REJECT = {"action": "reject", "reason": "too_small", "sure": "too_small"}


def test_the_client_accepts_and_undoes_it_within_ten_seconds(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    assert send(desk, "carol", lead_id, "review", action="accept").status_code == 303
    text = desk.user("carol").text(f"/leads/{lead_id}")
    assert "The lead was accepted. You can undo it for ten seconds." in text
    assert "You accepted it" in text
    for _ in range(2):  # a second click changes nothing
        assert send(desk, "carol", lead_id, "review", action="undo").status_code == 303
    assert lead(desk, lead_id).review == "qualified"
    send(desk, "carol", lead_id, "review", action="accept")
    desk.clock.shift(timedelta(seconds=11))
    late = send(desk, "carol", lead_id, "review", action="undo")
    assert late.status_code == 422
    assert "a review can be undone for 10 seconds" in words(late)
    assert 'value="undo"' not in late.text


def test_a_rejection_needs_a_reason_and_is_asked_about_if_it_contradicts_an_answer(
    desk: DeskWorld,
) -> None:
    lead_id = desk.world.take()
    without = send(desk, "carol", lead_id, "review", action="reject", note="too few people")
    assert without.status_code == 422
    assert "Choose one of the reasons." in without.text
    assert "too few people</textarea>" in without.text
    asked = send(desk, "carol", lead_id, "review", action="reject", reason="too_small")
    assert asked.status_code == 422
    assert "The form says “101+” for “Company size”. Reject all the same?" in words(asked)
    assert 'name="sure" value="too_small"' in asked.text
    assert lead(desk, lead_id).review == "qualified"
    assert send(desk, "carol", lead_id, "review", note="ten", **REJECT).status_code == 303
    assert lead(desk, lead_id).review == "rejected"
    assert (notes(desk, lead_id)[-1].author, notes(desk, lead_id)[-1].text) == ("carol", "ten")


def test_a_lead_that_was_decided_before_is_not_decided_again(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    for _ in range(2):
        assert send(desk, "carol", lead_id, "review", action="accept").status_code == 303
    assert desk.world.kinds(lead_id).count("accepted") == 1
    refused = send(desk, "carol", lead_id, "review", **REJECT)
    assert refused.status_code == 409
    assert "This was decided before. The page shows what counts now." in words(refused)
    assert 'value="accept"' not in refused.text


def test_silence_has_decided_after_the_deadline(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    later(desk, 3 * DAY)
    refused = send(desk, "carol", lead_id, "review", **REJECT)
    assert refused.status_code == 409
    assert lead(desk, lead_id).review_at(NOW + 3 * DAY) == "accepted"


def test_the_agency_enters_what_the_client_told_it(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    page = desk.user("ada").text(f"/leads/{lead_id}")
    assert "The acceptance becomes final after a new review window" in page
    assert "The rejection counts from now on" in page
    assert "ends the review" not in page  # as the client's own decision does
    silent = send(desk, "ada", lead_id, "review", action="accept")
    assert silent.status_code == 422
    assert "Tick that the client told you so." in words(silent)
    assert send(desk, "ada", lead_id, "review", action="accept", stated="yes").status_code == 303
    assert lead(desk, lead_id).entered
    assert "ada (the agency) for the client The lead was accepted." in desk.user("ada").text(
        f"/leads/{lead_id}"
    )
    own = desk.user("carol").text(f"/leads/{lead_id}")
    assert "The agency accepted it for you" in own
    assert "ada (" not in own
    assert send(desk, "carol", lead_id, "review", **REJECT).status_code == 303
    assert lead(desk, lead_id).review == "rejected"


def test_the_agency_disputes_and_only_the_client_settles(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    desk.world.ledger.transact(
        lambda r: reject(r, Act(lead_id, "Bob", Actor.CLIENT), "too_small", NOW)
    )
    assert send(desk, "carol", lead_id, "review", action="settle").status_code == 422
    assert send(desk, "carol", lead_id, "review", action="dispute").status_code == 422
    done = send(desk, "ada", lead_id, "review", action="dispute", note="they have 400 people")
    assert done.status_code == 303
    assert send(desk, "ada", lead_id, "review", action="dispute").status_code == 422
    assert send(desk, "ada", lead_id, "review", action="settle").status_code == 422
    own = desk.user("carol").text(f"/leads/{lead_id}")
    assert "Agree with the agency's dispute" in own
    assert "they have 400 people" not in own
    assert send(desk, "carol", lead_id, "review", action="settle").status_code == 303
    assert lead(desk, lead_id).review == "accepted"


def test_a_lead_that_was_corrected_meanwhile_is_read_again_first(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    correction = LeadCorrection(lead_id, "Ada", {"full_name": "Ann Leigh"})
    desk.world.ledger.transact(lambda records: correct_lead(records, correction, NOW))
    refused = send(desk, "carol", lead_id, "review", action="accept", seen="0")
    assert refused.status_code == 409
    assert "because the agency corrected the lead after you opened the page" in words(refused)
    assert send(desk, "carol", lead_id, "review", action="accept", seen="1").status_code == 303


@pytest.mark.parametrize("name", ["ada", "oscar"])
def test_a_lead_that_the_client_does_not_have_is_not_reviewed(desk: DeskWorld, name: str) -> None:
    lead_id = desk.world.take(company_size="1-50")
    answer = send(desk, name, lead_id, "review", action="accept", stated="yes")
    assert answer.status_code == (422 if name == "ada" else 404)
    assert lead(desk, lead_id).review == "disqualified"


def test_an_unknown_act_is_refused(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    answer = send(desk, "carol", lead_id, "review", action="burn")
    assert (answer.status_code, "Use one of the buttons." in answer.text) == (422, True)
