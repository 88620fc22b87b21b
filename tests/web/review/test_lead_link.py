"""The review of one lead through the link in a client's letter, without an account."""

from datetime import timedelta

import pytest

from capture.lead.events import Actor, EventKind
from capture.ledger.types import Note
from capture.privacy.withdraw import withdraw_consent
from capture.review.acts import Act, accept, reject
from tests.samples import NOW, later_event
from tests.web.review.conftest import COLLEAGUE, CONTACT, Letterbox

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def last_note(box: Letterbox, lead_id: str) -> Note:
    return box.world.ledger.read(lambda reading: reading.people.notes(lead_id))[-1]


def by_agency(box: Letterbox, lead_id: str, kind: str) -> None:
    act = Act(lead_id, "Ada", Actor.AGENCY)
    box.world.ledger.transact(
        lambda records: (
            accept(records, act, NOW)
            if kind == "accept"
            else reject(records, act, "too_small", NOW)
        )
    )


def test_the_page_shows_the_lead_and_what_each_button_does(box: Letterbox) -> None:
    text = box.text(box.lead_link(box.world.take()))
    for words in (
        "Ann Lee",
        "Work e-mail",
        "mailto:ann@clinic",
        "I agree that Acme may call me.",
        "2 days left",
        "If nobody answers until Wednesday, 25 November 2026, 10:00 (Eastern Standard Time)",
        "Accepting ends the review and costs $50.00, net of tax.",
        "Rejecting ends the review and costs nothing.",
        "The company is smaller than it said.",
        "You act for Acme Cloud as leads@acme-cloud.example.com.",
    ):
        assert words in text


def test_the_page_says_that_the_consent_was_withdrawn(box: Letterbox) -> None:
    lead_id = box.world.take()
    ledger = box.world.ledger
    ledger.transact(lambda records: withdraw_consent(records, lead_id, NOW))
    waiting = box.text(box.lead_link(lead_id))
    assert "do not contact them any more. This lead has no deadline." in waiting
    assert "Withdrawn: do not contact this person any more." in waiting
    assert "I agree that Acme may call me." not in waiting
    box.send(box.lead_link(lead_id), "accept")
    assert "do not contact them any more. Recorded on" in box.text(box.lead_link(lead_id))


def test_opening_a_link_is_no_notice_and_changes_nothing(box: Letterbox) -> None:
    lead_id = box.world.take("notified")
    head = box.head()
    for method in ("GET", "HEAD", "OPTIONS"):
        for path in (box.lead_link(lead_id), box.list_link(), f"{box.list_link()}/{lead_id}"):
            assert box.open(path, method).status_code == 200
    assert box.head() == head
    assert "Opening this page is no notice." in box.text(box.lead_link(lead_id))


def test_an_acceptance_is_recorded_under_the_contact(box: Letterbox) -> None:
    lead_id = box.world.take()
    link = box.lead_link(lead_id)
    sent = box.send(link, "accept")
    assert (sent.status_code, sent.location) == (303, link)
    event = box.last_event(lead_id)
    assert (event.kind, event.actor) == (EventKind.ACCEPTED, Actor.CLIENT)
    assert last_note(box, lead_id).author == CONTACT
    text = box.text(link)
    assert "You accepted it" in text
    assert "Accept this lead" not in text


def test_a_decision_notifies_of_the_lead_so_that_an_undo_leaves_a_window(box: Letterbox) -> None:
    lead_id = box.world.take("notified")
    link = box.lead_link(lead_id)
    box.send(link, "accept")
    box.send(link, "undo")
    assert box.world.kinds(lead_id)[-3:] == ["notified", "accepted", "withdrawn"]
    assert "2 days left" in box.text(link)


def test_a_lead_that_silence_never_accepts_says_so(box: Letterbox) -> None:
    lead_id = box.world.take()
    event = later_event(lead_id, EventKind.BOUNCED)
    box.world.ledger.transact(lambda records: records.append(event))
    link = box.lead_link(lead_id)
    text = box.text(link)
    assert "A mail server refused the person's e-mail address." in text
    assert "Silence never accepts it" in text
    assert " left</h2>" not in text
    box.send(link, "accept")
    box.wait(47 * HOUR)
    assert "Ann Lee" in box.text(link)
    box.wait(HOUR)
    assert "Ann Lee" not in box.text(link)


def test_a_rejection_needs_a_reason_of_the_campaign_and_keeps_the_note(box: Letterbox) -> None:
    lead_id = box.world.take()
    link = box.lead_link(lead_id)
    for reason in ("", "dull"):
        answer = box.send(link, "reject", reason=reason, note="seven people")
        assert answer.status_code == 422
        assert "Choose one of the reasons." in answer.text
        assert "seven people</textarea>" in answer.text
    assert box.send(link, "reject", reason="too_small", note=" seven people ").status_code == 303
    assert last_note(box, lead_id).text == "seven people"
    assert "The reason: The company is smaller than it said." in box.text(link)
    assert box.world.kinds(lead_id)[-1] == "rejected"


def test_a_too_long_note_is_refused_and_kept(box: Letterbox) -> None:
    lead_id = box.world.take()
    note = "x" * 2001
    answer = box.send(box.lead_link(lead_id), "reject", reason="too_small", note=note)
    assert answer.status_code == 422
    assert note in answer.text
    assert box.world.kinds(lead_id)[-1] == "qualified"


def test_a_note_is_cleaned_and_a_line_end_counts_once(box: Letterbox) -> None:
    lead_id = box.world.take()
    note = "\r\n".join(["x"] * 1000) + "\0\u202e"
    sent = box.send(box.lead_link(lead_id), "reject", reason="too_small", note=note)
    assert sent.status_code == 303
    assert last_note(box, lead_id).text == "\n".join(["x"] * 1000)


def test_a_repeated_post_changes_nothing(box: Letterbox) -> None:
    lead_id = box.world.take()
    link = box.lead_link(lead_id)
    box.send(link, "accept")
    head = box.head()
    assert box.send(link, "accept").status_code == 303
    assert box.send(box.lead_link(lead_id, to=COLLEAGUE), "accept").status_code == 303
    assert box.head() == head


def test_a_review_can_be_undone_for_ten_seconds(box: Letterbox) -> None:
    lead_id = box.world.take()
    link = box.lead_link(lead_id)
    box.send(link, "accept")
    assert "You can undo it until 10:00:10 (Eastern Standard Time)." in box.text(link)
    box.wait(10 * SECOND)
    assert box.send(link, "undo").status_code == 303
    assert box.send(link, "undo").status_code == 303  # a double click
    assert box.world.kinds(lead_id)[-2:] == ["accepted", "withdrawn"]
    assert "Waits for you" in box.text(link)


def test_a_late_undo_is_answered_with_a_sentence(box: Letterbox) -> None:
    lead_id = box.world.take()
    link = box.lead_link(lead_id)
    box.send(link, "reject", reason="too_small")
    box.wait(11 * SECOND)
    assert "undo it until" not in box.text(link)
    answer = box.send(link, "undo")
    assert answer.status_code == 409
    assert "a review can be undone for ten seconds" in answer.text
    assert box.world.kinds(lead_id)[-1] == "rejected"


def test_only_the_person_who_reviewed_can_undo(box: Letterbox) -> None:
    lead_id = box.world.take()
    box.send(box.lead_link(lead_id), "accept")
    other = box.lead_link(lead_id, to=COLLEAGUE)
    text = box.text(other)
    assert "Your company accepted it" in text
    assert "undo it until" not in text
    assert box.send(other, "undo").status_code == 409


def test_an_opposite_answer_after_a_decision_is_refused_with_the_state(box: Letterbox) -> None:
    lead_id = box.world.take()
    link = box.lead_link(lead_id)
    box.send(link, "accept")
    answer = box.send(link, "reject", reason="too_small")
    assert answer.status_code == 409
    assert "Your answer was not recorded" in answer.text
    assert "You accepted it" in answer.text


def test_the_link_ends_with_the_window(box: Letterbox) -> None:
    """After it the page says where the review stands, and shows nothing about the person."""
    lead_id = box.world.take()
    link = box.lead_link(lead_id)
    box.wait(48 * HOUR - SECOND)
    assert "less than a minute left" in box.text(link)
    box.wait(SECOND)
    text = box.text(link)
    assert "Silence accepted it" in text
    assert "Nobody answered until Wednesday, 25 November 2026, 10:00" in text
    assert "Ann" not in text
    assert "clinic" not in text
    assert box.send(link, "reject", reason="too_small").status_code == 409
    assert box.world.kinds(lead_id)[-1] == "qualified"


def test_a_decided_lead_is_shown_until_the_window_ends(box: Letterbox) -> None:
    link = box.lead_link(box.world.take())
    box.send(link, "accept")
    box.wait(47 * HOUR)
    assert "Ann Lee" in box.text(link)
    box.wait(HOUR)
    text = box.text(link)
    assert "You accepted it" in text
    assert "Ann Lee" not in text


@pytest.mark.parametrize("kind", ["accept", "reject"])
def test_the_client_may_object_to_what_the_agency_entered(box: Letterbox, kind: str) -> None:
    lead_id = box.world.take()
    by_agency(box, lead_id, kind)
    link = box.lead_link(lead_id)
    text = box.text(link)
    assert f"The agency {kind}ed it for you" in text
    opposite = {"accept": "reject", "reject": "accept"}[kind]
    assert f"{opposite.title()} this lead" in text
    assert box.send(link, opposite, reason="too_small").status_code == 303
    assert box.world.kinds(lead_id)[-1] == f"{opposite}ed"


def test_what_the_agency_entered_becomes_final(box: Letterbox) -> None:
    lead_id = box.world.take()
    by_agency(box, lead_id, "accept")
    box.wait(48 * HOUR)
    text = box.text(box.lead_link(lead_id))
    assert "The agency accepted it for you" in text
    assert "It has been final since Wednesday, 25 November 2026, 10:00" in text
    assert "Silence accepted it" not in text
    assert "<button" not in text


def test_a_link_dies_when_the_contact_is_taken_off_the_clients_file(box: Letterbox) -> None:
    lead_id = box.world.take()
    link, other = box.lead_link(lead_id), box.lead_link(lead_id, to=COLLEAGUE)
    box.replace_contact(CONTACT, "new@acme-cloud.example.com")
    answer = box.open(link)
    assert answer.status_code == 410
    assert "not on your company&#39;s list of contacts any more" in answer.text
    assert box.send(link, "accept").status_code == 410
    assert box.open(other).status_code == 200
    assert box.world.kinds(lead_id)[-1] == "qualified"


def test_a_foreign_unknown_or_hidden_lead_is_not_shown(box: Letterbox) -> None:
    rival = box.world.take("rival")
    unqualified = box.world.take(company_size="1-50")
    answers = [box.open(box.lead_link(lead_id)) for lead_id in (rival, unqualified, "unknown")]
    assert {answer.status_code for answer in answers} == {410}
    assert len({answer.text for answer in answers}) == 1
    assert box.send(box.lead_link(rival), "accept").status_code == 410
    assert box.world.kinds(rival)[-1] == "qualified"


def test_an_invalid_or_old_link_gets_a_message(box: Letterbox) -> None:
    lead_id = box.world.take()
    link = box.lead_link(lead_id)
    for wrong in ("/r/x", link[:-1], f"{link}/{lead_id}", "/r/a.b.c"):
        assert box.open(wrong).status_code == 404, wrong
        assert box.send(wrong, "accept").status_code == 404
    box.wait(timedelta(days=91))
    answer = box.open(link)
    assert answer.status_code == 410
    assert "This link has ended." in answer.text


def test_a_form_of_another_site_is_refused(box: Letterbox) -> None:
    lead_id = box.world.take()
    link, client = box.lead_link(lead_id), box.world.app.test_client()
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 303)):
        headers = {"Sec-Fetch-Site": site}
        answer = client.post(link, data={"action": "accept"}, headers=headers)
        assert answer.status_code == status
    assert box.world.kinds(lead_id)[-1] == "accepted"


def test_an_unknown_action_changes_nothing(box: Letterbox) -> None:
    lead_id = box.world.take()
    head = box.head()
    assert box.send(box.lead_link(lead_id), "settle").status_code == 422
    assert box.open(box.lead_link(lead_id), "DELETE").status_code == 405
    assert box.head() == head


def test_no_page_lets_the_token_out(box: Letterbox) -> None:
    """No script runs, no other host is asked, and neither cache nor referrer keeps the address."""
    lead_id = box.world.take()
    token = box.lead_link(lead_id).split("/")[2]
    paths = [box.lead_link(lead_id), box.list_link(), "/r/x", f"/r/{token}/a/b/c"]
    for path in paths:
        answer = box.open(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers
        assert "<script" not in answer.text
        assert 'name="referrer" content="no-referrer"' in answer.text
    for path in paths[:3]:
        answer = box.open(path)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex"


def test_hostile_answers_are_inert(box: Letterbox) -> None:
    hostile = "<script>alert(1)</script>\u202e"
    lead_id = box.world.take(full_name=hostile)
    page = box.open(box.lead_link(lead_id)).text
    assert "<script" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("slug", ["guide", "notified"])
def test_a_test_lead_can_be_reviewed_and_costs_nothing(box: Letterbox, slug: str) -> None:
    lead_id = box.world.take(slug, test=True)
    link = box.lead_link(lead_id)
    text = box.text(link)
    assert "It is counted nowhere and never billed." in text
    assert "Accepting ends the review and costs nothing: it is a test." in text
    assert box.send(link, "accept").status_code == 303
    assert box.world.kinds(lead_id)[-1] == "accepted"


def test_an_erased_lead_says_so(box: Letterbox) -> None:
    lead_id = box.world.take()
    box.erase(lead_id)
    text = box.text(box.lead_link(lead_id))
    assert "The person's data were erased." in text
    assert f"Lead {lead_id}" in text
    assert "clinic" not in text
