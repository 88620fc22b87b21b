"""A message becomes its letter from the ledger as it is when the letter is sent, or is dropped."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine

from capture.closing.credit import CorrectionRequest, billed_line, issue_credit
from capture.closing.debit import decline_debit, propose_debit
from capture.delivery.attempts import TemporaryFailure
from capture.delivery.compose import WRITERS
from capture.lead.events import EventKind
from capture.letters.letter import Letter
from capture.letters.samples import SAMPLES
from capture.review.acts import accept, notify_client, reject
from capture.signed_links import Subject
from tests.capture.delivery.composing import DAY, HOUR, MONTH_END, SERVICE, Post, words
from tests.capture.delivery.planning import BILLS, BY_MAIL, BY_MAIL_TEXT, LEADS
from tests.capture.desk import HELD
from tests.samples import NOW, campaign


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    """Links are signed at `NOW`."""
    with time_machine.travel(NOW, tick=False):
        yield


def test_every_letter_can_be_composed() -> None:
    assert list(WRITERS) == list(SAMPLES)


# The visitor.


def test_the_guide_leads_to_the_files_and_states_the_consent(office: Post) -> None:
    own = office()
    lead_id = own.receive()
    letter = own.letter("guide")
    assert letter.subject == "Your download: The guide"
    grant = own.context.link_signer.read_files(own.page(letter), NOW)
    assert (grant.campaign, grant.lead_id) == ("guide", lead_id)
    assert "> I agree that Acme may call me." in letter.text
    assert "Form sent: Monday, 23 November 2026, 10:00 (Eastern Standard Time)" in letter.text
    assert letter.unsubscribe_url.startswith(f"{SERVICE}/u/")


def test_the_guide_repeats_nothing_that_was_typed(office: Post) -> None:
    own = office()
    own.receive(full_name="Buy at evil.example", phone="+1 212 555 0100")
    letter = own.letter("guide")
    for text in ("evil", "555", "ann@clinic.example"):
        assert text not in letter.text + letter.html + letter.subject


def test_a_guide_whose_file_is_missing_waits_for_the_file(office: Post) -> None:
    own = office()
    own.receive()
    message = own.message("guide", NOW)
    (own.context.gated / "cloud-guide.pdf").unlink()
    with pytest.raises(
        TemporaryFailure, match=r"cloud-guide.pdf: cannot be sent: .*put the file back"
    ):
        own.compose(message, NOW)


def test_nobody_gets_a_guide_after_unsubscribing_from_any_address_of_the_mailbox(
    office: Post,
) -> None:
    own = office()
    own.receive(email="ann@gmail.com")
    url = own.letter("guide").unsubscribe_url
    grant = own.context.link_signer.read_unsubscribe(url.rpartition("/")[2])
    own.ledger.transact(
        lambda records: records.outbox.unsubscribe(grant.address_id, grant.letter, NOW)
    )
    own.receive(email="a.n.n+2@gmail.com")
    assert own.reason("guide") == "the recipient has unsubscribed from letters of this kind"


# Leads.


def test_a_lead_has_the_deadline_that_its_notice_would_set(office: Post) -> None:
    own = office()
    lead_id = own.receive()
    letter = own.letter("lead_to_review")
    assert "Answer before Wednesday, 25 November 2026, 10:00 (Eastern Standard Time)." in words(
        letter
    )
    assert "- Company size is at least 101 (answer: 101+)" in letter.text
    assert "and is charged: $50.00 per accepted lead, net of tax." in words(letter)
    grant = own.context.link_signer.read_contact_link(own.page(letter), NOW)
    assert (grant.subject, grant.id) == (Subject.LEAD, lead_id)
    assert own.context.link_signer.find_address(grant, [LEADS]) == LEADS
    assert letter.unsubscribe_url == ""


def test_a_second_contact_reads_the_deadline_that_the_first_notice_set(office: Post) -> None:
    own = office()
    own.receive()
    own.ledger.transact(lambda records: notify_client(records, BY_MAIL, NOW - HOUR))
    letter = own.letter("lead_to_review")
    assert "Answer before Wednesday, 25 November 2026, 09:00" in words(letter)


def test_a_letter_on_a_test_lead_is_marked(office: Post) -> None:
    own = office()
    own.receive(test=True)
    letter = own.letter("lead_to_review")
    assert letter.subject.startswith("[test] ")
    assert "Because this lead is a test, the link shows no lead." in words(letter)


def test_a_lead_that_was_decided_meanwhile_is_not_sent(office: Post) -> None:
    own = office()
    lead_id = own.receive()
    message = own.message("lead_to_review", NOW)
    own.act(reject, lead_id, NOW, "too_small")
    assert own.compose(message, NOW + HOUR) == "the lead is rejected by now"


def test_a_contact_who_left_the_file_gets_nothing(office: Post) -> None:
    own = office()
    own.receive()
    message = replace(own.message("lead_to_review", NOW), recipient=BILLS)
    assert own.compose(message, NOW) == "the address is no longer in the client's file"


def test_a_client_without_a_file_gets_nothing(office: Post) -> None:
    own = office()
    own.receive()
    message = replace(own.message("lead_to_review", NOW), client="gone")
    assert own.compose(message, NOW) == "the client has no file any more"


def test_a_warning_repeats_the_deadline_and_is_dropped_after_it(office: Post) -> None:
    own = office()
    own.receive()
    own.ledger.transact(lambda records: notify_client(records, BY_MAIL, NOW))
    letter = own.letter("review_warning", NOW + 42 * HOUR)
    assert "Answer before Wednesday, 25 November 2026, 10:00" in words(letter)
    message = own.message("review_warning", NOW + 42 * HOUR)
    assert own.compose(message, NOW + 48 * HOUR) == "the lead is accepted by now"


def test_a_digest_names_the_leads_that_still_wait(office: Post) -> None:
    own = office(notice_frequency="daily")
    first = own.receive(email="one@clinic.example")
    own.receive(email="two@hospital.example")
    message = own.message("leads_digest", NOW + DAY)
    letter = own.compose(message, NOW + DAY)
    assert isinstance(letter, Letter)
    assert letter.subject == "2 leads to review"
    own.act(accept, first, NOW + DAY)
    letter = own.compose(message, NOW + DAY)
    assert isinstance(letter, Letter)
    assert letter.subject == "1 lead to review"
    grant = own.context.link_signer.read_contact_link(own.page(letter), NOW + DAY)
    assert grant.subject is Subject.LIST


def test_a_digest_without_a_waiting_lead_is_not_sent(office: Post) -> None:
    own = office(notice_frequency="daily")
    lead_id = own.receive()
    message = own.message("leads_digest", NOW + DAY)
    own.act(accept, lead_id, NOW + DAY)
    assert own.compose(message, NOW + DAY) == (
        "all of its leads were decided, held back, withdrawn or erased"
    )


# Meetings.


def test_a_meeting_is_asked_for_until_it_is_moved(office: Post) -> None:
    own = office(HELD)
    lead = own.desk.take(HELD)
    own.desk.report(lead, EventKind.SCHEDULED, NOW, meeting_at=NOW + DAY)
    letter = own.letter("meeting_question", NOW)
    assert letter.subject.startswith("Was the meeting held? ")
    assert "If nobody answers by then, the meeting counts as held. The price is $250.00" in words(
        letter
    )
    message = own.message("meeting_question", NOW)
    own.desk.report(lead, EventKind.MOVED, NOW + HOUR, meeting_at=NOW + 2 * DAY)
    assert own.compose(message, NOW + DAY + HOUR) == "the meeting was moved"
    later = NOW + 2 * DAY + HOUR
    own.desk.client(lead, EventKind.HELD, later)
    assert own.compose(message, later) == "the meeting is held by now"


# Documents.


def test_a_statement_comes_with_its_pdf(office: Post) -> None:
    own = office()
    own.desk.take(BY_MAIL)
    own.desk.close("2026-11", MONTH_END)
    letter = own.letter("statement", MONTH_END)
    assert letter.subject == "Invoice acme-0001: November 2026, $50.00"
    (document,) = letter.attachments
    assert (document.name, document.content_type) == ("acme-0001.pdf", "application/pdf")
    assert document.content.startswith(b"%PDF-")
    assert "Please pay $50.00 by 31 December 2026." in words(letter)


def test_a_credit_note_says_what_it_corrects(office: Post) -> None:
    own = office()
    lead = own.desk.take(BY_MAIL)
    own.desk.close("2026-11", MONTH_END)
    request = CorrectionRequest("acme-0001", lead.lead_id, "goodwill", amount=Decimal(20))
    own.ledger.transact(lambda records: issue_credit(records, request, "Ada", MONTH_END))
    letter = own.letter("statement", MONTH_END)
    assert letter.subject.startswith("Credit note acme-0002: on invoice acme-0001, November 2026, ")
    assert "The attached file acme-0002.pdf corrects a closed month." in words(letter)
    assert "It reduces the amount due on acme-0001." in words(letter)
    assert letter.attachments[0].content.startswith(b"%PDF-")


def test_a_debit_waits_for_an_answer(office: Post) -> None:
    own = office()
    lead = own.desk.take(BY_MAIL)
    own.desk.close("2026-11", MONTH_END)
    request = CorrectionRequest("acme-0001", lead.lead_id, "wrong_amount", amount=Decimal(10))
    own.ledger.transact(lambda records: propose_debit(records, request, "Ada", MONTH_END))
    letter = own.letter("debit_to_approve", MONTH_END)
    assert letter.subject == "Please approve or decline: $10.00 more on acme-0001"
    assert "Reason: Wrong amount" in letter.text
    grant = own.context.link_signer.read_contact_link(own.page(letter), MONTH_END)
    assert (grant.subject, grant.id) == (Subject.DEBIT, "acme-p0001")
    own.ledger.transact(
        lambda records: decline_debit(
            records, billed_line(records, "acme-0001", lead.lead_id, ""), "Carol", MONTH_END
        )
    )
    assert own.reason("debit_to_approve", MONTH_END) == "the debit was declined"


def test_a_report_has_its_page_and_can_be_unsubscribed(office: Post) -> None:
    own = office(campaign('[reporting]\nevery = "week"', text=BY_MAIL_TEXT))
    own.receive()
    monday = datetime(2026, 11, 30, 14, tzinfo=UTC)
    letter = own.letter("report", monday)
    assert letter.subject == "Report, November 2026, up to 29 November: The guide"
    assert "Qualified: 1" in letter.text
    assert "Still in review: 1" in letter.text
    assert "yet" not in letter.text.partition("Figures")[2].partition("The month is")[0]
    (page,) = letter.attachments
    assert (page.name, page.content_type) == ("report-guide-2026-11.html", "text/html")
    assert page.content.startswith(b"<!doctype html>")
    grant = own.context.link_signer.read_unsubscribe(letter.unsubscribe_url.rpartition("/")[2])
    own.ledger.transact(
        lambda records: records.outbox.unsubscribe(grant.address_id, grant.letter, NOW)
    )
    assert own.reason("report", monday).startswith("the recipient has unsubscribed")


def test_an_unknown_kind_and_an_unknown_lead_are_dropped(office: Post) -> None:
    own = office()
    message = own.send_by_hand("postcard")
    assert own.compose(message, NOW) == "there is no letter of the kind postcard"
    message = own.send_by_hand("lead_to_review", recipient=LEADS, lead_id="aaaaaaaaaaaa")
    assert own.compose(message, NOW) == "what it is about is gone: no lead 'aaaaaaaaaaaa'"
