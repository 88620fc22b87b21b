"""Proof of the address: rules 2, 7, 8 and 12 of docs/rules.md."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from capture.campaign.model import Campaign
from capture.errors import NotFound
from capture.intake.confirm import confirm_address, expire_leads, unrecorded_expiries
from capture.intake.judge_again import judge_again
from capture.intake.pausing import pause_campaign
from capture.intake.quarantine import release
from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.intake.suppression import read_suppressions, suppress
from capture.lead.consent import Consent
from capture.lead.events import Actor, Event, EventKind, show_time
from capture.lead.model import Lead
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import PersonalData
from capture.review.acts import find_lead
from tests.samples import CAMPAIGN, NOW, campaign, later_event, submission

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WEEK, MOMENT = timedelta(days=7), timedelta(microseconds=1)

TEXT = f'confirm = "email"\n{CAMPAIGN}'
BY_MAIL = CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "email"')


def terms_with(*more: str, text: str = TEXT) -> Campaign:
    return campaign(*more, text=text)


class Office:
    """A campaign that asks for a confirmation, with a ledger that receives its leads."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.terms = terms_with()

    def receive(self, at: datetime = NOW, sent: Submission | None = None, **answers: str) -> Lead:
        sent = sent or submission(self.terms, **answers)
        receipt = self.ledger.transact(
            lambda records: receive_submission(records, self.terms, sent, at)
        )
        return self.lead(receipt.lead_id)

    def confirm(self, lead: Lead, at: datetime = NOW + MINUTE) -> Lead:
        return self.ledger.transact(lambda records: confirm_address(records, lead.lead_id, at))

    def expire(self, at: datetime) -> int:
        return self.ledger.transact(lambda records: expire_leads(records, at))

    def lead(self, lead_id: str) -> Lead:
        return self.ledger.read(lambda reading: find_lead(reading, lead_id))

    def events(self, lead: Lead) -> list[Event]:
        return self.ledger.read(
            lambda reading: [
                recorded.event for recorded in reading.events.select(lead_id=lead.lead_id)
            ]
        )

    def kinds(self, lead: Lead) -> list[str]:
        return [event.kind.value for event in self.events(lead)]

    def append(self, *events: Event) -> None:
        self.ledger.transact(lambda records: records.append(*events))


@pytest.fixture
def office(ledger: Ledger) -> Office:
    return Office(ledger)


def test_a_lead_waits_until_its_person_proves_the_address_and_then_qualifies(
    office: Office,
) -> None:
    lead = office.receive()
    assert (lead.review, lead.confirm_until, lead.deadline) == ("unconfirmed", NOW + WEEK, None)
    at = NOW + 3 * HOUR
    confirmed = office.confirm(lead, at)
    assert (confirmed.review, confirmed.confirmed) == ("qualified", True)
    assert confirmed.deadline == at + timedelta(hours=48)
    assert office.kinds(lead) == ["received", "unconfirmed", "confirmed", "qualified"]
    event = office.events(lead)[2]
    assert (event.actor, event.occurred_at, event.data) == (Actor.VISITOR, at, {})


def test_with_notice_the_review_window_waits_for_the_notice(office: Office) -> None:
    office.terms = terms_with(text=f'confirm = "email"\n{BY_MAIL}')
    confirmed = office.confirm(office.receive())
    assert (confirmed.review, confirmed.notified, confirmed.deadline) == ("qualified", False, None)


def test_a_second_click_changes_nothing(office: Office) -> None:
    lead = office.receive()
    first = office.confirm(lead, NOW + HOUR)
    assert office.confirm(lead, NOW + 2 * HOUR) == first
    assert office.kinds(lead).count("confirmed") == 1


def test_an_unknown_lead_is_not_found(office: Office) -> None:
    with pytest.raises(NotFound):
        office.ledger.transact(lambda records: confirm_address(records, "2222222222zz", NOW))


@pytest.mark.parametrize("answers", [{"company_size": "1-50"}, {}])
def test_a_lead_that_does_not_wait_stays_as_it_is(office: Office, answers: dict[str, str]) -> None:
    office.terms = terms_with(text=TEXT if answers else CAMPAIGN)
    lead = office.receive(**answers)
    assert lead.review in {"disqualified", "qualified"}
    assert office.confirm(lead) == lead


def test_a_test_lead_is_confirmed_like_others(office: Office) -> None:
    test = replace(submission(office.terms), test=True)
    confirmed = office.confirm(office.receive(sent=test))
    assert (confirmed.review, confirmed.test) == ("qualified", True)


def test_an_imported_lead_needs_no_proof_but_an_explicit_acceptance(office: Office) -> None:
    basis = Consent(given=False, version=None, basis="signed at the stand")
    lead = office.receive(sent=replace(submission(office.terms), source="fair", consent=basis))
    assert (lead.review, lead.needs_explicit_acceptance, lead.deadline) == ("qualified", True, None)
    assert lead.review_at(NOW + 99 * DAY) == "qualified"


def test_a_pause_after_the_receipt_stops_no_confirmation(office: Office) -> None:
    """Rule 18: only new leads stay out."""
    lead = office.receive()
    office.ledger.transact(lambda records: pause_campaign(records, office.terms, "Ada", NOW))
    assert office.confirm(lead).review == "qualified"


class TestTheEndOfTheLink:
    """Rule 12: every view knows it from the time, before an event records it."""

    def test_until_its_very_end_the_link_works(self, office: Office) -> None:
        lead = office.receive()
        assert lead.review_at(NOW + WEEK - MOMENT) == "unconfirmed"
        assert office.confirm(lead, NOW + WEEK - MOMENT).review == "qualified"

    def test_at_its_end_the_lead_is_expired_and_nobody_confirms_it(self, office: Office) -> None:
        lead = office.receive()
        assert office.confirm(lead, NOW + WEEK) == lead
        assert lead.review_at(NOW + WEEK) == "expired"
        assert office.kinds(lead) == ["received", "unconfirmed"]

    def test_the_event_is_dated_at_the_end_and_recorded_once(self, office: Office) -> None:
        lead, late = office.receive(), NOW + WEEK + DAY
        other = office.receive(NOW + 2 * DAY, email="bob@other.example")
        assert office.expire(NOW + WEEK - MOMENT) == 0
        assert office.expire(late) == 1
        assert office.expire(late) == 0
        event = office.events(lead)[-1]
        assert event.kind is EventKind.EXPIRED
        assert (event.occurred_at, event.recorded_at) == (NOW + WEEK, late)
        assert event.actor is Actor.SYSTEM
        assert office.lead(lead.lead_id).review == "expired"
        assert office.lead(other.lead_id).review == "unconfirmed"
        assert office.ledger.read(lambda reading: unrecorded_expiries(reading, late)) == []

    def test_an_expired_lead_blocks_nobody_and_is_never_billed(self, office: Office) -> None:
        lead = office.receive()
        again = office.receive(NOW + WEEK)  # the end is not recorded yet
        office.expire(NOW + WEEK)
        assert (office.lead(lead.lead_id).review, again.review) == ("expired", "unconfirmed")
        state = office.ledger.read(lambda reading: reading.statements.due_state(lead.lead_id))
        assert state.due_at is None
        assert office.confirm(again, NOW + WEEK + HOUR).review == "qualified"


class TestDuplicates:
    """Rule 2."""

    def test_a_second_submission_asks_for_the_waiting_leads_letter_again(
        self, office: Office
    ) -> None:
        waiting = office.receive()
        again = office.receive(NOW + HOUR)
        assert again.review == "duplicate"
        data = office.events(again)[-1].data
        assert (data["duplicate_of"], data["asks_again"]) == (waiting.lead_id, True)
        assert office.confirm(again, NOW + 2 * HOUR) == again
        assert office.confirm(waiting, NOW + 2 * HOUR).review == "qualified"

    def test_a_duplicate_of_a_lead_that_qualified_meanwhile_is_one_at_confirmation(
        self, office: Office
    ) -> None:
        office.terms = terms_with('[duplicates]\nkeys = ["phone"]')
        slow = office.receive(phone="+15550100")
        fast = office.confirm(office.receive(phone="+15550100", email="bob@other.example"))
        assert fast.review == "qualified"
        assert office.confirm(slow, NOW + HOUR).review == "duplicate"
        assert office.events(slow)[-1].data["duplicate_of"] == fast.lead_id

    def test_a_person_on_the_suppression_list_meanwhile_is_not_delivered(
        self, office: Office
    ) -> None:
        """Rule 4."""
        lead = office.receive()
        entries = read_suppressions(b"email\nann@clinic.example\n", "list.csv")
        office.ledger.transact(lambda records: suppress(records, "acme", entries, NOW, by="Ada"))
        assert office.confirm(lead).review == "suppressed"


class TestCaps:
    """Rules 7 and 8."""

    def test_a_waiting_lead_keeps_its_place_in_a_refusing_cap_for_two_hours(
        self, office: Office
    ) -> None:
        office.terms = terms_with("[caps]\nleads_a_month = 1")
        first = office.receive()
        refused = office.receive(NOW + 2 * HOUR - MOMENT, email="b@other.example")
        second = office.receive(NOW + 2 * HOUR, email="c@third.example")
        assert (refused.review, second.review) == ("over_cap", "unconfirmed")
        assert office.confirm(second, NOW + 3 * HOUR).review == "qualified"
        assert office.confirm(first, NOW + 4 * HOUR).review == "over_cap"
        assert office.events(first)[-1].data["cap"] == "leads_a_month"

    def test_whoever_confirms_in_time_has_the_place(self, office: Office) -> None:
        office.terms = terms_with("[caps]\nleads_a_month = 1")
        assert office.confirm(office.receive(), NOW + HOUR).review == "qualified"

    def test_a_cap_of_a_company_is_asked_again_too(self, office: Office) -> None:
        office.terms = terms_with("[caps]\nleads_a_company = 1")
        first = office.receive()
        second = office.receive(NOW + 2 * HOUR, email="bob@clinic.example")
        assert office.confirm(second, NOW + 2 * HOUR).review == "qualified"
        assert office.confirm(first, NOW + 3 * HOUR).review == "over_cap"

    def test_the_cap_is_that_of_the_month_of_receipt(self, office: Office) -> None:
        office.terms = terms_with("[caps]\nleads_a_month = 1")
        last_day = datetime.fromisoformat("2026-11-30T20:00Z")
        november = office.receive(last_day)
        december = office.receive(last_day + DAY, email="b@other.example")
        assert office.confirm(december, last_day + DAY).review == "qualified"
        confirmed = office.confirm(november, last_day + 2 * DAY)
        assert (confirmed.review, confirmed.month) == ("qualified", "2026-11")

    def test_a_lead_marked_free_over_a_cap_stays_free(self, office: Office) -> None:
        office.terms = terms_with('[caps]\nleads_a_month = 1\nover = "free"')
        first = office.receive()
        second = office.receive(NOW + DAY, email="b@other.example")
        assert (first.free_over_cap, second.free_over_cap) == (False, True)
        office.expire(NOW + WEEK)  # the first one's place is free again
        confirmed = office.confirm(second, NOW + WEEK + HOUR)
        assert (confirmed.review, confirmed.free_over_cap) == ("qualified", True)

    def test_a_lead_within_a_free_cap_keeps_its_place_while_its_link_works(
        self, office: Office
    ) -> None:
        office.terms = terms_with('[caps]\nleads_a_month = 1\nover = "free"')
        first = office.receive()
        second = office.confirm(
            office.receive(NOW + 3 * DAY, email="b@other.example"), NOW + 3 * DAY
        )
        assert second.free_over_cap
        confirmed = office.confirm(first, NOW + 4 * DAY)
        assert (confirmed.review, confirmed.free_over_cap) == ("qualified", False)


def test_a_changed_answer_after_a_refusal_still_needs_an_explicit_acceptance(
    office: Office,
) -> None:
    """Rule 3: the mark of the receipt outlives the confirmation."""
    office.receive(company_size="1-50")
    confirmed = office.confirm(office.receive(NOW + HOUR), NOW + 2 * HOUR)
    assert (confirmed.review, confirmed.deadline) == ("qualified", None)
    assert confirmed.review_at(NOW + 99 * DAY) == "qualified"


def test_the_verdict_of_the_receipt_is_stored_with_the_new_event(office: Office) -> None:
    """Rule 19: a verdict is never computed again."""
    lead = office.confirm(office.receive())
    unconfirmed, qualified = office.events(lead)[1], office.events(lead)[3]
    assert qualified.data["verdict"] == unconfirmed.data["verdict"]


def test_a_person_who_withdrew_the_consent_confirms_nothing(office: Office) -> None:
    lead = office.receive()
    office.append(later_event(lead.lead_id, EventKind.CONSENT_WITHDRAWN))
    assert office.confirm(lead).review == "consent_withdrawn"
    assert office.expire(NOW + WEEK) == 0


def test_an_erased_lead_is_not_confirmed_but_expires(office: Office) -> None:
    lead = office.receive()
    office.append(later_event(lead.lead_id, EventKind.ERASED))
    office.ledger.transact(
        lambda records: records.people.replace_personal_data(lead.lead_id, PersonalData({}))
    )
    assert office.confirm(lead).review == "unconfirmed"
    assert office.expire(NOW + WEEK) == 1


def test_a_lead_released_from_quarantine_waits_for_its_proof_from_then_on(office: Office) -> None:
    lead = office.receive()
    office.append(later_event(lead.lead_id, EventKind.HELD_BACK, signals=[]))
    assert office.confirm(lead, NOW + WEEK).review == "quarantined"
    assert office.expire(NOW + WEEK) == 0
    released = NOW + 9 * DAY

    def release(records: WriteTransaction) -> None:
        records.append(later_event(lead.lead_id, EventKind.RELEASED, at=released))
        judge_again(records, find_lead(records, lead.lead_id), released)

    office.ledger.transact(release)
    waiting = office.lead(lead.lead_id)
    assert (waiting.review, waiting.confirm_until) == ("unconfirmed", released + WEEK)
    assert office.events(lead)[-1].data["until"] == show_time(released + WEEK)
    assert office.confirm(lead, released + 6 * DAY).review == "qualified"


def test_a_proof_during_the_quarantine_is_valid_after_the_release(office: Office) -> None:
    lead = office.receive()
    office.append(later_event(lead.lead_id, EventKind.HELD_BACK, signals=[]))
    confirmed = office.confirm(lead)
    assert (confirmed.review, confirmed.confirmed) == ("quarantined", True)
    events = len(office.events(lead))
    assert office.confirm(lead).review == "quarantined"
    assert len(office.events(lead)) == events
    released = office.ledger.transact(lambda records: release(records, lead.lead_id, "Ann", NOW))
    assert released.review == "qualified"
