"""The three tracks and what each move does (rule 10 of docs/rules.md)."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.errors import EventNotAllowed
from capture.lead.events import Event, EventKind, parse_time, show_time
from capture.lead.fold import apply_event, fold_events
from capture.lead.model import Lead
from capture.lead.moves import AT_ANY_STAGE, MOVES, TRACK_OF, VISIBLE_TO_CLIENT, Track
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


@pytest.mark.parametrize(
    ("kinds", "visible", "known"),
    [
        ((), False, False),
        ((EventKind.QUALIFIED,), True, False),
        ((EventKind.QUALIFIED, EventKind.NOTIFIED), True, True),
        ((EventKind.QUALIFIED, EventKind.REJECTED), True, True),
        ((EventKind.QUALIFIED, EventKind.NOTIFIED, EventKind.CORRECTED), True, True),
    ],
)
def test_a_client_knows_a_lead_after_its_notice_or_its_decision(
    kinds: Sequence[EventKind], visible: bool, known: bool
) -> None:
    lead = fold_events([received_event("a"), *(later_event("a", kind) for kind in kinds)])
    assert (lead.was_visible_to_client, lead.is_known_to_client) == (visible, known)


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


# Random histories on the review track, with the stages of rules 2, 7, 35 and 36.


def likely_kinds(lead: Lead, number: int) -> Sequence[EventKind]:
    """Mostly the moves of the lead's stage; sometimes an event at any stage, or any event."""
    moves = [kind for kind in MOVES[Track.REVIEW][lead.review] if kind not in AT_ANY_STAGE]
    if number % 6 == 0 or not moves:
        return AT_ANY_STAGE
    if number % 6 == 1:
        return [kind for kind in TRACK_OF if kind is not EventKind.RECEIVED]
    if lead.review == "received":  # only leads that passed the gate
        return [EventKind.QUARANTINED, EventKind.UNCONFIRMED, *[EventKind.QUALIFIED] * 3, *moves]
    return moves


def random_event(kind: EventKind, number: int) -> Event:
    """An event with the data of its kind; half of the events have a deadline."""
    deadline = show_time(DEADLINE) if number % 2 else None
    data: dict[EventKind, dict[str, object]] = {
        EventKind.QUALIFIED: {"deadline": deadline} if deadline else {},
        EventKind.NOTIFIED: {"deadline": deadline},
        EventKind.RELEASED: {"deadline": deadline},
        EventKind.UNCONFIRMED: {"until": show_time(NOW + timedelta(days=7))},
        EventKind.CORRECTED: {"fields": ["email"] if number % 2 else ["company_size"]},
    }
    return later_event("a", kind, **{"track": "sale", **data.get(kind, {})})


LIVES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1000)), min_size=2, max_size=30)
"""Random choices: the likelihood of a kind of event, and its number."""


def live(choices: list[tuple[int, int]]) -> Iterator[tuple[Lead, Event, Lead]]:
    """The lead before and after each event that is allowed."""
    lead = apply_event(None, received_event("a"))
    for likely, number in choices:
        kinds = likely_kinds(lead, likely)
        event = random_event(kinds[number % len(kinds)], number // len(kinds))
        try:
            next_lead = apply_event(lead, event)
        except EventNotAllowed:
            continue
        yield lead, event, next_lead
        lead = next_lead


@given(LIVES)
def test_the_client_sees_only_a_lead_that_qualified(choices: list[tuple[int, int]]) -> None:
    has_qualified = False
    for _, event, lead in live(choices):
        has_qualified |= event.kind is EventKind.QUALIFIED
        assert has_qualified or lead.review not in VISIBLE_TO_CLIENT


@given(LIVES)
def test_silence_never_accepts_after_a_bounce_a_withdrawal_or_an_erasure(
    choices: list[tuple[int, int]],
) -> None:
    for before, event, lead in live(choices):
        if event.kind in AT_ANY_STAGE and event.kind is not EventKind.NOTED:
            assert lead.is_silence_ended
        if lead.is_silence_ended:
            assert lead.silence_accepts_at is None
            assert lead.review_at(NOW + timedelta(days=999)) != "accepted" or (
                lead.review == "accepted"
            )
        is_corrected = event.kind is EventKind.CORRECTED and "email" in event.data["fields"]
        assert lead.bounced or not before.bounced or is_corrected
        assert lead.erased or not before.erased
        assert lead.consent_withdrawn or not before.consent_withdrawn


@given(LIVES)
def test_no_event_changes_a_lead_whose_consent_was_withdrawn_before_delivery(
    choices: list[tuple[int, int]],
) -> None:
    for before, event, lead in live(choices):
        if before.review == "consent_withdrawn":
            assert lead.review == "consent_withdrawn"
        assert not (before.consent_withdrawn and event.kind is EventKind.QUALIFIED)


@given(LIVES)
def test_nobody_can_decide_an_unconfirmed_or_quarantined_lead(
    choices: list[tuple[int, int]],
) -> None:
    undecided = ("unconfirmed", "quarantined", "held_back", "expired", "discarded")
    for before, event, lead in live(choices):
        if before.review not in undecided:
            continue
        assert event.kind not in {EventKind.ACCEPTED, EventKind.REJECTED, EventKind.NOTIFIED}
        assert TRACK_OF[event.kind] is Track.REVIEW
        assert (lead.accepted_at, lead.sale) == (before.accepted_at, before.sale)


@given(LIVES)
def test_a_lead_that_the_client_does_not_know_is_never_held_back(
    choices: list[tuple[int, int]],
) -> None:
    for before, event, lead in live(choices):
        if event.kind is EventKind.HELD_BACK:
            is_known = before.review == "qualified" and before.notified
            assert lead.review == ("held_back" if is_known else "quarantined")
            assert lead.deadline is None


@given(st.datetimes())
def test_a_stored_time_reads_back_as_the_same_time(moment: datetime) -> None:
    aware = moment.replace(tzinfo=NOW.tzinfo)
    assert parse_time(show_time(aware)) == aware
