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
from capture.review import (
    Act,
    accept,
    dispute,
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
    """One ledger, and who works on it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def take(self, terms: Campaign | None = None, at: datetime = NOW, **answers: Answer) -> Lead:
        terms = terms or campaign()
        sent = submission(terms, **answers)
        created = self.ledger.transact(lambda records: receive_submission(records, terms, sent, at))
        return self.lead(created.lead_id)

    def lead(self, lead_id: str) -> Lead:
        found = self.ledger.read(lambda reading: reading.leads.get(lead_id))
        assert found is not None
        return found

    def act(
        self,
        what: Callable[[WriteTransaction, Act, datetime], Lead],
        lead: Lead,
        at: datetime = NOW,
        by: str = "Carol",
    ) -> Lead:
        return self.ledger.transact(
            lambda records: what(records, Act(lead.lead_id, by, Actor.CLIENT), at)
        )

    def reject(self, lead: Lead, at: datetime = NOW, reason: str = "too_small") -> Lead:
        act = Act(lead.lead_id, "Carol", Actor.CLIENT, "seven people, I called")
        return self.ledger.transact(lambda records: reject(records, act, reason, at))


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk(ledger)


def test_a_lead_is_accepted_by_word_before_its_deadline(desk: Desk) -> None:
    lead = desk.act(accept, desk.take(), DEADLINE - SECOND)
    assert (lead.review, lead.accepted_at) == ("accepted", DEADLINE - SECOND)


@pytest.mark.parametrize("late", [timedelta(0), SECOND])
def test_at_the_deadline_it_is_too_late_and_the_refusal_names_it(
    desk: Desk, late: timedelta
) -> None:
    lead = desk.take()
    with pytest.raises(Refused, match="ended at 2026-11-25 15:00:00 UTC, and silence accepted"):
        desk.reject(lead, DEADLINE + late)
    assert desk.lead(lead.lead_id).review_at(DEADLINE) == "accepted"


def test_a_rejection_names_a_reason_of_the_version_of_receipt(desk: Desk) -> None:
    lead = desk.take()
    with pytest.raises(Refused, match="'ugly' is not a reason of guide; choose one of: too_small"):
        desk.reject(lead, reason="ugly")
    assert desk.reject(lead).review == "rejected"


def test_events_name_nobody_and_the_note_does_rule_31(desk: Desk) -> None:
    lead = desk.reject(desk.take())
    events = desk.ledger.read(
        lambda reading: repr(list(reading.events.select(lead_id=lead.lead_id)))
    )
    (note,) = desk.ledger.read(lambda reading: reading.people.notes(lead.lead_id))
    assert "Carol" not in events
    assert (note.author, note.text) == ("Carol", "seven people, I called")


def test_of_two_clerks_the_first_decides(desk: Desk) -> None:
    lead = desk.take()
    desk.act(accept, lead)
    with pytest.raises(EventNotAllowed, match="review is accepted, so rejected is refused"):
        desk.reject(lead, NOW + SECOND)


class TestUndo:
    """Rule 13."""

    def test_the_same_person_may_take_it_back_within_ten_seconds(self, desk: Desk) -> None:
        lead = desk.reject(desk.take())
        back = desk.act(withdraw, lead, NOW + 10 * SECOND)
        assert (back.review, back.deadline) == ("qualified", DEADLINE)

    def test_not_later_and_not_another_person(self, desk: Desk) -> None:
        lead = desk.reject(desk.take())
        with pytest.raises(Refused, match="11 seconds ago; a review can be undone for 10"):
            desk.act(withdraw, lead, NOW + 11 * SECOND)
        with pytest.raises(Refused, match="was 172801 seconds ago"):
            desk.act(withdraw, lead, NOW + timedelta(days=2) + SECOND)
        with pytest.raises(Refused, match="only the person who reviewed it"):
            desk.act(withdraw, lead, NOW + SECOND, by="Dave")

    def test_nothing_can_be_taken_back_twice_or_from_silence(self, desk: Desk) -> None:
        lead = desk.reject(desk.take())
        desk.act(withdraw, lead, NOW + SECOND)
        with pytest.raises(Refused, match="no review to undo"):
            desk.act(withdraw, lead, NOW + 2 * SECOND)

    def test_a_meeting_that_the_rejection_cancelled_comes_back(self, desk: Desk) -> None:
        lead = desk.take()
        desk.ledger.transact(
            lambda records: records.append(later_event(lead.lead_id, EventKind.SCHEDULED))
        )
        assert desk.reject(lead).appointment == "cancelled"
        assert desk.act(withdraw, lead, NOW + SECOND).appointment == "scheduled"


class TestDispute:
    """A rejection that the agency disputes is settled by an event of each side."""

    def test_both_sides_are_needed(self, desk: Desk) -> None:
        lead = desk.reject(desk.take())
        with pytest.raises(Refused, match="the agency has not disputed the rejection"):
            desk.act(settle, lead)
        assert desk.act(dispute, lead, by="Ada").review == "rejected"
        settled = desk.act(settle, lead, NOW + timedelta(days=9))
        assert (settled.review, settled.accepted_at) == ("accepted", NOW + timedelta(days=9))

    def test_only_a_rejection_can_be_disputed_and_only_once(self, desk: Desk) -> None:
        lead = desk.take()
        with pytest.raises(EventNotAllowed):
            desk.act(dispute, lead, by="Ada")
        desk.reject(lead)
        desk.act(dispute, lead, by="Ada")
        with pytest.raises(Refused, match="disputed already"):
            desk.act(dispute, lead, by="Ada")


class TestNotice:
    """Rule 11."""

    def test_a_rejection_after_a_written_lapse_names_the_deadline_too(self, desk: Desk) -> None:
        lead, late = desk.take(), NOW + timedelta(hours=49)
        desk.ledger.transact(lambda records: record_silent_acceptances(records, late))
        with pytest.raises(
            EventNotAllowed, match="its review window ended at 2026-11-25 15:00:00 UTC"
        ):
            desk.reject(lead, late)

    def test_without_notice_silence_accepts_nothing(self, desk: Desk) -> None:
        lead = desk.take(BY_MAIL)
        assert lead.review_at(NOW + timedelta(days=99)) == "qualified"

    def test_the_window_begins_when_the_client_is_told_and_once(self, desk: Desk) -> None:
        lead = desk.take(BY_MAIL)
        later = NOW + timedelta(days=3)
        (message,) = desk.ledger.transact(lambda records: notify_client(records, BY_MAIL, later))
        assert (message.lead_id, message.deadline) == (lead.lead_id, later + timedelta(hours=48))
        assert desk.ledger.transact(lambda records: notify_client(records, BY_MAIL, later)) == []

    def test_a_lead_that_needs_a_word_is_told_of_without_a_deadline(self, desk: Desk) -> None:
        desk.take(BY_MAIL, company_size="1-50")
        lead = desk.take(BY_MAIL)
        (message,) = desk.ledger.transact(lambda records: notify_client(records, BY_MAIL, NOW))
        assert (message.lead_id, message.deadline, message.notified) == (lead.lead_id, None, True)
        assert desk.ledger.read(lambda reading: unnotified_leads(reading, BY_MAIL)) == []


class TestSilence:
    """Rule 12."""

    def test_what_silence_decided_is_shown_then_written_at_the_deadline(self, desk: Desk) -> None:
        lead = desk.take()
        late = NOW + timedelta(days=9)
        assert desk.ledger.read(lambda reading: silently_accepted(reading, DEADLINE - SECOND)) == []
        assert desk.ledger.read(lambda reading: silently_accepted(reading, late)) == [lead]
        before = lead.accepted_as_of(late)
        desk.ledger.transact(lambda records: record_silent_acceptances(records, late))
        assert desk.lead(lead.lead_id).accepted_as_of(late) == before == DEADLINE
        assert desk.ledger.read(lambda reading: silently_accepted(reading, late)) == []
