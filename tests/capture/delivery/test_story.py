"""The life of leads with their letters: from the form to the statement, all letters as files."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from capture.campaign.model import Campaign
from capture.delivery.compose import compose
from capture.delivery.dispatch import Delivery, Dispatcher
from capture.delivery.mail import MailFolder, Sender
from capture.delivery.plan import queue_messages
from capture.delivery.webhooks import send
from capture.lead.events import EventKind
from capture.lead.model import Lead
from capture.ledger.messages import MessageState
from capture.review.acts import accept, find_lead
from tests.capture.delivery.planning import BILLS, BY_MAIL, BY_MAIL_TEXT, LEADS, client, context
from tests.capture.delivery.test_plan import receive
from tests.capture.desk import Desk
from tests.samples import NOW, campaign, submission

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
HELD = campaign(
    text=BY_MAIL_TEXT.replace(
        'model = "cpl"\nrate = 50\nbillable = "accepted"',
        'model = "cpap"\nrate = 250\nbillable = "held"',
    )
)
VISITOR = "ann@clinic.example"


@dataclass
class Post:
    """A dispatcher whose letters are files, and its clock."""

    desk: Desk
    folder: Path
    now: datetime = NOW
    frequency: str = "each"
    terms: Campaign = BY_MAIL

    def run(self, now: datetime) -> list[tuple[str, str]]:
        """One pass at a time: kind and address of each letter that was sent."""
        self.now = now
        client_file = client(notice_frequency=self.frequency)
        dispatcher = Dispatcher(
            context=context(self.desk.ledger, self.terms, client_file=client_file),
            sender=Sender("Northgate Leads", "leads@northgate.example"),
            mail=MailFolder(self.folder / "mail", lambda _: None),
            queue_messages=queue_messages,
            compose=compose,
            send_webhook=send,
            clock=lambda: self.now,
            random=lambda: 0.0,
        )
        done = list(dispatcher.run())
        assert [item.result for item in done if not _is_over(item)] == []
        sent = [item.message for item in done if item.state is MessageState.SENT]
        return [(message.kind, message.recipient) for message in sent]

    def letters(self) -> Iterator[EmailMessage]:
        for path in sorted((self.folder / "mail").glob("*.eml")):
            yield message_from_bytes(path.read_bytes(), policy=policy.strict)  # type: ignore[misc]

    def lead(self, lead_id: str) -> Lead:
        return self.desk.ledger.read(lambda reading: find_lead(reading, lead_id))


def _is_over(item: Delivery) -> bool:
    return item.state in {MessageState.SENT, MessageState.DROPPED}


@pytest.fixture
def post(desk: Desk, tmp_path: Path) -> Post:
    return Post(desk, tmp_path)


def test_a_lead_from_the_form_to_the_statement(post: Post) -> None:
    lead_id = receive(post.desk.ledger, submission(BY_MAIL))
    assert not post.lead(lead_id).notified, "without a notice silence accepts nothing"
    assert post.run(NOW + MINUTE) == [("guide", "visitor"), ("lead_to_review", LEADS)]
    deadline = NOW + MINUTE + 48 * HOUR
    assert post.lead(lead_id).deadline == deadline
    assert post.run(NOW + HOUR) == []
    assert post.run(deadline - 6 * HOUR) == [("review_warning", LEADS)]
    assert post.run(deadline) == []
    accepted = post.lead(lead_id)
    assert (accepted.review, accepted.accepted_at) == ("accepted", deadline)
    december = datetime(2026, 12, 1, 13, 0, tzinfo=UTC)
    assert [kind for kind, _ in post.run(december)] == ["month_ready"]
    statement = post.desk.close("2026-11", december + HOUR)
    assert [line.lead_id for line in statement.lines] == [lead_id]
    assert post.run(december + HOUR) == [("statement", BILLS)]


def test_the_letters_go_to_their_addresses(post: Post) -> None:
    receive(post.desk.ledger, submission(BY_MAIL))
    post.run(NOW)
    assert {letter["To"] for letter in post.letters()} == {VISITOR, LEADS}


def test_a_lead_that_nobody_was_notified_of_is_never_accepted_by_silence(post: Post) -> None:
    lead_id = receive(post.desk.ledger, submission(BY_MAIL))
    queue_messages(context(post.desk.ledger, BY_MAIL), NOW)
    later = NOW + 30 * DAY
    queue_messages(context(post.desk.ledger, BY_MAIL), later)
    assert post.lead(lead_id).review_at(later) == "qualified"


def test_a_decided_lead_gets_no_reminder(post: Post) -> None:
    lead_id = receive(post.desk.ledger, submission(BY_MAIL))
    post.run(NOW)
    post.desk.act(accept, lead_id, NOW + HOUR)
    assert post.run(NOW + 43 * HOUR) == []


def test_a_digest_starts_the_windows_of_its_leads(post: Post) -> None:
    post.frequency = "daily"
    leads = [receive(post.desk.ledger, submission(BY_MAIL, email=f"{n}@a.example")) for n in "ab"]
    assert post.run(NOW) == [("guide", "visitor")] * 2
    morning = datetime.fromisoformat("2026-11-24T08:00-05:00")
    assert post.run(morning) == [("leads_digest", LEADS)]
    assert [post.lead(lead_id).deadline for lead_id in leads] == [morning + 48 * HOUR] * 2
    assert post.run(morning + 42 * HOUR) == [("review_warning", LEADS)] * 2


def test_a_meeting_without_an_answer_is_asked_about_and_then_held(post: Post) -> None:
    post.terms = HELD
    lead_id = receive(post.desk.ledger, submission(HELD), HELD)
    post.run(NOW)
    post.desk.act(accept, lead_id, NOW + HOUR)
    lead = post.lead(lead_id)
    meeting_at = NOW + DAY
    post.desk.report(lead, EventKind.SCHEDULED, NOW + 2 * HOUR, meeting_at=meeting_at)
    assert post.run(meeting_at + HOUR - MINUTE) == []
    assert post.run(meeting_at + HOUR) == [("meeting_question", LEADS)]
    post.run(meeting_at + 48 * HOUR)
    assert post.lead(lead_id).appointment == "held"


def test_a_test_lead_has_its_letters_and_costs_nothing(post: Post) -> None:
    test = replace(submission(BY_MAIL), test=True)
    receive(post.desk.ledger, test)
    assert post.run(NOW) == [("guide", "visitor"), ("lead_to_review", LEADS)]
    assert all("[test]" in letter["Subject"] for letter in post.letters())
