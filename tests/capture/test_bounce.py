"""A bounced address: silence never accepts the lead (rule 36 of docs/rules.md)."""

from datetime import datetime, timedelta

import pytest

from capture.errors import NotFound, Refused
from capture.intake.correct import LeadCorrection, correct_lead
from capture.intake.receive import receive_submission
from capture.lead.events import Actor, EventKind
from capture.lead.model import Lead
from capture.ledger.protocol import Ledger
from capture.review.acts import (
    Act,
    accept,
    find_lead,
    notify_client,
    record_silent_acceptances,
    reject,
)
from capture.review.acts import withdraw as undo
from capture.review.bounce import record_bounce
from tests.samples import CAMPAIGN, NOW, campaign, submission

SECOND = timedelta(seconds=1)
DEADLINE = NOW + timedelta(hours=48)
BY_MAIL = campaign(text=CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "email"'))


def receive(ledger: Ledger, terms: object = None, **answers: object) -> Lead:
    terms = terms or campaign()
    receipt = ledger.transact(
        lambda records: receive_submission(records, terms, submission(terms, **answers), NOW)
    )
    return find(ledger, receipt.lead_id)


def find(ledger: Ledger, lead_id: str) -> Lead:
    return ledger.read(lambda reading: find_lead(reading, lead_id))


def bounce(ledger: Ledger, lead: Lead, at: datetime = NOW) -> Lead:
    return ledger.transact(lambda records: record_bounce(records, lead.lead_id, at, 550))


def kinds(ledger: Ledger, lead: Lead) -> list[EventKind]:
    return ledger.read(
        lambda reading: [
            recorded.event.kind for recorded in reading.events.select(lead_id=lead.lead_id)
        ]
    )


def test_silence_never_accepts_a_lead_whose_address_bounced(ledger: Ledger) -> None:
    lead = bounce(ledger, receive(ledger), DEADLINE - SECOND)
    later = DEADLINE + timedelta(days=99)
    assert (lead.bounced, lead.deadline, lead.review_at(later)) == (True, None, "qualified")
    assert ledger.transact(lambda records: record_silent_acceptances(records, later)) == []
    assert ledger.read(lambda reading: reading.leads.in_review(silent_by=later)) == []
    assert ledger.read(lambda reading: reading.statements.due_state(lead.lead_id)).due_at is None


def test_a_bounce_at_the_deadline_comes_too_late_and_records_what_silence_decided(
    ledger: Ledger,
) -> None:
    lead = bounce(ledger, receive(ledger), DEADLINE)
    assert (lead.review, lead.accepted_at, lead.bounced) == ("accepted", DEADLINE, True)
    assert kinds(ledger, lead)[-2:] == [EventKind.ACCEPTED, EventKind.BOUNCED]
    assert ledger.verify().problems == ()


def test_the_client_may_accept_or_reject_a_bounced_lead_at_any_time(ledger: Ledger) -> None:
    late = DEADLINE + timedelta(days=9)
    kept, refused = receive(ledger), receive(ledger, email="bob@lab.example", phone="")
    for lead in (kept, refused):
        bounce(ledger, lead)
    by_client = Actor.CLIENT
    ledger.transact(lambda records: accept(records, Act(kept.lead_id, "Carol", by_client), late))
    act = Act(refused.lead_id, "Carol", by_client)
    ledger.transact(lambda records: reject(records, act, "too_small", late))
    assert find(ledger, kept.lead_id).accepted_at == late
    assert find(ledger, refused.lead_id).review == "rejected"
    due = ledger.read(lambda reading: reading.statements.due_state(kept.lead_id)).due_at
    assert due == late


def test_the_agency_cannot_enter_the_acceptance_of_a_bounced_lead(ledger: Ledger) -> None:
    lead = bounce(ledger, receive(ledger))
    with pytest.raises(Refused, match="silence never accepts it"):
        ledger.transact(
            lambda records: accept(records, Act(lead.lead_id, "Ada", Actor.AGENCY), NOW)
        )


def test_a_bounce_ends_an_acceptance_that_the_agency_entered(ledger: Ledger) -> None:
    lead = receive(ledger)
    act = Act(lead.lead_id, "Ada", Actor.AGENCY)
    ledger.transact(lambda records: accept(records, act, NOW + SECOND))
    bounce(ledger, lead, NOW + 2 * SECOND)
    assert find(ledger, lead.lead_id).silence_accepts_at is None
    undone = ledger.transact(lambda records: undo(records, act, NOW + 3 * SECOND))
    assert (undone.review, undone.deadline, undone.silence_accepts_at) == ("qualified", None, None)


def test_an_undone_acceptance_of_a_bounced_lead_gets_no_deadline_back(ledger: Ledger) -> None:
    lead = receive(ledger)
    act = Act(lead.lead_id, "Carol", Actor.CLIENT)
    ledger.transact(lambda records: accept(records, act, NOW))
    bounce(ledger, lead, NOW + SECOND)
    undone = ledger.transact(lambda records: undo(records, act, NOW + 2 * SECOND))
    assert (undone.review, undone.deadline) == ("qualified", None)


def test_the_notice_of_a_bounced_lead_has_no_deadline(ledger: Ledger) -> None:
    lead = bounce(ledger, receive(ledger, BY_MAIL))
    (notified,) = ledger.transact(lambda records: notify_client(records, BY_MAIL, NOW))
    assert (notified.lead_id, notified.notified, notified.deadline) == (lead.lead_id, True, None)


def test_a_second_bounce_is_not_recorded(ledger: Ledger) -> None:
    lead = bounce(ledger, bounce(ledger, receive(ledger)))
    assert kinds(ledger, lead).count(EventKind.BOUNCED) == 1
    with pytest.raises(NotFound):
        ledger.transact(lambda records: record_bounce(records, "no-such-lead", NOW))


@pytest.mark.parametrize(("typed", "bounced"), [({"email": "ann@new.example"}, False), ({}, True)])
def test_only_a_corrected_address_ends_the_bounce(
    ledger: Ledger, typed: dict[str, str], bounced: bool
) -> None:
    lead = bounce(ledger, receive(ledger))
    correction = LeadCorrection(lead.lead_id, "Ada", typed or {"company_size": "51-100"})
    corrected = ledger.transact(lambda records: correct_lead(records, correction, NOW))
    assert (corrected.bounced, corrected.silence_accepts_at) == (bounced, None)


def test_a_lead_that_never_qualified_may_bounce_too(ledger: Ledger) -> None:
    lead = bounce(ledger, receive(ledger, company_size="1-50"))
    assert (lead.review, lead.bounced) == ("disqualified", True)
    assert ledger.read(lambda reading: list(reading.events.by_qualified_lead())) == []
    assert ledger.verify().problems == ()
