"""Letters on leads in quarantine and on their release (rule 36 of docs/rules.md)."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from capture.campaign.model import Campaign
from capture.delivery.plan import queue_messages
from capture.intake.quarantine import discard, hold_back, release
from capture.lead.model import Lead
from capture.ledger.messages import Message
from capture.ledger.protocol import Ledger
from capture.letters.agency import MOST_ROWS
from capture.privacy.erase import erase_leads
from capture.privacy.withdraw import withdraw_consent
from capture.review.acts import accept, find_lead, notify_client_of
from capture.review.bounce import record_bounce
from tests.capture.delivery.composing import DAY, HOUR, Office
from tests.capture.delivery.planning import AGENCY, BY_MAIL, LEADS
from tests.samples import CAMPAIGN, NOW, campaign

SIGNALS = [{"name": "burst", "weight": 100, "leads": 12, "minutes": 60}]
MORNING = datetime(2026, 11, 24, 8, tzinfo=UTC)


class HeldOffice(Office):
    """An office whose leads go into quarantine and are released."""

    def lead(self, lead_id: str) -> Lead:
        return self.ledger.read(lambda reading: find_lead(reading, lead_id))

    def hold(self, lead_id: str, at: datetime = NOW) -> None:
        lead = self.lead(lead_id)
        self.ledger.transact(lambda records: hold_back(records, lead, SIGNALS, at))

    def release(self, lead_id: str, at: datetime = NOW) -> Lead:
        return self.ledger.transact(lambda records: release(records, lead_id, "Ada", at))

    def discard(self, lead_id: str) -> None:
        self.ledger.transact(lambda records: discard(records, lead_id, "Ada", NOW))

    def notify(self, lead_id: str, at: datetime = NOW) -> None:
        """The client's mail server has accepted the notice."""
        lead = self.lead(lead_id)
        self.ledger.transact(lambda records: notify_client_of(records, [lead], at))

    def queued(self, kind: str, now: datetime = NOW) -> Sequence[Message]:
        queue_messages(self.context, now)
        return self.ledger.read(lambda reading: reading.outbox.select(kind=kind))

    def results(self, kind: str, now: datetime = NOW) -> list[str]:
        """By message: the letter's subject, or the reason why it is dropped."""
        letters = (self.compose(message, now) for message in self.queued(kind, now))
        return [letter if isinstance(letter, str) else letter.subject for letter in letters]


Open = Callable[..., HeldOffice]


@pytest.fixture
def office(ledger: Ledger, tmp_path: Path) -> Open:
    def open_office(terms: Campaign = BY_MAIL, **changes: Any) -> HeldOffice:
        return HeldOffice(ledger, tmp_path, terms, **changes)

    return open_office


# Letters to the visitor.


def test_the_queued_guide_of_a_lead_that_is_quarantined_is_dropped(office: Open) -> None:
    own = office()
    lead_id = own.receive()
    own.queued("guide")
    own.hold(lead_id)
    assert own.results("guide") == ["the lead is quarantined"]
    own.discard(lead_id)
    assert own.results("guide") == ["the lead is discarded"]


def test_a_released_lead_whose_guide_was_dropped_gets_it_once(office: Open) -> None:
    own = office()
    (own.context.gated / "cloud-guide.pdf").write_bytes(b"%PDF-1.7")
    lead_id = own.receive()
    (dropped,) = own.queued("guide")
    own.ledger.transact(lambda records: records.outbox.drop(dropped.id, NOW, "quarantined"))
    for _ in range(2):
        own.hold(lead_id)
        own.release(lead_id, NOW + DAY)
        assert len(own.queued("guide", NOW + DAY)) == 2
    assert own.results("guide", NOW + DAY)[-1] == "Your download: The guide"


# Letters to the client.


def test_the_queued_notice_of_a_lead_that_is_quarantined_is_dropped(office: Open) -> None:
    own = office()
    lead_id = own.receive()
    own.queued("lead_to_review")
    own.hold(lead_id)
    assert own.results("lead_to_review") == ["the lead is quarantined by now"]


def test_a_notice_follows_the_release_of_a_lead_that_the_client_did_not_know(office: Open) -> None:
    own = office()
    lead_id = own.receive()
    own.hold(lead_id)
    assert own.queued("lead_to_review") == []
    own.release(lead_id, NOW + 9 * DAY)
    (subject,) = own.results("lead_to_review", NOW + 9 * DAY)
    assert subject.startswith("Lead to review: ")
    assert own.queued("lead_released", NOW + 9 * DAY) == []


def test_only_the_newer_of_two_notices_of_a_released_lead_is_sent(office: Open) -> None:
    own = office()
    lead_id = own.receive()
    own.queued("lead_to_review")
    own.hold(lead_id)
    own.release(lead_id)
    first, second = own.results("lead_to_review")
    assert first == "a newer letter on the lead follows"
    assert second.startswith("Lead to review: ")


@pytest.mark.parametrize("frequency", ["each", "daily"])
def test_the_release_of_a_held_back_lead_sends_a_letter_with_its_new_deadline(
    office: Open, frequency: str
) -> None:
    own = office(notice_frequency=frequency)
    lead_id = own.receive()
    own.notify(lead_id)
    own.hold(lead_id, NOW + HOUR)
    lead = own.release(lead_id, NOW + 5 * DAY)
    letter = own.letter("lead_released", NOW + 5 * DAY)
    assert lead.deadline == NOW + 7 * DAY
    assert own.message("lead_released", NOW + 5 * DAY).recipient == LEADS
    for words in (
        "You have this lead of the form",
        "Its review was stopped while the agency checked it.",
        "Answer before Monday, 30 November 2026, 10:00",
    ):
        assert words in " ".join(letter.text.split())
    assert "burst" not in letter.text


def test_the_reminder_of_a_held_back_lead_is_dropped_and_a_new_one_follows_its_release(
    office: Open,
) -> None:
    own = office()
    lead_id = own.receive()
    own.notify(lead_id)
    (warning,) = own.queued("review_warning")
    own.hold(lead_id, NOW + HOUR)
    assert own.results("review_warning", warning.due_at) == ["the lead is held_back by now"]
    own.release(lead_id, NOW + 2 * HOUR)
    old, new = own.queued("review_warning", NOW + 2 * HOUR)
    assert (old.due_at, new.due_at) == (NOW + 42 * HOUR, NOW + 44 * HOUR)
    assert own.compose(old, old.due_at) == "the lead has another deadline by now"
    assert not isinstance(own.compose(new, new.due_at), str)


def test_a_release_without_a_deadline_queues_no_reminder(office: Open) -> None:
    own = office()
    lead_id = own.receive()
    own.notify(lead_id)
    own.hold(lead_id)
    own.ledger.transact(lambda records: record_bounce(records, lead_id, NOW, 550))
    own.release(lead_id)
    letter = own.letter("lead_released")
    assert "There is no deadline." in letter.text
    assert len(own.queued("review_warning")) == 1  # that of the notice


def test_the_letter_on_a_release_is_dropped_if_the_person_withdrew_the_consent(
    office: Open,
) -> None:
    own = office()
    lead_id = own.receive()
    own.notify(lead_id)
    own.hold(lead_id)
    own.ledger.transact(lambda records: withdraw_consent(records, lead_id, NOW))
    own.release(lead_id)
    assert own.results("lead_released") == ["the person withdrew the consent"]
    assert own.lead(lead_id).review == "qualified"  # the client may still decide on its page


def test_a_late_notice_of_a_lead_whose_person_withdrew_the_consent_is_dropped(office: Open) -> None:
    own = office()
    lead_id = own.receive()
    own.queued("lead_to_review")
    own.notify(lead_id)  # by its token, before the mail server took the letter
    own.ledger.transact(lambda records: withdraw_consent(records, lead_id, NOW))
    assert own.results("lead_to_review") == ["the person withdrew the consent"]


def test_a_digest_leaves_out_leads_whose_person_withdrew_the_consent(office: Open) -> None:
    own = office(notice_frequency="daily")
    withdrawn, other = own.receive(), own.receive(email="bob@lab.example", full_name="Bob Q")
    (message,) = own.queued("leads_digest", NOW + DAY)
    own.notify(withdrawn)
    own.ledger.transact(lambda records: withdraw_consent(records, withdrawn, NOW))
    letter = own.compose(message, NOW + DAY)
    assert not isinstance(letter, str)
    assert "Bob Q" in letter.text
    assert withdrawn not in letter.text
    own.ledger.transact(lambda records: withdraw_consent(records, other, NOW))
    assert isinstance(own.compose(message, NOW + DAY), str)


def test_the_letter_on_a_release_is_dropped_if_the_lead_is_held_back_again_or_decided(
    office: Open,
) -> None:
    own = office()
    held, accepted = own.receive(), own.receive(email="bob@lab.example")
    for lead_id in (held, accepted):
        own.notify(lead_id)
        own.hold(lead_id)
        own.release(lead_id)
    own.queued("lead_released")
    own.hold(held)
    own.act(accept, accepted, NOW)
    assert own.results("lead_released") == [
        "the lead is held_back by now",
        "the lead is accepted by now",
    ]


def test_a_digest_leaves_out_leads_that_are_held_back(office: Open) -> None:
    own = office(notice_frequency="daily")
    held, other = own.receive(), own.receive(email="bob@lab.example", full_name="Bob Q")
    (message,) = own.queued("leads_digest", NOW + DAY)
    assert set(message.data["leads"]) == {held, other}
    own.hold(held)
    letter = own.letter("leads_digest", NOW + DAY)
    assert "Bob Q" in letter.text
    assert "Ann Lee" not in letter.text


# The letter to the agency.


def test_the_agency_gets_one_letter_each_morning_while_leads_are_in_quarantine(
    office: Open,
) -> None:
    own = office()
    lead_id = own.receive()
    own.hold(lead_id)
    assert own.queued("quarantine_digest", MORNING - HOUR) == []
    (first,) = own.queued("quarantine_digest", MORNING)
    assert (first.recipient, first.expires_at) == (AGENCY, MORNING + DAY)
    assert len(own.queued("quarantine_digest", MORNING + HOUR)) == 1
    assert len(own.queued("quarantine_digest", MORNING + DAY)) == 2
    own.release(lead_id, MORNING + DAY)
    assert own.results("quarantine_digest", MORNING + DAY)[0] == "no lead is in quarantine any more"
    assert len(own.queued("quarantine_digest", MORNING + 2 * DAY)) == 2


def test_there_is_no_letter_without_leads_in_quarantine(office: Open) -> None:
    own = office()
    own.receive()
    assert own.queued("quarantine_digest", MORNING) == []


def test_the_letter_lists_the_longest_wait_first_and_the_commands(office: Open) -> None:
    own = office(campaign(text=CAMPAIGN))
    second, first = own.receive(), own.receive(email="bob@lab.example", full_name="Bob Q")
    own.hold(second, NOW + 2 * HOUR)
    own.hold(first, NOW + HOUR)
    letter = own.letter("quarantine_digest", MORNING)
    text = " ".join(letter.text.split())
    assert letter.subject == "2 leads wait for your check"
    assert text.index(f"gatepost quarantine release {first} --as NAME") < text.index("Bob Q")
    assert text.index("Bob Q") < text.index("Ann Lee")
    for words in (
        "guide: burst: 2 leads, such as",
        "12 leads came from one traffic source within an hour",
        "has it in review",
        f"gatepost quarantine release --like {first} --as NAME",
    ):
        assert words in text


def test_the_letter_lists_twenty_leads_and_counts_the_rest(office: Open) -> None:
    own = office()
    for number in range(23):
        own.hold(own.receive(email=f"p{number}@c{number}.example"))
    letter = own.letter("quarantine_digest", MORNING)
    assert letter.subject == "23 leads wait for your check"
    assert letter.text.count("In quarantine since") == MOST_ROWS
    assert "3 more are in the list:" in letter.text


@pytest.mark.parametrize(
    ("count", "in_review", "words"),
    [
        (1, 0, "1 lead is in quarantine because of risk signals. No client sees it."),
        (2, 0, "2 leads are in quarantine because of risk signals. No client sees them."),
        (3, 1, "Clients have 1 of them in review, with the deadline stopped, and do not see"),
        (2, 2, "The deadline of a lead that a client has in review is stopped."),
    ],
)
def test_the_letter_says_how_many_are_in_review(
    office: Open, count: int, in_review: int, words: str
) -> None:
    own = office()
    leads = [own.receive(email=f"p{n}@c{n}.example") for n in range(count)]
    for number, lead_id in enumerate(leads):
        if number < in_review:
            own.notify(lead_id)
        own.hold(lead_id)
    assert words in " ".join(own.letter("quarantine_digest", MORNING).text.split())


def test_no_letter_contains_a_quarantined_lead_that_was_erased_by_age(office: Open) -> None:
    """Nobody can release it, so the agency gets no letter."""
    own = office()
    erased, waiting = own.receive(), own.receive(email="bob@other.example")
    for lead_id in (erased, waiting):
        own.hold(lead_id)
    own.ledger.transact(lambda records: erase_leads(records, [erased], MORNING))
    letter = own.letter("quarantine_digest", MORNING)
    assert waiting in letter.text
    assert erased not in letter.text
    own.discard(waiting)
    assert len(own.queued("quarantine_digest", MORNING + DAY)) == 1


def test_a_discarded_lead_is_in_no_letter(office: Open) -> None:
    own = office()
    lead_id = own.receive()
    own.hold(lead_id)
    own.queued("quarantine_digest", MORNING)
    own.discard(lead_id)
    assert own.reason("quarantine_digest", MORNING) == "no lead is in quarantine any more"


def test_no_letter_is_sent_for_a_lead_that_was_erased_by_age(office: Open) -> None:
    """Nobody can release it, so there is no letter each morning."""
    own = office()
    lead_id = own.receive()
    own.hold(lead_id)
    own.queued("quarantine_digest", MORNING)
    own.ledger.transact(lambda records: erase_leads(records, [lead_id], MORNING))
    assert own.lead(lead_id).review == "discarded"
    assert own.reason("quarantine_digest", MORNING) == "no lead is in quarantine any more"
    assert len(own.queued("quarantine_digest", MORNING + DAY)) == 1
    assert own.ledger.read(lambda reading: reading.leads.in_quarantine()) == []
    assert own.ledger.read(lambda reading: reading.leads.in_quarantine(BY_MAIL.slug)) == []


def test_no_letter_is_sent_for_a_held_back_lead_that_was_erased(office: Open) -> None:
    """The client is notified that the lead was removed."""
    own = office()
    lead_id = own.receive()
    own.notify(lead_id)
    own.hold(lead_id)
    own.ledger.transact(lambda records: erase_leads(records, [lead_id], NOW, address="", by="Ada"))
    lead = own.lead(lead_id)
    assert (lead.review, lead.client_stage_at(NOW)) == ("discarded", "removed")
    assert own.ledger.read(lambda reading: reading.leads.in_quarantine()) == []
