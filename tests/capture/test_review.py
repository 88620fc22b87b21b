"""The client's review (rules 11 to 13), by the numbers in docs/rules.md."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from capture.campaign.model import Answer, Campaign
from capture.errors import EventNotAllowed, Refused
from capture.intake.receive import receive_submission
from capture.lead.events import Actor, EventKind
from capture.lead.model import Lead
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.review.acts import (
    Act,
    accept,
    dispute,
    find_lead,
    notify_client,
    record_silent_acceptances,
    reject,
    settle,
    silently_accepted,
    unnotified_leads,
    withdraw,
)
from tests.samples import CAMPAIGN, NOW, campaign, later_event, submission

SECOND = timedelta(seconds=1)
DEADLINE = NOW + timedelta(hours=48)
BY_MAIL = campaign(text=CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "email"'))


class Desk:
    """One ledger, and the acts of the client and the agency on it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def receive(self, terms: Campaign | None = None, at: datetime = NOW, **answers: Answer) -> Lead:
        terms = terms or campaign()
        sent = submission(terms, **answers)
        receipt = self.ledger.transact(lambda records: receive_submission(records, terms, sent, at))
        return self.lead(receipt.lead_id)

    def lead(self, lead_id: str) -> Lead:
        return self.ledger.read(lambda reading: find_lead(reading, lead_id))

    def act(
        self,
        action: Callable[[WriteTransaction, Act, datetime], Lead],
        lead: Lead,
        at: datetime = NOW,
        by: str = "Carol",
    ) -> Lead:
        return self.ledger.transact(
            lambda records: action(records, Act(lead.lead_id, by, Actor.CLIENT), at)
        )

    def reject(self, lead: Lead, at: datetime = NOW, reason: str = "too_small") -> Lead:
        act = Act(lead.lead_id, "Carol", Actor.CLIENT, "seven people, I called")
        return self.ledger.transact(lambda records: reject(records, act, reason, at))


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk(ledger)


def test_the_client_can_accept_a_lead_before_its_deadline(desk: Desk) -> None:
    lead = desk.act(accept, desk.receive(), DEADLINE - SECOND)
    assert (lead.review, lead.accepted_at) == ("accepted", DEADLINE - SECOND)


@pytest.mark.parametrize("late", [timedelta(0), SECOND])
def test_a_rejection_at_the_deadline_is_refused_with_the_time(desk: Desk, late: timedelta) -> None:
    lead = desk.receive()
    with pytest.raises(Refused, match="ended at 2026-11-25 15:00:00 UTC, and silence accepted"):
        desk.reject(lead, DEADLINE + late)
    assert desk.lead(lead.lead_id).review_at(DEADLINE) == "accepted"


def test_a_rejection_needs_a_reason_of_the_leads_campaign_version(desk: Desk) -> None:
    lead = desk.receive()
    with pytest.raises(Refused, match="'ugly' is not a reason of guide; choose one of: too_small"):
        desk.reject(lead, reason="ugly")
    assert desk.reject(lead).review == "rejected"


def test_the_note_has_the_persons_name_and_the_event_does_not_rule_31(desk: Desk) -> None:
    lead = desk.reject(desk.receive())
    events = desk.ledger.read(
        lambda reading: repr(list(reading.events.select(lead_id=lead.lead_id)))
    )
    (note,) = desk.ledger.read(lambda reading: reading.people.notes(lead.lead_id))
    assert "Carol" not in events
    assert (note.author, note.text) == ("Carol", "seven people, I called")


def test_the_first_of_two_reviewers_decides(desk: Desk) -> None:
    lead = desk.receive()
    desk.act(accept, lead)
    with pytest.raises(EventNotAllowed, match="review is accepted, so rejected is refused"):
        desk.reject(lead, NOW + SECOND)


class TestUndo:
    """Rule 13 of docs/rules.md."""

    def test_the_same_person_can_undo_a_review_within_ten_seconds(self, desk: Desk) -> None:
        lead = desk.reject(desk.receive())
        restored = desk.act(withdraw, lead, NOW + 10 * SECOND)
        assert (restored.review, restored.deadline) == ("qualified", DEADLINE)

    def test_an_undo_is_refused_later_or_for_another_person(self, desk: Desk) -> None:
        lead = desk.reject(desk.receive())
        with pytest.raises(Refused, match="11 seconds ago; a review can be undone for 10"):
            desk.act(withdraw, lead, NOW + 11 * SECOND)
        with pytest.raises(Refused, match="was 172801 seconds ago"):
            desk.act(withdraw, lead, NOW + timedelta(days=2) + SECOND)
        with pytest.raises(Refused, match="only the person who reviewed it"):
            desk.act(withdraw, lead, NOW + SECOND, by="Dave")

    def test_a_review_cannot_be_undone_twice(self, desk: Desk) -> None:
        lead = desk.reject(desk.receive())
        desk.act(withdraw, lead, NOW + SECOND)
        with pytest.raises(Refused, match="no review to undo"):
            desk.act(withdraw, lead, NOW + 2 * SECOND)

    def test_an_undo_restores_the_meeting_that_the_rejection_cancelled(self, desk: Desk) -> None:
        lead = desk.receive()
        desk.ledger.transact(
            lambda records: records.append(later_event(lead.lead_id, EventKind.SCHEDULED))
        )
        assert desk.reject(lead).appointment == "cancelled"
        assert desk.act(withdraw, lead, NOW + SECOND).appointment == "scheduled"


class TestDispute:
    """A rejection that the agency disputes is settled by an event of each side."""

    def test_a_dispute_needs_both_sides(self, desk: Desk) -> None:
        lead = desk.reject(desk.receive())
        with pytest.raises(Refused, match="the agency has not disputed the rejection"):
            desk.act(settle, lead)
        assert desk.act(dispute, lead, by="Ada").review == "rejected"
        settled = desk.act(settle, lead, NOW + timedelta(days=9))
        assert (settled.review, settled.accepted_at) == ("accepted", NOW + timedelta(days=9))

    def test_only_a_rejection_can_be_disputed_and_only_once(self, desk: Desk) -> None:
        lead = desk.receive()
        with pytest.raises(EventNotAllowed):
            desk.act(dispute, lead, by="Ada")
        desk.reject(lead)
        desk.act(dispute, lead, by="Ada")
        with pytest.raises(Refused, match="disputed already"):
            desk.act(dispute, lead, by="Ada")


class TestNotice:
    """Rule 11 of docs/rules.md."""

    def test_a_rejection_after_a_recorded_silent_acceptance_names_the_deadline(
        self, desk: Desk
    ) -> None:
        lead, late = desk.receive(), NOW + timedelta(hours=49)
        desk.ledger.transact(lambda records: record_silent_acceptances(records, late))
        with pytest.raises(
            EventNotAllowed, match="its review window ended at 2026-11-25 15:00:00 UTC"
        ):
            desk.reject(lead, late)

    def test_without_notice_silence_accepts_nothing(self, desk: Desk) -> None:
        lead = desk.receive(BY_MAIL)
        assert lead.review_at(NOW + timedelta(days=99)) == "qualified"

    def test_the_window_begins_once_when_the_client_is_notified(self, desk: Desk) -> None:
        lead = desk.receive(BY_MAIL)
        later = NOW + timedelta(days=3)
        (message,) = desk.ledger.transact(lambda records: notify_client(records, BY_MAIL, later))
        assert (message.lead_id, message.deadline) == (lead.lead_id, later + timedelta(hours=48))
        assert desk.ledger.transact(lambda records: notify_client(records, BY_MAIL, later)) == []

    def test_a_lead_that_needs_explicit_acceptance_is_notified_without_a_deadline(
        self, desk: Desk
    ) -> None:
        desk.receive(BY_MAIL, company_size="1-50")
        lead = desk.receive(BY_MAIL)
        (message,) = desk.ledger.transact(lambda records: notify_client(records, BY_MAIL, NOW))
        assert (message.lead_id, message.deadline, message.notified) == (lead.lead_id, None, True)
        assert desk.ledger.read(lambda reading: unnotified_leads(reading, BY_MAIL)) == []


class TestSilence:
    """Rule 12 of docs/rules.md."""

    def test_an_acceptance_by_silence_is_recorded_with_the_time_of_the_deadline(
        self, desk: Desk
    ) -> None:
        lead = desk.receive()
        late = NOW + timedelta(days=9)
        assert desk.ledger.read(lambda reading: silently_accepted(reading, DEADLINE - SECOND)) == []
        assert desk.ledger.read(lambda reading: silently_accepted(reading, late)) == [lead]
        accepted_at = lead.accepted_as_of(late)
        desk.ledger.transact(lambda records: record_silent_acceptances(records, late))
        assert desk.lead(lead.lead_id).accepted_as_of(late) == accepted_at == DEADLINE
        assert desk.ledger.read(lambda reading: silently_accepted(reading, late)) == []
