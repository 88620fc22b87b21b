"""The page of a lead: what the agency reads, and the smaller part for the client."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from capture.intake.quarantine import discard, hold_back
from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.lead.consent import Consent
from capture.lead.events import Actor
from capture.ledger.messages import Channel, NewMessage
from capture.ledger.protocol import WriteTransaction
from capture.ledger.types import Note
from capture.privacy.erase import erase_leads
from capture.privacy.withdraw import withdraw_consent
from capture.review.acts import Act, dispute, find_lead, reject
from capture.review.notes import write_note
from tests.samples import ANSWERS, NOW, consent_to
from tests.web.desk.conftest import DeskWorld

SIGNALS = [{"name": "network", "weight": 2, "leads": 7, "minutes": 60}]


def record(desk: DeskWorld, work: Callable[[WriteTransaction], object]) -> None:
    desk.world.ledger.transact(work)


def page(desk: DeskWorld, name: str, lead_id: str) -> str:
    answer = desk.user(name).get(f"/leads/{lead_id}")
    assert answer.status_code == 200, answer.text
    return desk.user(name).text(f"/leads/{lead_id}")


def test_the_agency_reads_answers_verdict_consent_visits_and_timeline(desk: DeskWorld) -> None:
    lead_id = desk.world.take(phone="+12125550100")
    text = page(desk, "ada", lead_id)
    for words in (
        *("Ann Lee", "Qualified", "If the client does not answer before the deadline"),
        *("Deadline: 25 Nov 2026, 15:00", "Work e-mail", "+1 212 555 0100"),
        *("Yes Company size is at least 101 answered 101+", "I agree that Acme may call me."),
        *(desk.world.terms["guide"].version[:12], "First visit Page /first Came from"),
        *("Source mail", "The person sent the form.", "It meets every criterion"),
        *("Gatepost", "Next due 25 Nov 2026, 15:00", "No statement yet", "None yet."),
        "Times are in Coordinated Universal Time (UTC).",
    ):
        assert words in text, words
    html = desk.user("ada").get(f"/leads/{lead_id}").text
    assert 'href="mailto:ann@clinic' in html
    assert 'href="tel:+12125550100"' in html


def test_an_answer_that_could_not_be_checked_is_marked_and_is_no_link(desk: DeskWorld) -> None:
    terms = desk.world.terms["guide"]
    sent = Submission(dict(ANSWERS), consent_to(terms.version), unverified={"phone": "555 call"})
    lead = desk.world.ledger.transact(lambda r: receive_submission(r, terms, sent, NOW))
    for name in ("ada", "carol"):
        assert "555 call (could not be checked)" in page(desk, name, lead.lead_id)
    assert "tel:" not in desk.user("ada").get(f"/leads/{lead.lead_id}").text


def test_the_rule_that_is_not_met_is_named(desk: DeskWorld) -> None:
    text = page(desk, "ada", desk.world.take(company_size="51-100"))
    assert "Disqualified It does not meet every criterion. It is not delivered" in text
    assert "No Company size is at least 101 answered 51-100" in text


def test_names_and_notes_of_acts_are_for_the_agency_only(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    by_client = Act(lead_id, "Bob of Acme", Actor.CLIENT, "ten people at most")
    by_agency = Act(lead_id, "Ada", Actor.AGENCY, "they lie")
    record(desk, lambda r: reject(r, by_client, "too_small", NOW))
    record(desk, lambda r: dispute(r, by_agency, NOW + timedelta(hours=1)))
    text = page(desk, "ada", lead_id)
    assert "Bob of Acme (the client) The lead was rejected. Reason: The company is smaller" in text
    assert "Ada (the agency) The agency disputes the rejection. they lie" in text
    assert "ten people at most" in text
    own = page(desk, "carol", lead_id)
    assert "The client The lead was rejected. Reason: The company is smaller than it said." in own
    assert "The agency The agency disputes the rejection." in own
    assert "they lie" not in own
    assert "Ada (" not in own


def test_a_note_of_the_agency_is_never_shown_to_the_client(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    record(desk, lambda r: write_note(r, lead_id, "Ada", "call them on Monday", NOW))
    # Notes from before notes were events.
    record(desk, lambda r: r.people.save_note(Note(lead_id, "note", "Eve", "an old one", NOW)))
    text = page(desk, "ada", lead_id)
    assert text.count("A note of the agency.") == 2
    assert "Ada (the agency) A note of the agency. call them on Monday" in text
    assert "Eve (the agency) A note of the agency. an old one" in text
    own = page(desk, "carol", lead_id)
    assert "call them" not in own
    assert "note of the agency" not in own
    assert desk.world.kinds(lead_id)[-1] == "noted"
    assert "noted" not in desk.world.get(f"/api/v1/leads/{lead_id}").text


def test_who_erased_the_data_is_in_the_timeline_of_the_agency_alone(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    record(desk, lambda r: erase_leads(r, [lead_id], NOW, address="", by="ada"))
    erased = "The personal data was erased on request."
    assert f"ada (the agency) {erased}" in page(desk, "ada", lead_id)
    assert f"The agency {erased}" in page(desk, "carol", lead_id)
    assert '"by"' not in desk.world.get(f"/api/v1/leads/{lead_id}").text


def test_the_text_of_a_note_is_erased_with_the_lead_and_its_event_stays(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    record(desk, lambda r: write_note(r, lead_id, "Ada", "call them on Monday", NOW))
    record(desk, lambda r: erase_leads(r, [lead_id], NOW))
    text = page(desk, "ada", lead_id)
    assert "ada (the agency) A note of the agency." in text  # a user of the desk stays known
    assert "call them" not in text
    assert "Ada (" not in text
    assert desk.world.ledger.verify().problems == ()


def test_risk_signals_weights_and_deliveries_are_for_the_agency_only(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    message = NewMessage(
        key="k",
        channel=Channel.MAIL,
        kind="lead_notice",
        recipient="leads@acme.example",
        queued_at=NOW,
        due_at=NOW,
        lead_id=lead_id,
    )

    def work(records: WriteTransaction) -> None:
        hold_back(records, find_lead(records, lead_id), SIGNALS, NOW)
        records.outbox.queue(message)

    record(desk, work)
    text = page(desk, "ada", lead_id)
    sentence = "7 companies or mailboxes sent the form from one network within an hour."
    assert "Risk signals No signal is proof. A lead goes into quarantine if" in text
    assert f"{sentence} 2 Sum 2" in text
    assert f"The lead went back into quarantine. {sentence}" in text
    assert "Lead notice letter leads@acme.example waiting" in text
    own = page(desk, "carol", lead_id)
    assert "Being checked by the agency" in own
    for secret in ("network", "Risk", "Weight", "quarantine", "lead_notice", "leads@acme"):
        assert secret not in own, secret


def test_a_client_sees_only_the_facts_of_visits_that_its_api_shows(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    assert "secret" in page(desk, "ada", lead_id)  # the click id
    own = page(desk, "carol", lead_id)
    assert "First visit Page /first Source mail" in own
    for hidden in ("secret", "r.example", "Next due", "On the page"):
        assert hidden not in own, hidden


@pytest.mark.parametrize("answers", [{"company_size": "1-50"}, {}])
def test_a_client_gets_no_page_of_a_lead_that_it_may_not_see(
    desk: DeskWorld, answers: dict[str, str]
) -> None:
    lead_id = desk.world.take("guide", **answers)
    for name in ("oscar", *(["carol"] if answers else [])):
        answer = desk.user(name).get(f"/leads/{lead_id}")
        assert answer.status_code == 404
        assert "There is no such lead." in answer.text
        assert "Ann Lee" not in answer.text
    assert desk.user("vera").get(f"/leads/{lead_id}").status_code == 403


def test_an_unknown_id_and_the_beginning_of_one_are_not_found(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    for path in ("/leads/nobody", f"/leads/{lead_id[:6]}"):
        for name in ("ada", "carol"):
            assert desk.user(name).get(path).status_code == 404


def test_a_lead_that_was_removed_is_shown_as_removed_without_personal_data(
    desk: DeskWorld,
) -> None:
    lead_id = desk.world.take()
    record(desk, lambda r: hold_back(r, find_lead(r, lead_id), SIGNALS, NOW))
    record(desk, lambda r: discard(r, lead_id, "Ada", NOW))
    answer = desk.user("carol").get(f"/leads/{lead_id}")
    assert answer.status_code == 404
    assert "The agency has removed this lead. It costs nothing." in answer.text
    assert "Ann Lee" not in answer.text


def test_other_leads_of_the_person_are_all_for_the_agency_and_few_for_the_client(
    desk: DeskWorld,
) -> None:
    email = "ann@clinic-north.example"
    first = desk.world.take("booked", email=email)
    refused = desk.world.take(email="bob@clinic-north.example", company_size="1-50")
    lead_id = desk.world.take("guide", email=email)
    html = desk.user("ada").get(f"/leads/{lead_id}").text
    assert f'href="/desk/leads/{refused}"' in html
    own = desk.user("carol").get(f"/leads/{lead_id}").text
    for other in (first, refused):
        assert other not in own


def test_erased_leads_show_what_is_left(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    record(desk, lambda r: erase_leads(r, [lead_id], NOW))
    for name in ("ada", "carol"):
        text = page(desk, name, lead_id)
        assert f"Lead {lead_id}" in text
        assert "The personal data was erased" in text
        assert "Company size is at least 101" in text
        assert "Ann Lee" not in text


def test_a_test_lead_and_a_withdrawn_consent_are_marked(desk: DeskWorld) -> None:
    lead_id = desk.world.take(test=True)
    assert "This is a test lead." in page(desk, "ada", lead_id)
    assert "This is a test lead." in page(desk, "carol", lead_id)
    real = desk.world.take()
    record(desk, lambda r: withdraw_consent(r, real, NOW))
    for name in ("ada", "carol"):
        text = page(desk, name, real)
        assert "do not contact them any more" in text
        assert "I agree that Acme" not in desk.user("carol").text(f"/leads/{real}")


def test_the_lawful_basis_is_shown_instead_of_a_consent(desk: DeskWorld) -> None:
    terms = desk.world.terms["guide"]
    consent = Consent(given=False, version=None, basis="consent signed at the stand")
    sent = Submission(dict(ANSWERS), consent, source="fair")
    lead = desk.world.ledger.transact(lambda r: receive_submission(r, terms, sent, NOW))
    text = page(desk, "ada", lead.lead_id)
    assert "Lawful basis, as the agency stated it: consent signed at the stand" in text
    assert "The lead was imported. Source: fair." in text


def test_each_look_at_a_lead_is_in_the_access_log(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    for name in ("ada", "carol", "oscar"):
        desk.user(name).get(f"/leads/{lead_id}")
    looks = desk.world.ledger.read(lambda reading: list(reading.users.accesses(limit=9)))
    assert {(look.page, look.lead_id) for _, look in looks} == {("lead", lead_id)}
    assert len(looks) == 2


def test_text_of_a_visitor_is_escaped(desk: DeskWorld) -> None:
    lead_id = desk.world.take(full_name='<img src=x onerror="alert(1)">')
    for name in ("ada", "carol"):
        assert "<img src=x" not in desk.user(name).get(f"/leads/{lead_id}").text
