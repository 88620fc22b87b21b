"""A withdrawn consent: the client is notified, and no further letter is sent."""

from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from capture.delivery.compose import compose
from capture.delivery.dispatch import Dispatcher
from capture.delivery.mail import Sender
from capture.delivery.plan import queue_messages
from capture.intake.correct import LeadCorrection, correct_lead
from capture.lead.events import EventKind
from capture.ledger.messages import VISITOR, Attempt
from capture.ledger.protocol import Ledger
from capture.privacy.withdraw import withdraw_consent
from capture.review.acts import accept, notify_client
from tests.capture.delivery.composing import Office, words
from tests.capture.delivery.planning import BY_MAIL, LEADS
from tests.samples import GUIDE, NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def office(ledger: Ledger, tmp_path: Path) -> Office:
    gated = tmp_path / "gated"
    gated.mkdir()
    (gated / "cloud-guide.pdf").write_text(GUIDE)
    return Office(ledger, gated, BY_MAIL)


def withdraw(office: Office, lead_id: str, *, not_me: bool = False) -> None:
    office.ledger.transact(
        lambda records: withdraw_consent(records, lead_id, NOW + HOUR, not_me=not_me)
    )


def notify(office: Office) -> None:
    office.ledger.transact(lambda records: notify_client(records, BY_MAIL, NOW))


def kinds(office: Office, recipient: str) -> list[str]:
    queue_messages(office.context, NOW + HOUR)
    messages = office.ledger.read(lambda reading: reading.outbox.select(recipient=recipient))
    return [message.kind for message in messages]


def test_the_letter_asks_the_client_not_to_contact_the_person(office: Office) -> None:
    lead_id = office.receive()
    notify(office)
    withdraw(office, lead_id)
    text = words(office.letter("consent_withdrawn", NOW + HOUR))
    assert "Do not contact this person any more." in text
    assert "E-mail: ann@clinic.example" in text
    assert "has withdrawn the consent" in text
    assert "Silence no longer accepts it" in text
    assert "https://leads.northgate.example/r/" in text


def test_the_letter_on_a_decided_lead_says_that_its_bill_does_not_change(office: Office) -> None:
    lead_id = office.receive()
    office.act(accept, lead_id, NOW)
    withdraw(office, lead_id)
    text = words(office.letter("consent_withdrawn", NOW + HOUR))
    assert "The withdrawal does not change the review or the bill" in text
    assert "/r/" not in text


def test_the_letter_says_that_somebody_else_entered_the_address(office: Office) -> None:
    lead_id = office.receive()
    notify(office)
    withdraw(office, lead_id, not_me=True)
    text = words(office.letter("consent_withdrawn", NOW + HOUR))
    assert "says that somebody else sent the form in their name" in text


def test_the_notice_of_a_withdrawn_lead_is_dropped_and_no_letter_follows(office: Office) -> None:
    lead_id = office.receive()
    message = office.message("lead_to_review", NOW)
    withdraw(office, lead_id)
    assert office.compose(message, NOW + HOUR) == "the lead is consent_withdrawn by now"
    assert kinds(office, LEADS) == ["lead_to_review"]


def test_a_person_who_says_not_me_gets_no_further_letter_of_the_campaign(office: Office) -> None:
    lead_id = office.receive()
    message = office.message("guide", NOW)
    withdraw(office, lead_id, not_me=True)
    assert office.compose(message, NOW + HOUR) == (
        "the owner of the address did not send this form and wants no letters"
    )
    office.receive(NOW + HOUR, email="ann+again@clinic.example", full_name="Ann L.")
    office.receive(NOW + HOUR, email="bob@lab.example", full_name="Bob")
    assert kinds(office, VISITOR) == ["guide", "guide"]


def test_after_only_a_withdrawal_the_guide_is_still_sent(office: Office) -> None:
    withdraw(office, office.receive())
    assert kinds(office, VISITOR) == ["guide"]


def test_a_withdrawal_sends_one_webhook(office: Office) -> None:
    lead_id = office.receive()
    notify(office)
    withdraw(office, lead_id)
    withdraw(office, lead_id)
    assert kinds(office, LEADS).count(EventKind.CONSENT_WITHDRAWN.value) == 1


def test_a_client_whose_notice_was_being_sent_is_notified_too(office: Office) -> None:
    lead_id = office.receive()

    class SlowMail:
        """The person withdraws while the notice is being sent."""

        def send(self, email: EmailMessage, message_id: int, now: datetime) -> Attempt:
            del message_id, now
            if str(email["Subject"]).startswith("Lead to review"):
                withdraw(office, lead_id)
            return Attempt()

        def close(self) -> None:
            pass

    dispatcher = Dispatcher(
        context=office.context,
        sender=Sender("Northgate", "leads@agency.example"),
        mail=SlowMail(),
        queue_messages=queue_messages,
        compose=compose,
        send_webhook=lambda *_: Attempt(),
        clock=lambda: NOW + HOUR,
        random=lambda: 0.0,
    )
    sent = [delivery.message for delivery in dispatcher.run()]
    (letter,) = [message for message in sent if message.kind == "consent_withdrawn"]
    assert (letter.recipient, letter.lead_id) == (LEADS, lead_id)
    assert kinds(office, LEADS).count("consent_withdrawn") == 1


def test_the_client_is_notified_also_if_a_correction_removed_the_lead(
    office: Office,
) -> None:
    lead_id = office.receive()
    notify(office)
    correction = LeadCorrection(lead_id, "Ada", {"company_size": "1-50"})
    office.ledger.transact(lambda records: correct_lead(records, correction, NOW))
    withdraw(office, lead_id)
    assert "Do not contact this person any more." in words(
        office.letter("consent_withdrawn", NOW + HOUR)
    )
