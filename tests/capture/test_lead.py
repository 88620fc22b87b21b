"""The three tracks and what each move does (rule 10 of docs/rules.md)."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.errors import EventNotAllowed
from capture.lead.events import EventKind, parse_time, show_time
from capture.lead.fold import apply_event, fold_events
from capture.lead.model import Lead
from capture.lead.moves import MOVES, TRACK_OF, Track
from tests.samples import NOW, later_event, received_event

DEADLINE = NOW + timedelta(hours=48)


def qualified(**data: object) -> Lead:
    return fold_events(
        [
            received_event("a"),
            later_event("a", EventKind.QUALIFIED, deadline=show_time(DEADLINE), **data),
        ]
    )


def test_every_stage_that_a_move_leads_to_is_in_the_table() -> None:
    for moves in MOVES.values():
        assert {stage for allowed in moves.values() for stage in allowed.values()} <= set(moves)


def test_each_kind_of_move_belongs_to_one_track() -> None:
    listed = [
        (kind, track)
        for track, moves in MOVES.items()
        for allowed in moves.values()
        for kind in allowed
    ]
    assert all(TRACK_OF[kind] is track for kind, track in listed if kind is not EventKind.OBJECTED)


def test_silence_accepts_exactly_at_the_deadline_and_not_before() -> None:
    lead = qualified()
    assert lead.review_at(DEADLINE - timedelta(microseconds=1)) == "qualified"
    assert lead.review_at(DEADLINE) == "accepted"
    assert lead.accepted_as_of(DEADLINE + timedelta(days=9)) == DEADLINE


def test_silence_never_accepts_a_lead_that_needs_an_explicit_acceptance() -> None:
    lead = qualified(needs_explicit_acceptance=True)
    assert lead.review_at(DEADLINE + timedelta(days=99)) == "qualified"


def test_silence_accepts_nothing_before_the_client_is_notified() -> None:
    lead = fold_events([received_event("a"), later_event("a", EventKind.QUALIFIED)])
    assert lead.review_at(NOW + timedelta(days=99)) == "qualified"


def test_a_rejection_cancels_a_pending_meeting() -> None:
    lead = apply_event(qualified(), later_event("a", EventKind.SCHEDULED))
    assert apply_event(lead, later_event("a", EventKind.REJECTED)).appointment == "cancelled"


def test_a_refused_event_names_the_stage_and_the_allowed_events() -> None:
    lead = apply_event(qualified(), later_event("a", EventKind.LOST))
    with pytest.raises(
        EventNotAllowed, match=r"sale is lost, so revenue is refused; allowed now: won$"
    ):
        apply_event(lead, later_event("a", EventKind.REVENUE))


def test_a_disqualified_lead_can_have_no_meeting_and_no_sale() -> None:
    lead = fold_events([received_event("a"), later_event("a", EventKind.DISQUALIFIED)])
    for kind in (EventKind.SCHEDULED, EventKind.WON):
        with pytest.raises(EventNotAllowed, match="is disqualified: only a qualified or accepted"):
            apply_event(lead, later_event("a", kind))


def test_a_lead_marked_as_not_spam_needs_an_explicit_acceptance() -> None:
    lead = fold_events(
        [
            received_event("a"),
            later_event("a", EventKind.SPAM),
            later_event("a", EventKind.CORRECTED),
            later_event("a", EventKind.QUALIFIED, deadline=show_time(DEADLINE)),
        ]
    )
    assert lead.review_at(DEADLINE) == "qualified"


@given(st.lists(st.sampled_from([kind for kind in TRACK_OF if kind is not EventKind.RECEIVED])))
def test_after_any_events_each_track_has_a_stage_of_its_table(kinds: list[EventKind]) -> None:
    lead = apply_event(None, received_event("a"))
    for kind in kinds:
        try:
            lead = apply_event(lead, later_event("a", kind, track="sale"))
        except EventNotAllowed:
            continue
    assert all(lead.stage(track) in MOVES[track] for track in Track)


@given(st.datetimes())
def test_a_stored_time_reads_back_as_the_same_time(moment: datetime) -> None:
    aware = moment.replace(tzinfo=NOW.tzinfo)
    assert parse_time(show_time(aware)) == aware
