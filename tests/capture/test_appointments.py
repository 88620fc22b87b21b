"""What a meeting costs, and who may record its outcome. Rules: docs/rules.md."""

from datetime import UTC, datetime, timedelta

import pytest

from capture.closing.credit import credits_of
from capture.errors import Refused
from capture.intake.receive import receive_submission
from capture.lead.events import Actor, EventKind
from capture.outcomes.record import Outcome
from capture.outcomes.repeats import record_once
from capture.review.acts import dispute, reject, settle, withdraw
from tests.capture.desk import BOOKED, DAY, HELD, WON, Desk, amounts
from tests.samples import NOW, campaign, submission

HOUR = timedelta(hours=1)
FINAL = timedelta(hours=48)
MEETING = NOW + 2 * DAY
END = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)


class TestAppointments:
    """250 USD per held demo, or 300 USD per scheduled demo."""

    def test_a_held_demo_that_the_client_records_is_billed_immediately(self, desk: Desk) -> None:
        lead = desk.take(HELD)
        desk.report(lead, EventKind.SCHEDULED, NOW, meeting_at=MEETING)
        desk.client(lead, EventKind.HELD, MEETING + HOUR)
        (line,) = desk.bill("2026-11", MEETING + HOUR).lines
        assert (line.amount, line.event, line.due_at) == (25000, "held", MEETING + HOUR)

    def test_a_held_demo_that_the_agency_records_is_final_after_the_window_rule_14(
        self, desk: Desk
    ) -> None:
        lead = desk.take(HELD)
        desk.report(lead, EventKind.SCHEDULED, NOW, meeting_at=MEETING)
        desk.report(lead, EventKind.HELD, MEETING)
        assert amounts(desk.bill("2026-11", MEETING + FINAL - HOUR)) == []
        assert amounts(desk.bill("2026-11", MEETING + FINAL)) == [25000]

    def test_within_the_window_only_the_client_may_record_a_no_show(self, desk: Desk) -> None:
        lead = desk.take(HELD)
        desk.report(lead, EventKind.SCHEDULED, NOW, meeting_at=MEETING)
        desk.report(lead, EventKind.HELD, MEETING)
        with pytest.raises(Refused, match="only the client can object"):
            desk.report(lead, EventKind.NO_SHOW, MEETING + HOUR)
        desk.client(lead, EventKind.NO_SHOW, MEETING + HOUR)
        assert amounts(desk.bill("2026-12", END)) == amounts(desk.bill("2026-11", END)) == []

    def test_an_objection_after_the_window_is_refused_and_the_message_names_its_end(
        self, desk: Desk
    ) -> None:
        lead = desk.take(HELD)
        desk.report(lead, EventKind.SCHEDULED, NOW, meeting_at=MEETING)
        desk.report(lead, EventKind.HELD, MEETING)
        with pytest.raises(Refused, match="final since 2026-11-27 15:00:00 UTC"):
            desk.client(lead, EventKind.OBJECTED, MEETING + FINAL, reason="too_small")

    def test_an_objection_needs_a_listed_reason_and_undoes_the_outcome(self, desk: Desk) -> None:
        lead = desk.take(HELD)
        desk.report(lead, EventKind.SCHEDULED, NOW, meeting_at=MEETING)
        desk.report(lead, EventKind.HELD, MEETING)
        with pytest.raises(Refused, match="'ugly' is no reason of guide; it allows: too_small"):
            desk.client(lead, EventKind.OBJECTED, MEETING + HOUR, reason="ugly")
        lead = desk.client(lead, EventKind.OBJECTED, MEETING + HOUR, reason="too_small")
        assert (lead.appointment, amounts(desk.bill("2026-11", END))) == ("objected", [])

    @pytest.mark.parametrize("kind", [EventKind.HELD, EventKind.NO_SHOW])
    def test_a_meeting_has_no_outcome_before_its_start(self, desk: Desk, kind: EventKind) -> None:
        lead = desk.take(HELD)
        desk.report(lead, EventKind.SCHEDULED, NOW, meeting_at=MEETING)
        with pytest.raises(Refused, match=r"its meeting is at 2026-11-25T15:00.*was moved"):
            desk.client(lead, kind, MEETING - HOUR)
        desk.report(lead, EventKind.MOVED, MEETING - HOUR, meeting_at=MEETING - HOUR)
        assert desk.client(lead, kind, MEETING - HOUR).appointment == kind.value

    def test_a_meeting_without_an_outcome_counts_as_held(self, desk: Desk) -> None:
        lead = desk.take(HELD)
        desk.report(lead, EventKind.SCHEDULED, NOW, meeting_at=MEETING)
        (line,) = desk.bill("2026-11", MEETING + FINAL).lines
        assert line.due_at == MEETING + FINAL
        statement = desk.close("2026-11", datetime(2026, 12, 2, tzinfo=UTC))
        assert [line.due_at for line in statement.lines] == [MEETING + FINAL]

    def test_a_rejection_leaves_a_meeting_that_silence_took_as_held(self, desk: Desk) -> None:
        terms = campaign(text=HELD.text.replace("hours = 48", 'hours = 48\nnotice = "email"'))
        posted = submission(terms)
        desk.terms = terms
        receipt = desk.ledger.transact(
            lambda records: receive_submission(records, terms, posted, NOW)
        )
        lead = desk.ledger.read(lambda reading: reading.leads.get(receipt.lead_id))
        assert lead is not None
        desk.report(lead, EventKind.SCHEDULED, NOW, meeting_at=MEETING)
        later = MEETING + FINAL + HOUR
        desk.act(reject, lead.lead_id, later, "too_small")
        desk.act(dispute, lead.lead_id, later)
        assert desk.act(settle, lead.lead_id, later).appointment == "held"
        assert amounts(desk.bill("2026-11", later)) == [25000]

    def test_the_client_may_object_before_any_outcome_of_the_meeting_rule_14(
        self, desk: Desk
    ) -> None:
        lead = desk.take(HELD)
        desk.report(lead, EventKind.SCHEDULED, NOW, meeting_at=MEETING)
        with pytest.raises(Refused, match="no paying outcome to object to"):
            desk.client(lead, EventKind.OBJECTED, MEETING - HOUR, reason="too_small")
        desk.client(lead, EventKind.OBJECTED, MEETING, reason="too_small")
        assert amounts(desk.bill("2026-12", END)) == amounts(desk.bill("2026-11", END)) == []

    def test_the_client_may_object_after_a_no_show_rule_14(self, desk: Desk) -> None:
        lead = desk.take(BOOKED)
        desk.report(lead, EventKind.SCHEDULED, NOW, meeting_at=NOW + HOUR)
        desk.report(lead, EventKind.NO_SHOW, NOW + HOUR)
        desk.client(lead, EventKind.OBJECTED, NOW + 2 * HOUR, reason="too_small")
        assert amounts(desk.bill("2026-11", END)) == []

    def test_a_missed_booking_stays_billable_when_the_next_is_cancelled_rule_21(
        self, desk: Desk
    ) -> None:
        lead = desk.take(BOOKED)
        desk.client(lead, EventKind.SCHEDULED, NOW, meeting_at=NOW + HOUR)
        desk.report(lead, EventKind.NO_SHOW, NOW + HOUR)
        desk.client(lead, EventKind.SCHEDULED, NOW + HOUR, meeting_at=MEETING)
        desk.report(lead, EventKind.CANCELLED, NOW + 2 * HOUR)
        (line,) = desk.bill("2026-11", END).lines
        assert (line.amount, line.due_at) == (30000, NOW)

    def test_a_no_show_does_not_change_that_a_scheduled_demo_is_billed(self, desk: Desk) -> None:
        lead = desk.take(BOOKED)
        desk.client(lead, EventKind.SCHEDULED, NOW, meeting_at=MEETING)
        desk.report(lead, EventKind.NO_SHOW, MEETING)
        assert amounts(desk.bill("2026-11", MEETING)) == [30000]

    def test_a_cancellation_before_the_close_voids_the_booking_unless_rebooked_rule_21(
        self, desk: Desk
    ) -> None:
        lead = desk.take(BOOKED)
        desk.client(lead, EventKind.SCHEDULED, NOW, meeting_at=MEETING)
        desk.report(lead, EventKind.CANCELLED, NOW + HOUR)
        assert amounts(desk.bill("2026-11", NOW + HOUR)) == []
        desk.client(lead, EventKind.SCHEDULED, NOW + 2 * HOUR, meeting_at=MEETING, again=True)
        assert amounts(desk.bill("2026-11", NOW + 2 * HOUR)) == [30000]

    @pytest.mark.parametrize(("on", "charged"), [(MEETING - HOUR, []), (MEETING, [30000])])
    def test_a_cancellation_before_the_time_of_the_meeting_is_free_rule_42(
        self, desk: Desk, on: datetime, charged: list[int]
    ) -> None:
        lead = desk.take(BOOKED)
        desk.client(lead, EventKind.SCHEDULED, NOW, meeting_at=MEETING)
        lead = desk.client(lead, EventKind.CANCELLED, MEETING + HOUR, occurred_at=on)
        assert (lead.appointment, amounts(desk.bill("2026-11", END))) == ("cancelled", charged)

    def test_a_cancellation_before_the_close_is_free_rule_42(self, desk: Desk) -> None:
        lead = desk.take(BOOKED)
        desk.client(lead, EventKind.SCHEDULED, NOW, meeting_at=END + DAY)
        assert amounts(desk.close("2026-11", NOW + 9 * DAY)) == [30000]
        desk.client(lead, EventKind.CANCELLED, NOW + 10 * DAY)
        desk.client(lead, EventKind.SCHEDULED, NOW + 11 * DAY, meeting_at=END + DAY)
        assert amounts(desk.close("2026-12", END + 9 * DAY)) == []
        assert desk.ledger.read(credits_of) == []

    def test_a_meeting_moved_after_its_time_is_charged_even_if_cancelled(self, desk: Desk) -> None:
        lead = desk.take(BOOKED)
        desk.client(lead, EventKind.SCHEDULED, NOW, meeting_at=NOW + HOUR)
        desk.client(lead, EventKind.MOVED, NOW + HOUR, meeting_at=MEETING)
        desk.client(lead, EventKind.CANCELLED, NOW + 2 * HOUR)
        assert amounts(desk.bill("2026-11", END)) == [30000]

    def test_a_moved_meeting_may_be_cancelled_without_charge_until_its_new_time(
        self, desk: Desk
    ) -> None:
        lead = desk.take(BOOKED)
        desk.client(lead, EventKind.SCHEDULED, NOW, meeting_at=NOW + HOUR)
        desk.client(lead, EventKind.MOVED, NOW, meeting_at=MEETING)
        desk.client(lead, EventKind.CANCELLED, NOW + 2 * HOUR)
        assert amounts(desk.bill("2026-11", END)) == []

    def test_a_rejection_cancels_the_booking_and_its_undo_restores_it(self, desk: Desk) -> None:
        posted = submission(BOOKED)
        receipt = desk.ledger.transact(
            lambda records: receive_submission(records, BOOKED, posted, NOW)
        )
        lead = desk.ledger.read(lambda reading: reading.leads.get(receipt.lead_id))
        assert lead is not None
        desk.terms = BOOKED
        desk.report(lead, EventKind.SCHEDULED, NOW, meeting_at=MEETING)
        desk.act(reject, lead.lead_id, NOW + HOUR, "too_small")
        assert amounts(desk.bill("2026-11", MEETING + FINAL)) == []
        desk.act(withdraw, lead.lead_id, NOW + HOUR)
        assert amounts(desk.bill("2026-11", MEETING + FINAL)) == [30000]


def test_an_outcome_before_the_lead_or_in_the_future_is_refused(desk: Desk) -> None:
    lead = desk.take(WON)
    for when in (NOW - HOUR, NOW + DAY):
        outcome = Outcome(lead.lead_id, EventKind.LOST, Actor.AGENCY, "Ada", when)
        with pytest.raises(Refused, match="is before its receipt or in the future"):
            desk.ledger.transact(
                lambda records, outcome=outcome: record_once(records, outcome, NOW)
            )


@pytest.mark.parametrize(
    "kind", [EventKind.NO_SHOW, EventKind.MOVED, EventKind.CANCELLED, EventKind.HELD]
)
def test_a_meeting_held_by_silence_is_final_before_it_is_recorded_rule_14(
    desk: Desk, kind: EventKind
) -> None:
    lead = desk.take(HELD)
    desk.report(lead, EventKind.SCHEDULED, NOW, meeting_at=MEETING)
    more = {"meeting_at": MEETING + 9 * DAY} if kind is EventKind.MOVED else {}
    with pytest.raises(Refused, match="silence already counts its meeting as held"):
        desk.client(lead, kind, MEETING + FINAL, **more)
    assert amounts(desk.close("2026-11", END)) == [25000]
