"""A message becomes its letter from the ledger as it is when the letter is sent, or is dropped."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from capture.campaign.model import Campaign
from capture.closing.credit import CorrectionRequest, billed_line, issue_credit
from capture.closing.debit import decline_debit, propose_debit
from capture.delivery.attempts import TemporaryFailure
from capture.delivery.compose import WRITERS, compose
from capture.delivery.context import DeliveryContext
from capture.delivery.mail import Sender, build_email
from capture.delivery.plan import queue_messages
from capture.intake.receive import receive_submission
from capture.lead.events import Actor, EventKind
from capture.lead.model import Lead
from capture.ledger.messages import Attempt, Channel, Message, MessageState, NewMessage
from capture.ledger.protocol import Ledger
from capture.letters.letter import Letter
from capture.letters.samples import SAMPLES
from capture.review.acts import Act, accept, notify_client, reject
from capture.signed_links import Subject
from tests.capture.delivery.planning import AGENCY, BILLS, BY_MAIL, BY_MAIL_TEXT, LEADS, client
from tests.capture.delivery.planning import context as planning_context
from tests.capture.desk import HELD, Desk
from tests.samples import GUIDE, NOW, campaign, submission

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEMPLATES = Path(__file__).parents[3] / "theme/templates"
SERVICE = "https://leads.northgate.example"
MONTH_END = datetime(2026, 12, 1, 15, tzinfo=UTC)

Post = Callable[..., "Office"]


class Office:
    """A ledger, and the letters that its messages become."""

    def __init__(self, ledger: Ledger, gated: Path, terms: Campaign, **client_changes: Any) -> None:
        self.ledger = ledger
        self.terms = terms
        self.desk = Desk(ledger)
        made = planning_context(ledger, terms, client_file=client(**client_changes))
        self.context: DeliveryContext = replace(made, templates=TEMPLATES, gated=gated)

    def receive(self, at: datetime = NOW, *, test: bool = False, **answers: str) -> str:
        """Receives a lead; returns its id."""
        sent = replace(submission(self.terms, **answers), test=test)
        work = lambda records: receive_submission(records, self.terms, sent, at)  # noqa: E731
        return self.ledger.transact(work).lead_id

    def act(self, what: Callable[..., Lead], lead_id: str, at: datetime, *more: str) -> None:
        act = Act(lead_id, "Carol", Actor.CLIENT)
        self.ledger.transact(lambda records: what(records, act, *more, at))

    def message(self, kind: str, now: datetime) -> Message:
        """The newest message of a kind, after planning."""
        queue_messages(self.context, now)
        return self.ledger.read(lambda reading: reading.outbox.select(kind=kind))[-1]

    def compose(self, message: Message, now: datetime) -> Letter | str:
        return self.ledger.read(lambda reading: compose(reading, self.context, message, now))

    def letter(self, kind: str, now: datetime = NOW) -> Letter:
        """The letter of the newest message of a kind."""
        letter = self.compose(self.message(kind, now), now)
        assert isinstance(letter, Letter), letter
        build_email(letter, Sender("Northgate", AGENCY), "a@acme.example", kind, now)
        return letter

    def reason(self, kind: str, now: datetime = NOW) -> str:
        """Why the newest message of a kind is dropped."""
        reason = self.compose(self.message(kind, now), now)
        assert isinstance(reason, str)
        return reason

    def send_by_hand(self, kind: str, **changes: Any) -> Message:
        """A message that the test queues itself."""
        message = NewMessage(
            key=f"{kind}:by hand:{changes}",
            channel=Channel.MAIL,
            kind=kind,
            recipient=changes.pop("recipient", AGENCY),
            queued_at=NOW,
            due_at=NOW,
            client="acme",
            **changes,
        )
        self.ledger.transact(lambda records: records.outbox.queue(message))
        return self.ledger.read(lambda reading: reading.outbox.select(kind=kind))[-1]

    def page(self, letter: Letter) -> str:
        """The token of the first link of the letter."""
        link = next(word for word in letter.text.split() if word.startswith(f"{SERVICE}/"))
        return link.rpartition("/")[2]


@pytest.fixture
def office(ledger: Ledger, tmp_path: Path) -> Post:
    """Makes the office of a campaign whose file is in place."""
    (tmp_path / "cloud-guide.pdf").write_text(GUIDE)

    def make(terms: Campaign = BY_MAIL, **changes: Any) -> Office:
        return Office(ledger, tmp_path, terms, **changes)

    return make


def words(letter: Letter) -> str:
    return " ".join(letter.text.split())


def test_every_letter_can_be_composed() -> None:
    assert list(WRITERS) == list(SAMPLES)


# The visitor.


def test_the_guide_leads_to_the_files_and_states_the_consent(office: Post) -> None:
    own = office()
    lead_id = own.receive()
    letter = own.letter("guide")
    assert letter.subject == "Your download: The guide"
    grant = own.context.link_signer.read_files(own.page(letter), datetime.now(UTC))
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
    grant = own.context.link_signer.read_contact_link(own.page(letter), datetime.now(UTC))
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
    grant = own.context.link_signer.read_contact_link(own.page(letter), datetime.now(UTC))
    assert grant.subject is Subject.LIST


def test_a_digest_without_a_waiting_lead_is_not_sent(office: Post) -> None:
    own = office(notice_frequency="daily")
    lead_id = own.receive()
    message = own.message("leads_digest", NOW + DAY)
    own.act(accept, lead_id, NOW + DAY)
    assert own.compose(message, NOW + DAY) == "all of its leads were decided or erased"


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
    grant = own.context.link_signer.read_contact_link(own.page(letter), datetime.now(UTC))
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


# The agency.


def test_spam_is_listed_until_it_is_rescued(office: Post) -> None:
    own = office()
    sent = replace(submission(BY_MAIL), spam_signals=("honeypot",))
    own.ledger.transact(lambda records: receive_submission(records, BY_MAIL, sent, NOW))
    letter = own.letter("spam_digest", NOW + DAY)
    assert letter.subject == "Spam on 23 November 2026: 1 submission to guide"
    assert "a field that people cannot see was filled in" in words(letter)
    message = own.message("spam_digest", NOW + DAY)
    later = replace(message, data={"day": "2026-11-22"})
    assert own.compose(later, NOW + DAY) == "no lead of that day is spam any more"


def test_failed_messages_are_listed_until_they_are_sent(office: Post) -> None:
    own = office()
    failing = own.send_by_hand("lead_to_review", recipient=LEADS, lead_id="7ffwzp2npa6a")
    claimed = own.ledger.transact(lambda records: records.outbox.claim(NOW, NOW + HOUR, limit=1))
    assert [message.id for message in claimed] == [failing.id]
    own.ledger.transact(
        lambda records: records.outbox.record_failed(
            claimed[0], NOW, Attempt("refused", 550, "no such mailbox\r\n")
        )
    )
    letter = own.letter("failed_deliveries", NOW + HOUR)
    assert letter.subject == "1 message could not be sent"
    assert "Error: no such mailbox" in letter.text
    assert "About: lead 7ffwzp2npa6a" in letter.text
    message = own.message("failed_deliveries", NOW + HOUR)
    own.ledger.transact(lambda records: records.outbox.retry(failing.id, NOW))
    assert own.compose(message, NOW + HOUR) == "all of its messages were sent or dropped since"
    assert message.state is MessageState.WAITING


@pytest.mark.parametrize(("count", "subject"), [(8, "nearly reached"), (10, "reached")])
def test_a_cap_says_how_much_is_used(office: Post, count: int, subject: str) -> None:
    own = office()
    data = {"month": "2026-11", "cap": "leads_a_month", "count": count, "limit": 10}
    message = own.send_by_hand("cap_nearly_reached", campaign="guide", data=data)
    letter = own.compose(message, NOW)
    assert isinstance(letter, Letter)
    assert letter.subject == f"Cap {subject}: {count} of 10 leads, guide"
    assert "A lead over the cap is recorded, and neither delivered nor billed." in words(letter)


def test_the_end_of_a_campaign_is_named_unless_it_has_changed(office: Post) -> None:
    own = office(campaign(text=f"closes = 2026-11-28\n{BY_MAIL_TEXT}"))
    letter = own.letter("campaign_ends", NOW)
    assert letter.subject == "Campaign ends on 28 November 2026: guide"
    message = replace(own.message("campaign_ends", NOW), data={"closes": "2026-11-29"})
    assert own.compose(message, NOW) == "the campaign has another last day by now"


def test_missing_files_are_named_with_their_campaigns_until_they_are_back(office: Post) -> None:
    own = office()
    file = own.context.gated / "cloud-guide.pdf"
    content = file.read_bytes()
    file.unlink()
    letter = own.letter("missing_files", NOW)
    assert letter.subject == "Visitors cannot get 1 file: cloud-guide.pdf"
    assert "Problem: No such file or directory Promised by: guide" in words(letter)
    message = own.message("missing_files", NOW)
    file.write_bytes(content)
    assert own.compose(message, NOW) == "all files can be sent again"


def test_a_month_is_ready_until_it_is_closed(office: Post) -> None:
    own = office()
    own.desk.take(BY_MAIL)
    letter = own.letter("month_ready", MONTH_END)
    assert letter.subject == "Ready to close: November 2026, Acme"
    message = own.message("month_ready", MONTH_END)
    own.desk.close("2026-11", MONTH_END)
    assert own.compose(message, MONTH_END) == "the month is closed already"


def test_a_letter_to_an_old_address_of_the_agency_is_not_sent(office: Post) -> None:
    own = office()
    data = {"month": "2026-11"}
    message = own.send_by_hand("month_ready", data=data, recipient="old@northgate.example")
    assert own.compose(message, NOW) == "the address is no longer the agency's"


def test_an_unknown_kind_and_an_unknown_lead_are_dropped(office: Post) -> None:
    own = office()
    message = own.send_by_hand("postcard")
    assert own.compose(message, NOW) == "there is no letter of the kind postcard"
    message = own.send_by_hand("lead_to_review", recipient=LEADS, lead_id="aaaaaaaaaaaa")
    assert own.compose(message, NOW) == "what it is about is gone: no lead 'aaaaaaaaaaaa'"
