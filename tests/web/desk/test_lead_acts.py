"""What can be done on the page of a lead: each act, its refusal, and a second click."""

import re
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from capture.closing.close import close_month
from capture.intake.quarantine import hold_back
from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.lead.model import Lead
from capture.ledger.types import Note
from capture.privacy.erase import erase_leads
from capture.review.acts import find_lead
from tests.samples import ANSWERS, NOW, PARTIES, consent_to
from tests.web.desk.conftest import DeskWorld, words

SIGNALS = [{"name": "network", "weight": 9, "leads": 7, "minutes": 60}]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def send(
    desk: DeskWorld, name: str, lead_id: str, act: str, *, once: str | None = None, **values: object
) -> TestResponse:
    """Opens the lead's page and sends one of its forms."""
    found = re.search(r'name="once" value="(\w+)"', desk.user(name).get(f"/leads/{lead_id}").text)
    fresh = found[1] if found else "none"
    return desk.user(name).post(f"/leads/{lead_id}/{act}", once=once or fresh, **values)


def later(desk: DeskWorld, time: timedelta) -> None:
    """Lets time pass. Everybody has to log in again then."""
    desk.clock.shift(time)
    desk.log_out()


def lead(desk: DeskWorld, lead_id: str) -> Lead:
    return desk.world.ledger.read(lambda reading: find_lead(reading, lead_id))


def notes(desk: DeskWorld, lead_id: str) -> list[Note]:
    return list(desk.world.ledger.read(lambda reading: reading.people.notes(lead_id)))


def spam(desk: DeskWorld) -> str:
    terms = desk.world.terms["guide"]
    sent = Submission(
        dict(ANSWERS), consent_to(terms.version), spam_signals=("honeypot", "too_fast")
    )
    taken = desk.world.ledger.transact(lambda r: receive_submission(r, terms, sent, NOW))
    assert lead(desk, taken.lead_id).review == "spam"
    return taken.lead_id


def held_back(desk: DeskWorld) -> str:
    lead_id = desk.world.take()
    desk.world.ledger.transact(
        lambda records: hold_back(records, find_lead(records, lead_id), SIGNALS, NOW)
    )
    return lead_id


@pytest.mark.parametrize(("action", "stage"), [("release", "qualified"), ("discard", "discarded")])
def test_the_agency_releases_or_discards_a_lead_in_quarantine(
    desk: DeskWorld, action: str, stage: str
) -> None:
    lead_id = held_back(desk)
    answer = send(desk, "ada", lead_id, "quarantine", action=action, note="I called them")
    assert (answer.status_code, answer.location) == (303, f"/desk/leads/{lead_id}")
    assert lead(desk, lead_id).review == stage
    assert notes(desk, lead_id)[-1].author == "ada"
    text = desk.user("ada").text(f"/leads/{lead_id}")
    assert f"The lead was {action.rstrip('e')}ed." in text
    assert "ada (the agency)" in text
    again = send(desk, "ada", lead_id, "quarantine", action=action)
    assert again.status_code == 409
    assert "only a lead in quarantine can be released or discarded" in words(again)


def test_a_second_click_has_no_second_effect_and_gets_the_same_answer(desk: DeskWorld) -> None:
    lead_id = held_back(desk)
    for _ in range(2):
        answer = send(desk, "ada", lead_id, "quarantine", once="a" * 32, action="release")
        assert answer.status_code == 303
    assert desk.world.kinds(lead_id).count("released") == 1
    other = send(desk, "ada", lead_id, "quarantine", once="a" * 32, action="discard")
    assert other.status_code == 409
    assert "This form was sent already, with other content." in words(other)


def test_a_corrected_answer_is_judged_again(desk: DeskWorld) -> None:
    lead_id = desk.world.take(company_size="51-100")
    answers = {
        "answer-full_name": "Ann Lee",
        "answer-email": desk_email(desk, lead_id),
        "answer-company_size": "101+",
        "answer-phone": "",
    }
    answer = send(desk, "ada", lead_id, "correction", note="a typing error", **answers)
    assert answer.status_code == 303
    text = desk.user("ada").text(f"/leads/{lead_id}")
    assert "Corrected: Company size. The lead was judged again." in text
    assert "The agency corrected Company size. It was judged again." in text
    assert lead(desk, lead_id).review == "qualified"
    same = send(desk, "ada", lead_id, "correction", **answers)
    assert same.status_code == 422
    assert "has these answers already" in words(same)


def desk_email(desk: DeskWorld, lead_id: str) -> str:
    data = desk.world.ledger.read(lambda reading: reading.people.personal_data(lead_id))
    assert data is not None
    return str(data.answers["email"])


def test_a_faulty_correction_says_why_and_keeps_what_was_typed(desk: DeskWorld) -> None:
    lead_id = desk.world.take(company_size="51-100")
    answer = send(
        desk,
        "ada",
        lead_id,
        "correction",
        **{
            "answer-full_name": "Ann",
            "answer-email": "no address",
            "answer-company_size": "101+",
            "answer-phone": "",
        },
    )
    assert answer.status_code == 422
    assert 'value="no address"' in answer.text
    assert 'Email = "no address": Enter your work e-mail' in words(answer)
    assert lead(desk, lead_id).review == "disqualified"


def test_a_decided_lead_cannot_be_corrected(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    html = desk.user("ada").get(f"/leads/{lead_id}").text
    assert "Correct the answers" in html
    later(desk, 3 * DAY)  # silence accepts it
    assert "Correct the answers" not in desk.user("ada").get(f"/leads/{lead_id}").text
    answer = send(desk, "ada", lead_id, "correction", **{"answer-company_size": "1-50"})
    assert answer.status_code == 422
    assert "cannot be corrected any more" in words(answer)


def test_spam_is_marked_as_not_spam_only_if_the_agency_says_so(desk: DeskWorld) -> None:
    lead_id = spam(desk)
    answers = {
        "answer-full_name": "Ann Lee",
        "answer-email": "ann@clinic.example",
        "answer-company_size": "101+",
    }
    refused = send(desk, "ada", lead_id, "correction", **answers)
    assert refused.status_code == 422
    assert "mark it as not spam first" in words(refused)
    assert send(desk, "ada", lead_id, "correction", not_spam="yes", **answers).status_code == 303
    assert lead(desk, lead_id).review == "qualified"
    assert lead(desk, lead_id).needs_explicit_acceptance
    assert "The agency marked the lead as sent by a real person." in desk.user("ada").text(
        f"/leads/{lead_id}"
    )


def test_a_meeting_is_arranged_and_held(desk: DeskWorld) -> None:
    lead_id = desk.world.take("booked")
    at = "2026-11-23T17:30"
    answer = send(desk, "carol", lead_id, "outcome", outcome="scheduled", at=at)
    assert answer.status_code == 303
    text = desk.user("carol").text(f"/leads/{lead_id}")
    assert "A meeting was arranged. Meeting: 23 Nov 2026, 17:30" in text
    assert lead(desk, lead_id).review == "accepted"  # a billable outcome of the client accepts it
    assert 'value="held"' not in desk.user("carol").get(f"/leads/{lead_id}").text
    early = send(desk, "carol", lead_id, "outcome", outcome="held")
    assert early.status_code == 422
    desk.clock.shift(4 * HOUR)
    assert send(desk, "carol", lead_id, "outcome", outcome="held").status_code == 303
    assert lead(desk, lead_id).appointment == "held"


def test_a_sale_needs_an_amount_and_is_recorded_once(desk: DeskWorld) -> None:
    lead_id = desk.world.take("guide")
    without = send(desk, "ada", lead_id, "outcome", outcome="won", amount="")
    assert without.status_code == 422
    assert "Amount: say how much, net of tax" in words(without)
    vague = send(desk, "ada", lead_id, "outcome", outcome="won", amount="1,234", note="by phone")
    assert "its comma may separate thousands or decimals" in words(vague)
    assert 'value="1,234"' in vague.text
    assert "by phone</textarea>" in vague.text
    for _ in range(2):
        answer = send(
            desk,
            "ada",
            lead_id,
            "outcome",
            once="b" * 32,
            outcome="won",
            amount="1200",
            stated="yes",
        )
        assert answer.status_code == 303
    assert desk.world.kinds(lead_id).count("won") == 1
    text = desk.user("ada").text(f"/leads/{lead_id}")
    assert "ada (the agency) for the client The person bought. Amount: $1,200.00" in text
    assert "The agency for the client The person bought." in desk.user("carol").text(
        f"/leads/{lead_id}"
    )


def test_a_similar_outcome_is_recorded_again_only_if_the_user_says_so(desk: DeskWorld) -> None:
    lead_id = desk.world.take("sales")
    assert send(desk, "carol", lead_id, "outcome", outcome="won", amount="900").status_code == 303
    paid = {"outcome": "revenue", "amount": "90", "period": "2026-12-01"}
    assert send(desk, "carol", lead_id, "outcome", **paid).status_code == 303
    again = send(desk, "carol", lead_id, "outcome", **paid)
    assert again.status_code == 422
    assert "the same revenue is recorded already" in words(again)
    assert 'name="again"' in again.text
    assert send(desk, "carol", lead_id, "outcome", again="yes", **paid).status_code == 303


def test_an_outcome_of_a_lead_that_is_not_delivered_is_refused(desk: DeskWorld) -> None:
    lead_id = desk.world.take(company_size="1-50")
    assert 'name="outcome"' not in desk.user("ada").get(f"/leads/{lead_id}").text
    answer = send(desk, "ada", lead_id, "outcome", outcome="won", amount="1")
    assert answer.status_code == 409
    assert "only a qualified or accepted lead can be won" in words(answer)


def test_a_closed_month_takes_no_more_revenue_and_no_correction(desk: DeskWorld) -> None:
    lead_id = desk.world.take("sales")
    send(desk, "carol", lead_id, "outcome", outcome="won", amount="900")
    paid = {"outcome": "revenue", "amount": "90", "period": "2026-11-23"}
    assert send(desk, "carol", lead_id, "outcome", **paid).status_code == 303
    later(desk, 14 * DAY)
    close = NOW + 14 * DAY
    desk.world.ledger.transact(
        lambda r: close_month(r, "acme", PARTIES, "2026-11", close, by="Ada")
    )
    text = desk.user("ada").text(f"/leads/{lead_id}")
    assert "Billed on acme-0001" in text
    assert 'href="/desk/statements/acme-0001"' in desk.user("ada").get(f"/leads/{lead_id}").text
    more = send(desk, "ada", lead_id, "outcome", **{**paid, "amount": "50"})
    assert more.status_code == 422
    assert "is on statement acme-0001; more for it is a debit note" in words(more)
    answer = send(desk, "ada", lead_id, "correction", **{"answer-company_size": "1-50"})
    assert answer.status_code == 422
    assert "only a credit note corrects its statement" in words(answer)


def test_a_time_is_in_the_zone_of_the_readers_browser(desk: DeskWorld) -> None:
    browser = desk.browser()
    browser.get("/login")
    browser.post("/login", name="carol", passphrase="four easy words here", zone="America/New_York")
    lead_id = desk.world.take("booked")
    browser.get(f"/leads/{lead_id}")
    browser.post(f"/leads/{lead_id}/outcome", outcome="scheduled", at="2026-11-24T09:30")
    meeting = lead(desk, lead_id).meeting_at
    assert meeting is not None
    assert meeting.isoformat() == "2026-11-24T14:30:00+00:00"


def test_an_outcome_of_the_agency_can_be_objected_to_until_it_is_final(desk: DeskWorld) -> None:
    lead_id = desk.world.take("booked")
    send(desk, "ada", lead_id, "outcome", outcome="scheduled", at="2026-11-25T10:00")
    text = desk.user("carol").text(f"/leads/{lead_id}")
    assert "Object to the outcome" in text
    assert "Possible until 25 Nov 2026, 15:00 . Times are in Coordinated Universal Time" in text
    no_reason = send(desk, "carol", lead_id, "outcome", outcome="objected")
    assert no_reason.status_code == 422
    done = send(desk, "carol", lead_id, "outcome", outcome="objected", reason="too_small")
    assert done.status_code == 303
    assert lead(desk, lead_id).appointment == "objected"


def test_a_client_counts_as_notified_of_a_lead_on_which_it_acts(desk: DeskWorld) -> None:
    lead_id = desk.world.take("notified")
    desk.user("carol").get(f"/leads/{lead_id}")
    assert not lead(desk, lead_id).notified  # opening the page is no notice
    send(desk, "carol", lead_id, "outcome", outcome="lost")
    assert lead(desk, lead_id).notified


def test_a_note_is_stored_once_and_refused_if_it_is_blank_or_long(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    for _ in range(2):
        answer = send(desk, "ada", lead_id, "note", once="c" * 32, note="call on Monday")
        assert answer.status_code == 303
    assert [note.text for note in notes(desk, lead_id)] == ["call on Monday"]
    assert send(desk, "ada", lead_id, "note", note=" ").status_code == 422
    long = send(desk, "ada", lead_id, "note", note="x" * 2001)
    assert (long.status_code, "longer than 2000 characters" in long.text) == (422, True)
    desk.world.ledger.transact(lambda records: erase_leads(records, [lead_id], NOW))
    assert "Write a note" not in desk.user("ada").get(f"/leads/{lead_id}").text
    assert send(desk, "ada", lead_id, "note", note="more").status_code == 422


@pytest.mark.parametrize("act", ["quarantine", "correction", "note"])
def test_acts_of_the_agency_are_not_for_clients_and_viewers(desk: DeskWorld, act: str) -> None:
    lead_id = held_back(desk)
    for name in ("carol", "vera"):
        desk.user(name).get("/no/such/page")  # for the token of its form
        answer = desk.user(name).post(f"/leads/{lead_id}/{act}", action="release", note="x")
        assert answer.status_code == 403
    assert lead(desk, lead_id).review == "held_back"


def test_the_forms_of_the_agency_are_not_on_the_clients_page(desk: DeskWorld) -> None:
    html = desk.user("carol").get(f"/leads/{desk.world.take()}").text
    for words_ in ("Correct the answers", "Write a note", "quarantine", "told us"):
        assert words_ not in html


def test_nobody_acts_on_a_lead_of_another_client(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    answer = send(desk, "oscar", lead_id, "outcome", outcome="lost")
    assert answer.status_code == 404
    assert lead(desk, lead_id).sale == "none"


def test_a_lead_that_is_being_checked_takes_no_outcome_of_the_client(desk: DeskWorld) -> None:
    lead_id = held_back(desk)
    answer = send(desk, "carol", lead_id, "outcome", outcome="lost")
    assert answer.status_code == 409
    assert "The agency is checking this lead now, so nothing can be recorded." in words(answer)
    assert "quarantine" not in answer.text
