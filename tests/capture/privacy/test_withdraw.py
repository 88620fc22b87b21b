"""A person withdraws the consent for a lead (rule 35 of docs/rules.md), at every stage."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from capture.campaign.model import Campaign
from capture.errors import EventNotAllowed, NotFound
from capture.intake.receive import receive_submission
from capture.lead.consent import Consent
from capture.lead.events import Actor, EventKind, show_time
from capture.lead.identity import NEWEST, mailbox_of
from capture.lead.model import Lead
from capture.ledger.protocol import Ledger
from capture.privacy.withdraw import are_letters_blocked, withdraw_consent
from capture.review.acts import (
    Act,
    accept,
    find_lead,
    notify_client,
    record_silent_acceptances,
    reject,
)
from tests.capture.desk import HELD, Desk
from tests.samples import CAMPAIGN, NOW, campaign, later_event, submission

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
DEADLINE = NOW + timedelta(hours=48)
BY_MAIL = campaign(text=CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "email"'))


def receive(ledger: Ledger, terms: Campaign | None = None, **answers: str) -> Lead:
    terms = terms or campaign()
    receipt = ledger.transact(
        lambda records: receive_submission(records, terms, submission(terms, **answers), NOW)
    )
    return find(ledger, receipt.lead_id)


def find(ledger: Ledger, lead_id: str) -> Lead:
    return ledger.read(lambda reading: find_lead(reading, lead_id))


def withdraw(
    ledger: Ledger, lead: Lead, at: datetime = NOW + HOUR, *, not_me: bool = False
) -> Lead:
    return ledger.transact(
        lambda records: withdraw_consent(records, lead.lead_id, at, not_me=not_me)
    )


def kinds(ledger: Ledger, lead: Lead) -> list[EventKind]:
    return ledger.read(
        lambda reading: [
            recorded.event.kind for recorded in reading.events.select(lead_id=lead.lead_id)
        ]
    )


def append(ledger: Ledger, lead: Lead, kind: EventKind, **data: object) -> Lead:
    ledger.transact(lambda records: records.append(later_event(lead.lead_id, kind, **data)))
    return find(ledger, lead.lead_id)


def test_a_lead_that_the_client_does_not_have_ends(ledger: Ledger) -> None:
    lead = withdraw(ledger, receive(ledger, BY_MAIL))
    assert (lead.review, lead.consent_withdrawn, lead.consent.is_lawful) == (
        "consent_withdrawn",
        True,
        False,
    )
    assert ledger.transact(lambda records: notify_client(records, BY_MAIL, NOW + HOUR)) == []
    act = Act(lead.lead_id, "Carol", Actor.CLIENT)
    with pytest.raises(EventNotAllowed):
        ledger.transact(lambda records: accept(records, act, NOW + HOUR))


def test_a_quarantined_lead_ends(ledger: Ledger) -> None:
    lead = append(ledger, receive(ledger, BY_MAIL), EventKind.HELD_BACK, signals=[])
    assert lead.review == "quarantined"
    assert withdraw(ledger, lead).review == "consent_withdrawn"


def test_an_unconfirmed_lead_ends(ledger: Ledger) -> None:
    lead = receive(ledger, BY_MAIL)
    append(ledger, lead, EventKind.CORRECTED, fields=["email"], by="x")
    until = show_time(NOW + 24 * HOUR)
    lead = append(ledger, lead, EventKind.UNCONFIRMED, until=until)
    assert lead.review == "unconfirmed"
    assert withdraw(ledger, lead).review == "consent_withdrawn"


def test_a_held_back_lead_remains_held_back_and_gets_no_deadline_at_its_release(
    ledger: Ledger,
) -> None:
    lead = append(ledger, receive(ledger), EventKind.HELD_BACK, signals=[])
    assert withdraw(ledger, lead).review == "held_back"
    deadline = show_time(NOW + 48 * HOUR)
    released = append(ledger, lead, EventKind.RELEASED, deadline=deadline)
    assert (released.review, released.silence_accepts_at) == ("qualified", None)


def test_a_rejected_lead_remains_rejected(ledger: Ledger) -> None:
    lead = receive(ledger)
    act = Act(lead.lead_id, "Carol", Actor.CLIENT)
    ledger.transact(lambda records: reject(records, act, "too_small", NOW))
    withdrawn = withdraw(ledger, lead)
    assert (withdrawn.review, withdrawn.consent_withdrawn) == ("rejected", True)


def test_a_lead_that_never_qualified_keeps_its_stage(ledger: Ledger) -> None:
    lead = withdraw(ledger, receive(ledger, company_size="1-50"))
    assert (lead.review, lead.consent_withdrawn) == ("disqualified", True)


def test_silence_never_accepts_a_lead_in_review_but_the_client_still_decides(
    ledger: Ledger,
) -> None:
    first, second = receive(ledger), receive(ledger, email="bob@lab.example")
    for lead in (first, second):
        withdrawn = withdraw(ledger, lead)
        assert (withdrawn.review, withdrawn.deadline) == ("qualified", None)
    late = DEADLINE + 99 * HOUR
    assert ledger.transact(lambda records: record_silent_acceptances(records, late)) == []
    act = Act(first.lead_id, "Carol", Actor.CLIENT)
    assert ledger.transact(lambda records: accept(records, act, late)).review == "accepted"
    act = Act(second.lead_id, "Carol", Actor.CLIENT)
    rejected = ledger.transact(lambda records: reject(records, act, "too_small", late))
    assert rejected.review == "rejected"


def test_what_silence_decided_before_stays(ledger: Ledger) -> None:
    lead = withdraw(ledger, receive(ledger), DEADLINE)
    assert (lead.review, lead.accepted_at) == ("accepted", DEADLINE)
    assert kinds(ledger, lead)[-2:] == [EventKind.ACCEPTED, EventKind.CONSENT_WITHDRAWN]


def test_a_meeting_that_silence_took_as_held_stays_held(desk: Desk) -> None:
    lead = desk.take(HELD)
    meeting_at = NOW + 24 * HOUR
    desk.client(lead, EventKind.SCHEDULED, NOW, meeting_at=meeting_at)
    withdrawn = withdraw(desk.ledger, lead, meeting_at + 30 * 24 * HOUR)
    assert withdrawn.appointment == "held"
    assert kinds(desk.ledger, lead)[-2:] == [EventKind.HELD, EventKind.CONSENT_WITHDRAWN]


def test_a_pending_meeting_of_an_accepted_lead_stays(desk: Desk) -> None:
    lead = desk.take(HELD)
    desk.client(lead, EventKind.SCHEDULED, NOW, meeting_at=NOW + 24 * HOUR)
    assert withdraw(desk.ledger, lead).appointment == "scheduled"


def test_what_was_billed_stays_billed(desk: Desk) -> None:
    lead = desk.take(campaign())
    closed = desk.close("2026-11", NOW + timedelta(days=10))
    withdrawn = withdraw(desk.ledger, lead, NOW + timedelta(days=11))
    assert withdrawn.review == "accepted"
    assert [line.lead_id for line in closed.lines] == [lead.lead_id]
    later = desk.bill("2026-12", NOW + timedelta(days=30))
    assert list(later.lines) == []
    assert desk.ledger.verify().problems == ()


def test_an_accepted_lead_is_billed_although_its_consent_was_withdrawn(desk: Desk) -> None:
    lead = desk.take(campaign())
    withdraw(desk.ledger, lead)
    bill = desk.bill("2026-11", NOW + timedelta(days=10))
    assert [line.lead_id for line in bill.lines] == [lead.lead_id]


def test_a_withdrawal_ends_the_lawful_basis_too(ledger: Ledger) -> None:
    terms = campaign()
    sent = replace(submission(terms), consent=Consent(False, None, "signed at the stand"))
    receipt = ledger.transact(lambda records: receive_submission(records, terms, sent, NOW))
    lead = withdraw(ledger, find(ledger, receipt.lead_id))
    assert (lead.basis, lead.consent.is_lawful, lead.deadline) == (None, False, None)


def test_a_withdrawal_is_recorded_once_and_by_the_visitor(ledger: Ledger) -> None:
    lead = withdraw(ledger, withdraw(ledger, receive(ledger)))
    assert kinds(ledger, lead).count(EventKind.CONSENT_WITHDRAWN) == 1
    *_, last = ledger.read(lambda reading: list(reading.events.select(lead_id=lead.lead_id)))
    assert (last.event.actor, last.event.data) == (Actor.VISITOR, {})
    with pytest.raises(NotFound):
        ledger.transact(lambda records: withdraw_consent(records, "no-such-lead", NOW))


@pytest.mark.parametrize("withdrawn_before", [False, True])
def test_not_me_blocks_the_campaigns_letters_to_the_mailbox(
    ledger: Ledger, withdrawn_before: bool
) -> None:
    lead = receive(ledger, email="ann+guide@clinic.example")
    if withdrawn_before:
        withdraw(ledger, lead)
    withdraw(ledger, lead, not_me=True)

    def is_blocked(slug: str, address: str) -> bool:
        return ledger.read(lambda reading: are_letters_blocked(reading, slug, address))

    assert is_blocked("guide", "ann@clinic.example")
    assert not is_blocked("other", "ann@clinic.example")
    assert not is_blocked("guide", "bob@clinic.example")
    mailbox = mailbox_of("ann@clinic.example", NEWEST)
    assert ledger.read(
        lambda reading: reading.outbox.is_unsubscribed(
            reading.outbox.address_id(mailbox), "campaign:guide"
        )
    )


def test_a_withdrawal_alone_blocks_no_letters(ledger: Ledger) -> None:
    withdraw(ledger, receive(ledger))
    assert not ledger.read(
        lambda reading: are_letters_blocked(reading, "guide", "ann@clinic.example")
    )


def test_not_me_is_part_of_the_event(ledger: Ledger) -> None:
    lead = withdraw(ledger, receive(ledger), not_me=True)
    *_, last = ledger.read(lambda reading: list(reading.events.select(lead_id=lead.lead_id)))
    assert last.event.data == {"not_me": True}
