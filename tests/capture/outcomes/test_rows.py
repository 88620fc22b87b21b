"""A table of outcomes: what its rows mean, and which are recorded already."""

from decimal import Decimal

import pytest

from capture.lead.events import Actor, EventKind
from capture.outcomes.import_outcomes import read_outcomes, sort_rows
from capture.outcomes.rows import RowDefaults
from capture.review.acts import record_held_meetings
from tests.capture.outcomes.desk import (
    ANN,
    DAY,
    HEADING,
    HELD,
    LATER,
    REFUND,
    SCHEDULED,
    SHARE,
    WON,
    Desk,
    known,
)
from tests.samples import NOW


class TestRows:
    def test_rows_are_applied_in_the_order_of_the_file(self, desk: Desk) -> None:
        lead_id = desk.receive_lead()
        results = desk.import_table(SCHEDULED, HELD, WON, REFUND)
        assert {result.lead_id for result in results} == {lead_id}
        lead = desk.lead(lead_id)
        assert (lead.appointment, lead.sale) == ("held", "won")

    def test_a_time_without_a_zone_is_in_the_campaigns_zone(self, desk: Desk) -> None:
        desk.receive_lead()
        local, utc = (
            desk.import_table(f"{ANN},lost,2026-12-01T09:00"),
            desk.import_table(f"{ANN},lost,2026-12-01T14:00Z"),
        )
        assert local[0].occurred_at == utc[0].occurred_at
        assert (known(local), known(utc)) == ([False], [True])

    def test_the_reporting_side_comes_from_the_row_or_from_the_table(self, desk: Desk) -> None:
        lead_id = desk.receive_lead()
        desk.import_table(SCHEDULED + ",,,,,agency,by phone", HELD, side=Actor.CLIENT)
        events = desk.ledger.read(lambda reading: list(reading.events.select(lead_id=lead_id)))
        assert [recorded.event.actor for recorded in events[-2:]] == [
            Actor.AGENCY
        ] * 2  # who enters it
        entered_for = [recorded.event.data.get("on_behalf_of") for recorded in events[-2:]]
        assert entered_for == [None, "client"]
        notes = desk.ledger.read(lambda reading: reading.people.notes(lead_id))
        assert [(note.author, note.text) for note in notes] == [("Ada", "by phone"), ("Ada", "")]
        assert "Ada" not in repr(events)

    @pytest.mark.parametrize("word", ["no-show", "No show", "NO_SHOW"])
    def test_an_outcome_may_be_spelt_in_several_ways(self, desk: Desk, word: str) -> None:
        desk.receive_lead()
        results = desk.import_table(SCHEDULED, f"{ANN},{word},2026-11-26T10:30")
        assert results[1].kind is EventKind.NO_SHOW

    def test_a_prepayment_is_split_by_month_and_is_known_the_second_time(self, desk: Desk) -> None:
        lead_id = desk.receive_lead(SHARE)
        row = f"{ANN},revenue,2026-12-01T10:00,,1000.00,2026-12-01,12"
        desk.import_table(WON, row)
        events = desk.ledger.read(lambda reading: list(reading.events.select(lead_id=lead_id)))
        amounts = [
            recorded.event.data["amount"]
            for recorded in events
            if recorded.event.kind is EventKind.REVENUE
        ]
        assert (len(amounts), sum(amounts)) == (12, 100000)
        assert known(desk.import_table(WON, row)) == [True, True]

    def test_two_payments_for_one_month_are_two_outcomes(self, desk: Desk) -> None:
        desk.receive_lead(SHARE)
        rows = [f"{ANN},revenue,2026-12-0{n}T10:00,,100{n}.00,2026-12-01" for n in (1, 2)]
        assert known(desk.import_table(WON, *rows)) == [False] * 3
        assert known(desk.import_table(WON, *rows)) == [True] * 3

    def test_a_partial_refund_must_name_its_months(self, desk: Desk) -> None:
        desk.receive_lead(SHARE)
        paid = f"{ANN},revenue,2026-12-01T10:00,,1000.00,2026-12-01,2"
        refund = f"{ANN},refunded,2026-12-02T10:00,,100.00"
        (problem,) = desk.faults(WON, paid, refund)
        assert "name the months that it is for" in problem
        assert known(desk.import_table(WON, paid, f"{refund},2026-12-01,2")) == [False] * 3
        assert known(desk.import_table(WON, paid, f"{refund},2026-12-01,2")) == [True] * 3

    def test_a_client_may_object_in_a_table(self, desk: Desk) -> None:
        lead_id = desk.receive_lead(SHARE)
        paid = f"{ANN},revenue,2026-12-01T10:00,,1000.00,2026-12-01"
        objection = f"{ANN},objected,2026-12-01T12:00,,,2026-12-01,,too_small,client"
        desk.import_table(WON, paid, objection)
        assert known(desk.import_table(WON, paid, objection)) == [True, True, True]
        kinds = [
            recorded.event.kind
            for recorded in desk.ledger.read(
                lambda reading: list(reading.events.select(lead_id=lead_id))
            )
        ]
        assert kinds.count(EventKind.OBJECTED) == kinds.count(EventKind.REVENUE) == 1


class TestRecordedAlready:
    """An outcome that is recorded already changes nothing (docs/rules.md, Choices)."""

    def test_the_same_table_twice_changes_nothing(self, desk: Desk) -> None:
        desk.receive_lead()
        desk.import_table(SCHEDULED, HELD, WON, REFUND)
        old_head = desk.head()
        assert (
            known(desk.import_table(SCHEDULED, HELD, WON, REFUND, at=LATER + 300 * DAY))
            == [True] * 4
        )
        assert desk.head() == old_head

    def test_only_the_new_rows_of_a_newer_export_are_recorded(self, desk: Desk) -> None:
        desk.receive_lead()
        desk.receive_lead(email="bob@other.example")
        desk.import_table(SCHEDULED, HELD)
        bob = SCHEDULED.replace(ANN, "bob@other.example")
        assert known(desk.import_table(bob, WON, HELD, SCHEDULED)) == [False, False, True, True]

    def test_an_outcome_recorded_by_hand_is_known(self, desk: Desk) -> None:
        lead_id = desk.receive_lead()
        desk.report(lead_id, EventKind.WON, NOW + DAY, amount=Decimal(100))
        assert known(desk.import_table(f"{ANN},won,2026-11-24T15:00Z,,100")) == [True]

    def test_another_time_amount_or_meeting_is_another_outcome(self, desk: Desk) -> None:
        desk.receive_lead()
        desk.import_table(SCHEDULED, WON, REFUND)
        other = REFUND.replace("100", "101"), REFUND.replace("02T09:00", "03T09:01")
        move = f"{ANN},moved,2026-11-25T09:00,2026-11-27T10:00"
        assert known(desk.import_table(*other, move)) == [False] * 3
        assert known(desk.import_table(move.replace("27T", "28T"))) == [False]

    def test_two_equal_rows_in_one_table_are_refresults(self, desk: Desk) -> None:
        lead_id = desk.receive_lead()
        same = (
            "the same as line 3; delete one, or if it happened twice, give each its own time, and "
            "write yes under again in the second"
        )
        assert desk.faults(WON, REFUND, REFUND) == [f"4: {same}"]
        desk.import_table(WON, REFUND)
        heading = f"lead_id,{HEADING}"
        by_id = f"{lead_id},{REFUND.replace(ANN, '')}"
        assert desk.faults(f",{WON}", f",{REFUND}", by_id, heading=heading) == [f"4: {same}"]

    def test_an_outcome_that_the_client_objected_to_is_not_recorded_again(self, desk: Desk) -> None:
        lead_id = desk.receive_lead(SHARE)
        paid = f"{ANN},revenue,2026-12-01T10:00,,1000.00,2026-12-01"
        objection = f"{ANN},objected,2026-12-01T12:00,,,2026-12-01,,too_small,client"
        desk.import_table(WON, paid, objection)
        old_head = desk.head()
        assert known(desk.import_table(WON, paid)) == [True, True]
        assert desk.head() == old_head
        desk.import_table(paid.replace("01T10:00", "02T10:01"))
        assert desk.lead(lead_id).sale == "won"

    @pytest.mark.parametrize("is_recorded", [False, True])
    def test_a_meeting_that_counts_as_held_by_silence_is_known(
        self, desk: Desk, is_recorded: bool
    ) -> None:
        desk.receive_lead()
        desk.import_table(SCHEDULED, at=NOW + DAY)
        if is_recorded:
            desk.ledger.transact(lambda records: record_held_meetings(records, LATER))
        assert known(desk.import_table(SCHEDULED, HELD)) == [True, True]
        (problem,) = desk.faults(f"{ANN},held,2026-11-26T09:59")
        assert "2: lead " in problem

    def test_silence_decides_only_about_the_current_meeting(self, desk: Desk) -> None:
        lead_id = desk.receive_lead()
        desk.import_table(SCHEDULED, at=NOW + DAY)
        moved = f"{ANN},moved,2026-11-26T09:00,2026-12-13T10:00"
        desk.import_table(moved, at=NOW + 3 * DAY)
        results = desk.import_table(moved, f"{ANN},held,2026-12-13T10:30", at=LATER + DAY)
        assert (known(results), desk.lead(lead_id).appointment) == ([True, False], "held")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_may_come_from_any_spreadsheet(desk: Desk, delimiter: str, end: str) -> None:
    desk.receive_lead()
    lines = ["Outcome,ON ,email,amount,,", f"won,2026-12-01 09:00,{ANN},1200.00,,", ",,,,,"]
    text = "\ufeff" + end.join(lines).replace(",", delimiter)
    table = read_outcomes(text.encode(), "crm.csv")
    defaults = RowDefaults("Ada", Actor.AGENCY, "guide")
    sorted_rows = desk.ledger.read(lambda reading: sort_rows(reading, table, defaults, LATER))
    assert [row.outcome.amount for row in sorted_rows.new] == [Decimal("1200.00")]


def test_a_dry_run_gives_the_same_result_and_writes_nothing(desk: Desk) -> None:
    desk.receive_lead()
    old_head = desk.head()
    dry_results = desk.import_table(SCHEDULED, HELD, WON, dry_run=True)
    assert desk.head() == old_head
    assert desk.import_table(SCHEDULED, HELD, WON) == dry_results
