"""The letter that asks for the proof of an address, from the form to the client's notice."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

import pytest

from capture.campaign.model import Campaign
from capture.delivery.attempts import TemporaryFailure
from capture.delivery.plan import queue_messages
from capture.intake.confirm import confirm_address
from capture.intake.correct import LeadCorrection, correct_lead
from capture.intake.receive import receive_submission
from capture.intake.suppression import read_suppressions, suppress
from capture.lead.consent import Consent
from capture.lead.events import EventKind
from capture.ledger.messages import Attempt, Message
from capture.ledger.protocol import WriteTransaction
from capture.privacy.withdraw import withdraw_consent
from tests.capture.delivery.composing import DAY, HOUR, SERVICE, Office, Post, words
from tests.capture.delivery.planning import BY_MAIL_TEXT, LEADS
from tests.samples import CAMPAIGN, NOW, campaign, later_event, submission

MINUTE, WEEK = timedelta(minutes=1), timedelta(days=7)
GATED = campaign(text=f'confirm = "email"\n{BY_MAIL_TEXT}')
DEMO = campaign(text=f'confirm = "email"\n{CAMPAIGN}')


def letters(own: Office, now: object = NOW) -> list[Message]:
    """All letters to visitors, after planning."""
    queue_messages(own.context, now)
    return list(own.ledger.read(lambda reading: reading.outbox.select(recipient="visitor")))


def confirm(own: Office, lead_id: str, at: object = NOW + HOUR) -> None:
    own.ledger.transact(lambda records: confirm_address(records, lead_id, at))


def send(own: Office, at: datetime) -> None:
    """Sends what is queued."""

    def record(records: WriteTransaction) -> None:
        for message in records.outbox.claim(at, at + HOUR, 100):
            records.outbox.record_sent(message, at, Attempt("sent"))

    own.ledger.transact(record)


def stage(own: Office, lead_id: str) -> str:
    lead = own.ledger.read(lambda reading: reading.leads.get(lead_id))
    assert lead is not None
    return lead.review


# Recipients.


@pytest.mark.parametrize("terms", [GATED, DEMO])
def test_the_letter_is_sent_even_if_the_campaign_was_removed(office: Post, terms: Campaign) -> None:
    """Rule 18 of docs/rules.md: leads received before continue. The letter promises no files."""
    own = office(terms)
    own.receive()
    (message,) = letters(own)
    with_file = own.compose(message, NOW)
    catalogue = own.context.catalogue()
    left = replace(catalogue, campaigns=MappingProxyType({}))
    own.context = replace(own.context, catalogue=lambda: left)
    letter = own.compose(message, NOW)
    assert not isinstance(letter, str), letter
    assert letter.subject == with_file.subject == "Please confirm your address: The guide"
    assert "Confirm my address" in letter.text
    assert "cloud-guide.pdf" not in letter.text


def test_the_person_of_an_unconfirmed_lead_gets_one_letter_and_no_guide(office: Post) -> None:
    own = office(GATED)
    lead_id = own.receive()
    (message,) = letters(own)
    assert (message.kind, message.lead_id, message.expires_at) == (
        "confirmation",
        lead_id,
        NOW + WEEK,
    )
    assert letters(own, NOW + HOUR) == [message]


def test_every_lead_by_a_form_gets_the_same_letter_whatever_its_verdict(office: Post) -> None:
    """Rule 6 of docs/rules.md: the letters differ only in their links."""
    own = office(campaign("[caps]\nleads_a_month = 2", text=GATED.text))
    confirm(own, own.receive())
    entries = read_suppressions(b"email\nsue@known.example\n", "list.csv")
    own.ledger.transact(lambda records: suppress(records, "acme", entries, NOW, by="Ada"))
    leads = {
        "duplicate": own.receive(full_name="Ann B. Lee"),
        "disqualified": own.receive(email="dan@small.example", company_size="1-50"),
        "suppressed": own.receive(email="sue@known.example"),
        "unconfirmed": own.receive(email="una@clinic.example"),
        "over_cap": own.receive(email="oscar@clinic.example"),
    }
    assert {stage(own, lead_id): lead_id for lead_id in leads.values()} == leads
    queued = {message.lead_id: message for message in letters(own)}
    texts = set()
    for lead_id in leads.values():
        letter = own.compose(queued[lead_id], NOW)
        links = [word for word in letter.text.split() if word.startswith(SERVICE)]
        text = letter.text
        for link in links:
            text = text.replace(link, "LINK")
        texts.add((letter.subject, text))
    assert len(texts) == 1


def test_spam_quarantined_and_imported_leads_get_no_letter(office: Post) -> None:
    own = office(GATED)
    spam = submission(GATED)
    basis = Consent(given=False, version=None, basis="signed at the stand")
    for changes in (
        {"spam_signals": ("too_fast", "many_links")},
        {"source": "fair", "consent": basis},
    ):
        sent = type(spam)(**{"answers": spam.answers, "consent": spam.consent, **changes})
        own.ledger.transact(
            lambda records, sent=sent: receive_submission(records, GATED, sent, NOW)
        )
    held = own.receive(email="held@clinic.example")
    own.ledger.transact(
        lambda records: records.append(later_event(held, EventKind.HELD_BACK, signals=[]))
    )
    assert letters(own) == []


def test_without_confirmation_the_guide_does_not_change(office: Post) -> None:
    own = office()
    own.receive()
    assert [message.kind for message in letters(own)] == ["guide"]


def test_a_letter_is_not_sent_if_its_lead_is_quarantined_meanwhile(office: Post) -> None:
    own = office(GATED)
    lead_id = own.receive()
    message = own.message("confirmation", NOW)
    own.ledger.transact(
        lambda records: records.append(later_event(lead_id, EventKind.HELD_BACK, signals=[]))
    )
    assert own.compose(message, NOW) == "the lead is quarantined"


# A form that is sent again.


def test_a_person_who_sends_the_form_again_gets_the_first_leads_letter_again(office: Post) -> None:
    own = office(GATED)
    lead_id = own.receive()
    letters(own)
    again = own.receive(NOW + DAY)
    first, second = letters(own, NOW + DAY)
    assert stage(own, again) == "duplicate"
    assert (first.lead_id, second.lead_id) == (lead_id, lead_id)
    assert second.expires_at == NOW + WEEK  # the link ends with the lead
    texts = {own.compose(message, NOW + DAY).text for message in (first, second)}
    assert len(texts) == 1


def test_a_lead_gets_at_most_three_letters(office: Post) -> None:
    own = office(GATED)
    for day in range(6):
        own.receive(NOW + day * DAY)
        letters(own, NOW + day * DAY)
    assert len(letters(own, NOW + 6 * DAY)) == 3


def test_a_letter_that_was_dropped_is_not_one_of_the_three(office: Post) -> None:
    own = office(GATED)
    own.receive()
    (dropped,) = letters(own)
    own.ledger.transact(lambda records: records.outbox.drop(dropped.id, NOW, "held back"))
    for day in range(1, 6):
        own.receive(NOW + day * DAY)
        letters(own, NOW + day * DAY)
    assert len(letters(own, NOW + 6 * DAY)) == 1 + 3


def test_a_corrected_address_gets_three_more_letters(office: Post) -> None:
    own = office(GATED)
    lead_id = own.receive()
    for day in range(3):
        letters(own, NOW + day * DAY)
        send(own, NOW + day * DAY)
        own.receive(NOW + (day + 1) * DAY)
    assert len(letters(own, NOW + 3 * DAY)) == 3
    correction = LeadCorrection(lead_id, "Ada", {"email": "anna@clinic.example"})
    own.ledger.transact(lambda records: correct_lead(records, correction, NOW + 4 * DAY))
    assert len(letters(own, NOW + 4 * DAY)) == 3 + 1
    for day in range(5, 10):
        own.receive(NOW + day * DAY, email="anna@clinic.example")
        letters(own, NOW + day * DAY)
    assert len(letters(own, NOW + 10 * DAY)) == 3 + 3


def test_a_mailbox_gets_at_most_three_letters_a_day(office: Post) -> None:
    own = office(campaign("[duplicates]\nkeys = ['phone']", text=GATED.text))
    for number in range(5):
        own.receive(email=f"ann+{number}@clinic.example", company_size="1-50")
    assert len(letters(own)) == 3


def test_a_released_lead_gets_a_letter_with_a_new_link_end(office: Post) -> None:
    own = office(GATED)
    lead_id = own.receive()
    own.ledger.transact(
        lambda records: records.append(later_event(lead_id, EventKind.HELD_BACK, signals=[]))
    )
    assert letters(own) == []
    released = NOW + 9 * DAY
    own.ledger.transact(
        lambda records: records.append(
            later_event(lead_id, EventKind.RELEASED, at=released),
            later_event(
                lead_id,
                EventKind.UNCONFIRMED,
                at=released,
                until=(released + WEEK).isoformat(),
            ),
        )
    )
    (message,) = letters(own, released)
    assert message.expires_at == released + WEEK


# The text.


def test_the_letter_has_the_files_behind_the_link_that_proves_the_address(office: Post) -> None:
    own = office(GATED)
    lead_id = own.receive()
    letter = own.letter("confirmation")
    assert letter.subject == "Please confirm your address: The guide"
    token = own.page(letter)
    assert f"{SERVICE}/c/{token}" in letter.text
    signer = own.context.link_signer
    grant = signer.read_confirmation(token)
    assert (grant.campaign, grant.lead_id, grant.ends) == ("guide", lead_id, NOW + WEEK)
    assert signer.is_sent_to(grant, "ann@clinic.example")
    assert "- cloud-guide.pdf" in letter.text
    assert "/g/" not in letter.text
    assert "> I agree that Acme may call me." in letter.text
    assert "works until Monday, 30 November 2026, 10:00" in words(letter)


def test_the_letter_of_a_demo_is_only_the_confirmation(office: Post) -> None:
    own = office(DEMO)
    own.receive()
    letter = own.letter("confirmation")
    assert "Confirm my address:" in letter.text
    assert "file" not in letter.text
    assert "This was not me" in letter.text


def test_the_letter_repeats_nothing_that_was_typed(office: Post) -> None:
    own = office(GATED)
    own.receive(full_name="Buy at evil.example", phone="+1 212 555 0100")
    letter = own.letter("confirmation")
    shown = letter.text + letter.html + letter.subject
    for typed in (r"evil\.example", r"555\W*0100", r"ann@clinic\.example"):
        assert not re.search(typed, shown)


def test_a_letter_whose_file_is_missing_waits_for_the_file(office: Post) -> None:
    own = office(GATED)
    own.receive()
    message = own.message("confirmation", NOW)
    (own.context.gated / "cloud-guide.pdf").unlink()
    with pytest.raises(TemporaryFailure, match=r"cloud-guide.pdf: cannot be sent"):
        own.compose(message, NOW)


# When it is not sent.


def test_a_letter_is_not_sent_after_the_end_of_its_link(office: Post) -> None:
    own = office(GATED)
    own.receive()
    message = own.message("confirmation", NOW)
    assert own.compose(message, NOW + WEEK) == "the link for this letter has ended"


def test_a_letter_is_not_sent_to_a_person_who_confirmed_or_withdrew(office: Post) -> None:
    own = office(GATED)
    confirmed, withdrawn = own.receive(), own.receive(email="bob@clinic.example")
    queued = {message.lead_id: message for message in letters(own)}
    confirm(own, confirmed)
    own.ledger.transact(lambda records: withdraw_consent(records, withdrawn, NOW))
    assert own.compose(queued[confirmed], NOW) == "the person has confirmed the address"
    assert own.compose(queued[withdrawn], NOW) == "the lead is consent_withdrawn"


def test_nobody_gets_a_letter_of_a_form_that_was_not_theirs(office: Post) -> None:
    own = office(GATED)
    lead_id = own.receive()
    letters(own)
    own.ledger.transact(lambda records: withdraw_consent(records, lead_id, NOW, not_me=True))
    own.receive(NOW + DAY, email="Ann+2@clinic.example")
    assert len(letters(own, NOW + DAY)) == 1


def test_unsubscribing_from_the_guide_also_ends_these_letters(office: Post) -> None:
    own = office(GATED)
    own.receive()
    url = own.letter("confirmation").unsubscribe_url
    grant = own.context.link_signer.read_unsubscribe(url.rpartition("/")[2])
    assert grant.letter == "guide"
    own.ledger.transact(
        lambda records: records.outbox.unsubscribe(grant.address_id, grant.letter, NOW)
    )
    expected = "the recipient has unsubscribed from letters of this kind"
    assert own.reason("confirmation") == expected


# What follows.


def test_the_client_is_notified_only_after_the_confirmation(office: Post) -> None:
    own = office(GATED)
    lead_id = own.receive()
    queue_messages(own.context, NOW)

    def notices() -> list[Message]:
        return own.ledger.read(lambda reading: reading.outbox.select(kind="lead_to_review"))

    assert notices() == []
    confirm(own, lead_id)
    queue_messages(own.context, NOW + HOUR)
    (notice,) = notices()
    assert (notice.recipient, notice.lead_id) == (LEADS, lead_id)
    assert len(letters(own, NOW + HOUR)) == 1  # the visitor gets no second one
    assert "Ann Lee" in own.letter("lead_to_review", NOW + HOUR).text


def test_the_planner_records_that_a_link_has_ended(office: Post) -> None:
    own = office(GATED)
    lead_id = own.receive()
    queue_messages(own.context, NOW + WEEK - MINUTE)
    assert stage(own, lead_id) == "unconfirmed"
    queue_messages(own.context, NOW + WEEK + HOUR)
    assert stage(own, lead_id) == "expired"
    (event,) = own.ledger.read(
        lambda reading: [
            recorded.event
            for recorded in reading.events.select(lead_id=lead_id)
            if recorded.event.kind is EventKind.EXPIRED
        ]
    )
    assert (event.occurred_at, event.recorded_at) == (NOW + WEEK, NOW + WEEK + HOUR)
    assert len(letters(own, NOW + WEEK + HOUR)) == 1
