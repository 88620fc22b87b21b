"""A message to the agency becomes its letter, or is dropped."""

from dataclasses import replace

import pytest

from capture.intake.receive import receive_submission
from capture.ledger.messages import Attempt, MessageState
from capture.letters.letter import Letter
from tests.capture.delivery.composing import DAY, HOUR, MONTH_END, Post, words
from tests.capture.delivery.planning import BY_MAIL, BY_MAIL_TEXT, LEADS
from tests.samples import NOW, campaign, submission


def test_spam_is_listed_until_it_is_rescued(office: Post) -> None:
    own = office()
    sent = replace(submission(BY_MAIL), spam_signals=("honeypot", "too_fast"))
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


def test_a_budget_is_written_as_money(office: Post) -> None:
    own = office()
    data = {"month": "2026-11", "cap": "money_a_month", "count": 20_000, "limit": 25_000}
    message = own.send_by_hand("cap_nearly_reached", campaign="guide", data=data)
    letter = own.compose(message, NOW)
    assert isinstance(letter, Letter)
    assert letter.subject == "Cap nearly reached: $200.00 of $250.00, guide"
    assert "the client is not charged for it" in words(letter)


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
