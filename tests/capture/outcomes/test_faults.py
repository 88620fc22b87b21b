"""A table with faults is refused as a whole, with a message for every faulty row."""

from datetime import date

import pytest

from capture.errors import FileErrors
from capture.lead.events import Actor
from capture.outcomes import import_outcomes as import_module
from capture.outcomes.import_outcomes import import_rows, read_outcomes, sort_rows
from capture.outcomes.rows import RowDefaults
from tests.capture.outcomes.desk import ANN, HELD, LATER, REFUND, SCHEDULED, SHARE, WON, Desk, known


class TestFaults:
    def test_every_faulty_row_is_reported_in_the_order_of_the_file(self, desk: Desk) -> None:
        lead_id = desk.receive_lead()
        problems = desk.faults(
            f"{ANN},hold,yesterday",
            f"{ANN},revenue,2026-12-01,,0,1.12.2026,13x",
            HELD,
            f"{ANN},won,2026-12-01,2026-12-01,12.345,,,ugly,both",
            "ann@,won,2026-12-01,,5",
            f"{ANN},won,,,5",
            f"{ANN},,2026-12-01",
            f"{ANN},objected,2026-12-01",
            ",won,2026-12-01,,5",
            f"{ANN},lost,2029-12-01",
            f"{ANN},lost,2026-11-23",
        )
        time = "write a time such as 2026-12-01T09:30, or 2026-12-01T09:30Z for UTC"
        first = "(line 3 of the same lead is faulty; fix that first)"
        kinds = (
            "scheduled, moved, held, no-show, cancelled, won, lost, revenue, refunded, churned, "
            "objected"
        )
        assert problems == [
            f'2: on = "yesterday": {time}',
            '2: outcome = "hold": no such outcome; did you mean `held`?',
            '3: period = "1.12.2026": write a date such as 2026-12-01',
            '3: months = "13x": write a number from 1 to 120',
            '3: amount = "0": say how much, net of tax',
            f"4: lead {lead_id}: appointment is not started, so held is refused; allowed now: "
            f"scheduled {first}",
            '5: at = "2026-12-01": won has none; leave the cell empty',
            '5: reason = "ugly": won has none; leave the cell empty',
            '5: from = "both": write agency or client',
            '5: amount = "12.345": 12.345 has more decimals than USD; write no more than that',
            '6: email = "ann@": no e-mail address',
            "7: on: write when it happened; a row is recognised by its time",
            f"8: outcome: name the outcome: {kinds}",
            "9: reason: name a code of the campaign's reasons",
            "10: lead_id: name the lead: write lead_id, or email and campaign",
            f"11: lead {lead_id}: lost at 2029-12-01T05:00:00.000000Z is before its receipt or "
            f"in the future; say when it happened {first}",
            "12: email: 0 leads in guide by that time that the client was given; check the "
            "address and the time, or name the lead by its lead_id",
        ]

    def test_rows_with_too_few_cells_and_rows_with_faulty_cells_are_reported_together(
        self, desk: Desk
    ) -> None:
        desk.receive_lead()
        table = f"email,outcome,on\n{ANN},lost\nann@,lost,2026-12-01\n"
        parsed = read_outcomes(table.encode(), "crm.csv")
        sorted_rows = desk.ledger.read(
            lambda reading: sort_rows(
                reading, parsed, RowDefaults("Ada", Actor.AGENCY, "guide"), LATER
            )
        )
        with pytest.raises(FileErrors) as error:
            desk.ledger.transact(lambda records: import_rows(records, sorted_rows, LATER))
        assert [problem.line for problem in error.value.problems] == [2, 3]

    def test_no_message_contains_an_e_mail_address_of_another_row(self, desk: Desk) -> None:
        desk.receive_lead()
        message = "\n".join(desk.faults(WON, HELD, "bob@other.example,hold,2026-12-01"))
        assert "ann@" not in message
        assert "bob@" not in message

    def test_hostile_text_is_shown_escaped(self, desk: Desk) -> None:
        desk.receive_lead()
        (message,) = desk.faults(f"{ANN},\x1b[2J\u202e,2026-12-01")
        assert "\\u001b[2J\\u202e" in message

    @pytest.mark.parametrize(
        ("table", "fault"),
        [
            ("", "crm.csv: empty; its first line names the columns"),
            ("email,outcome,on\n", "crm.csv: a heading but no outcomes below it"),
            (
                "outcome,on\nwon,2026-12-01\n",
                "crm.csv: no column names the lead; add lead_id or email",
            ),
            (
                "email,outcom\na,b\n",
                'crm.csv:1: no column "outcom" in a table of outcomes; did you mean `outcome`?',
            ),
        ],
    )
    def test_a_file_that_is_no_table_of_outcomes_is_refused(self, table: str, fault: str) -> None:
        with pytest.raises(FileErrors) as error:
            read_outcomes(table.encode(), "crm.csv")
        assert str(error.value.problems[0]) == fault

    def test_more_new_outcomes_than_the_limit_are_refused(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(import_module, "MAX_NEW", 2)
        desk.receive_lead()
        desk.import_table(SCHEDULED, HELD)
        assert known(desk.import_table(SCHEDULED, HELD, WON)) == [True, True, False]
        (problem,) = desk.faults(
            WON.replace("won", "churned").replace(",,1200.00", ""),
            REFUND,
            REFUND.replace("100", "5"),
        )
        assert problem.endswith(
            "3 new outcomes; at most 2 at once: split the file into parts, each with the heading"
        )


def test_times_outside_the_calendar_are_refused(desk: Desk) -> None:
    desk.receive_lead(SHARE)
    far = f"{ANN},scheduled,2026-12-01,9999-12-31T23:00"
    too_late = (
        f"{ANN},revenue,2026-12-01,,5,9999-12-01,120",
        f"{ANN},revenue,2026-12-01,,5,2999-12-01,120",
    )
    problems = desk.faults(far, *too_late, f"{ANN},lost,0001-01-01T00:00+14:00")
    assert [problem.split(":")[0] for problem in problems] == ["2", "3", "4", "5"]


def test_a_period_is_a_date_without_a_time(desk: Desk) -> None:
    desk.receive_lead(SHARE)
    results = desk.import_table(WON, f"{ANN},revenue,2026-12-01,,5,2026-12-01")
    assert results[1].occurred_at.date() == date(2026, 12, 1)
