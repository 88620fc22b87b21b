"""A lead goes into quarantine and is released or discarded (rule 36 of docs/rules.md)."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from capture.campaign.model import Campaign
from capture.errors import NotFound
from capture.intake.quarantine import discard, release
from capture.lead.events import Actor, EventKind
from capture.lead.model import Lead
from capture.ledger.protocol import Ledger
from capture.review.acts import (
    Act,
    accept,
    reject,
)
from capture.review.acts import withdraw as undo
from capture.review.bounce import record_bounce
from tests.capture.intake.quarantine_desk import (
    AT_RECEIPT,
    BY_MAIL,
    BY_MAIL_TEXT,
    DAY,
    HOUR,
    SECOND,
    SIGNALS,
    WINDOW,
    Desk,
)
from tests.samples import CAMPAIGN, NOW, campaign


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk(ledger)


# Holding a lead back.


def test_a_lead_that_the_client_was_not_notified_of_is_quarantined(desk: Desk) -> None:
    lead = desk.quarantined()
    event = desk.events(lead)[-1]
    assert (event.kind, event.actor) == (EventKind.HELD_BACK, Actor.SYSTEM)
    assert event.data == {"signals": list(SIGNALS)}
    assert desk.notify(NOW + HOUR) == []


def test_a_lead_in_review_is_held_and_its_deadline_stops(desk: Desk) -> None:
    desk.terms = AT_RECEIPT
    lead = desk.hold(desk.receive(), NOW + WINDOW - SECOND)
    assert (lead.review, lead.deadline) == ("held_back", None)
    assert desk.silence(NOW + 99 * DAY) == []
    assert desk.lead(lead.lead_id).review_at(NOW + 99 * DAY) == "held_back"


def test_silence_at_the_deadline_comes_before_a_hold(desk: Desk) -> None:
    desk.terms = AT_RECEIPT
    lead = desk.hold(desk.receive(), NOW + WINDOW)
    assert (lead.review, lead.accepted_at) == ("accepted", NOW + WINDOW)
    assert [event.kind for event in desk.events(lead)][-1] is EventKind.ACCEPTED


def test_a_decided_lead_is_never_held(desk: Desk) -> None:
    desk.terms = AT_RECEIPT
    first, second = (desk.receive(email=f"p{number}@c{number}.example") for number in range(2))
    accepted = desk.by_client(accept, first, at=NOW + HOUR)
    rejected = desk.by_client(reject, second, "too_small", at=NOW + HOUR)
    assert desk.hold(first, NOW + HOUR) == accepted
    assert desk.hold(second, NOW + HOUR) == rejected


def test_a_lead_whose_review_was_undone_can_be_held(desk: Desk) -> None:
    desk.terms = AT_RECEIPT
    lead = desk.receive()
    desk.by_client(accept, lead, at=NOW + SECOND)
    desk.by_client(undo, lead, at=NOW + 2 * SECOND)
    assert desk.hold(lead, NOW + 3 * SECOND).review == "held_back"


def test_a_lead_with_a_meeting_a_sale_or_an_entered_review_is_never_held(desk: Desk) -> None:
    desk.terms = AT_RECEIPT
    met, cancelled, sold, entered = (
        desk.receive(email=f"p{number}@c{number}.example") for number in range(4)
    )
    for lead, kind, meeting_at in (
        (met, EventKind.SCHEDULED, NOW + DAY),
        (cancelled, EventKind.SCHEDULED, NOW + DAY),
        (cancelled, EventKind.CANCELLED, None),
        (sold, EventKind.LOST, None),
    ):
        desk.report(lead, kind, meeting_at)
    by_agency = Act(entered.lead_id, "Ada", Actor.AGENCY)
    desk.ledger.transact(lambda records: accept(records, by_agency, NOW))
    for lead in (met, cancelled, sold, entered):
        assert desk.hold(lead).review == "qualified"


def test_a_test_lead_is_never_held(desk: Desk) -> None:
    assert desk.hold(desk.receive(test=True)).review == "qualified"


def test_a_held_lead_is_not_held_again(desk: Desk) -> None:
    lead = desk.quarantined()
    assert desk.hold(lead, NOW + HOUR) == lead


def test_the_client_cannot_decide_a_held_lead(desk: Desk) -> None:
    desk.terms = AT_RECEIPT
    lead = desk.hold(desk.receive())
    acceptance = desk.refusal(lambda: desk.by_client(accept, lead, at=NOW + HOUR))
    rejection = desk.refusal(lambda: desk.by_client(reject, lead, "too_small", at=NOW + HOUR))
    assert "the agency is checking it, so nothing can be decided now" in acceptance
    assert rejection == acceptance


# Release of a quarantined lead.


def test_a_released_lead_qualifies_and_its_client_is_notified(desk: Desk) -> None:
    lead = desk.release(desk.quarantined(), NOW + 9 * DAY, "called her")
    assert (lead.review, lead.deadline, lead.needs_explicit_acceptance) == (
        "qualified",
        None,
        False,
    )
    assert [event.kind for event in desk.events(lead)] == [
        EventKind.RECEIVED,
        EventKind.QUALIFIED,
        EventKind.HELD_BACK,
        EventKind.RELEASED,
        EventKind.QUALIFIED,
    ]
    (notified,) = desk.notify(NOW + 10 * DAY)
    assert notified.deadline == NOW + 10 * DAY + WINDOW


def test_the_event_of_a_release_names_nobody_and_a_note_does(desk: Desk) -> None:
    lead = desk.release(desk.quarantined(), note="called her")
    event = desk.events(lead)[3]
    assert (event.actor, set(event.data)) == (Actor.AGENCY, {"by"})
    assert "Ada" not in repr(desk.events(lead))
    (note,) = desk.ledger.read(lambda reading: reading.people.notes(lead.lead_id))
    assert (note.author, note.kind, note.text) == ("Ada", "released", "called her")


def test_duplicates_are_asked_again_as_of_the_release(desk: Desk) -> None:
    lead = desk.quarantined()
    later = desk.receive(NOW + HOUR)
    assert later.review == "qualified"
    released = desk.release(lead, NOW + 2 * HOUR)
    assert released.review == "duplicate"
    assert desk.events(released)[-1].data["duplicate_of"] == later.lead_id


def test_of_two_quarantined_leads_of_a_person_the_one_released_first_qualifies(desk: Desk) -> None:
    first, second = desk.quarantined(), desk.quarantined(full_name="Ann B. Lee")
    assert desk.release(second).review == "qualified"
    assert desk.release(first, NOW + 2 * HOUR).review == "duplicate"


def test_a_person_on_the_suppression_list_by_now_is_not_delivered(desk: Desk) -> None:
    lead = desk.quarantined()
    desk.ledger.transact(
        lambda records: records.people.suppress("acme", [("email/2", "ann@clinic.example")], NOW)
    )
    assert desk.release(lead).review == "suppressed"


def test_caps_are_asked_by_the_month_of_receipt(ledger: Ledger) -> None:
    desk = Desk(ledger, campaign("[caps]\nleads_a_month = 1", text=BY_MAIL_TEXT))
    november, other = desk.quarantined(), desk.quarantined(email="bob@lab.example")
    december = datetime(2026, 12, 7, 12, tzinfo=UTC)
    new = desk.receive(december, email="carl@shop.example")
    assert new.review == "qualified"  # quarantined leads count towards no cap
    assert desk.release(november, december).review == "qualified"
    assert desk.release(other, december).review == "over_cap"
    assert desk.receive(december, email="dora@mill.example").review == "over_cap"


# Release of a held lead.


def test_a_held_lead_gets_a_full_window(desk: Desk) -> None:
    desk.terms = AT_RECEIPT
    lead = desk.hold(desk.receive(), NOW + WINDOW - SECOND)
    released = desk.release(lead, NOW + 5 * DAY)
    ends = NOW + 5 * DAY + WINDOW
    assert (released.review, released.deadline, released.notified) == ("qualified", ends, True)
    assert released.review_at(ends - SECOND) == "qualified"
    (accepted,) = desk.silence(ends)
    assert accepted.lead_id == lead.lead_id
    assert desk.lead(lead.lead_id).accepted_at == ends


def test_a_window_in_working_days_stands_still_on_the_weekend_of_the_release(
    ledger: Ledger,
) -> None:
    text = CAMPAIGN.replace("hours = 48", "hours = 48\nworking_days = true")
    desk = Desk(ledger, campaign(text=text))
    lead = desk.hold(desk.receive())
    friday = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
    assert desk.release(lead, friday).deadline == datetime(2026, 12, 1, 15, 0, tzinfo=UTC)


def test_a_lead_that_silence_never_accepts_gets_no_deadline(desk: Desk) -> None:
    desk.terms = AT_RECEIPT
    lead = desk.hold(desk.receive())
    desk.ledger.transact(lambda records: record_bounce(records, lead.lead_id, NOW, 550))
    released = desk.release(lead)
    assert (released.review, released.deadline) == ("qualified", None)
    assert desk.events(lead)[-1].data["deadline"] is None
    assert desk.silence(NOW + 99 * DAY) == []


def test_a_released_lead_can_be_decided_and_held_again(desk: Desk) -> None:
    desk.terms = AT_RECEIPT
    lead = desk.release(desk.hold(desk.receive()))
    assert desk.hold(lead, NOW + 2 * HOUR).review == "held_back"
    released = desk.release(lead, NOW + 3 * HOUR)
    assert desk.by_client(accept, released, at=NOW + 4 * HOUR).review == "accepted"


# Discarding, and refusals.


@pytest.mark.parametrize("terms", [BY_MAIL, AT_RECEIPT])
def test_a_discarded_lead_is_kept_and_never_billed(ledger: Ledger, terms: Campaign) -> None:
    desk = Desk(ledger, terms)
    lead = desk.discard(desk.hold(desk.receive()))
    assert (lead.review, lead.deadline) == ("discarded", None)
    assert ledger.read(lambda reading: reading.people.personal_data(lead.lead_id)) is not None
    assert desk.silence(NOW + 99 * DAY) == []
    due_state = ledger.read(lambda reading: reading.statements.due_state(lead.lead_id))
    assert due_state.due_at is None


def test_a_discarded_lead_blocks_no_later_lead_of_the_person(desk: Desk) -> None:
    desk.discard(desk.quarantined())
    assert desk.receive(NOW + DAY).review == "qualified"


@pytest.mark.parametrize("act", [release, discard])
def test_only_a_waiting_lead_can_be_released_or_discarded(
    desk: Desk, act: Callable[..., Lead]
) -> None:
    lead = desk.receive()
    text = desk.refusal(
        lambda: desk.ledger.transact(lambda records: act(records, lead.lead_id, "Ada", NOW))
    )
    assert text == (
        f"lead {lead.lead_id} is qualified: only a lead in quarantine can be released or discarded"
    )


def test_a_second_release_and_a_later_discard_are_refused(desk: Desk) -> None:
    lead = desk.release(desk.quarantined())
    assert "is qualified" in desk.refusal(lambda: desk.release(lead))
    assert "is qualified" in desk.refusal(lambda: desk.discard(lead))
    other = desk.discard(desk.quarantined(email="bob@lab.example"))
    assert "is discarded" in desk.refusal(lambda: desk.release(other))


def test_the_refusal_of_a_second_release_knows_what_silence_decided(desk: Desk) -> None:
    desk.terms = AT_RECEIPT
    lead = desk.release(desk.hold(desk.receive()))
    text = desk.refusal(lambda: desk.release(lead, NOW + 9 * DAY))
    assert "is accepted" in text


@pytest.mark.parametrize("act", [release, discard])
def test_an_act_needs_a_name_and_a_known_lead(desk: Desk, act: Callable[..., Lead]) -> None:
    lead = desk.quarantined()
    text = desk.refusal(
        lambda: desk.ledger.transact(lambda records: act(records, lead.lead_id, " ", NOW))
    )
    assert "name of the person" in text
    with pytest.raises(NotFound):
        desk.ledger.transact(lambda records: act(records, "no-such-lead", "Ada", NOW))


def test_the_ledger_redraws_all_rows_after_holds_and_releases(desk: Desk) -> None:
    desk.release(desk.quarantined())
    desk.discard(desk.quarantined(email="bob@lab.example"))
    assert desk.ledger.verify().problems == ()
