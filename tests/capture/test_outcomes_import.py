"""A table of what a CRM says became of leads, by the rules in docs/rules.md on outcomes."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from capture.campaign import Answer, Campaign
from capture.errors import FileErrors, Refused
from capture.intake import receive
from capture.lead import Actor, Kind, Lead
from capture.ledger import Ledger, open_ledger, rehearse
from capture.outcomes import Outcome, Taken, Teller, read_outcomes, record, sort_out, take
from capture.outcomes import bring as bringing
from capture.outcomes.amounts import read_amount
from capture.review import Act, reject, write_meetings
from tests.samples import CAMPAIGN, NOW, campaign, submission

DAY = timedelta(days=1)
LATER = NOW + 20 * DAY
HEADING = "email,outcome,on,at,amount,period,months,reason,from,note"
ANN = "ann@clinic.example"
SCHEDULED = f"{ANN},scheduled,2026-11-24T09:00,2026-11-26T10:00"
HELD = f"{ANN},held,2026-11-26T11:00"
WON = f"{ANN},won,2026-12-01T09:00,,1200.00"
REFUND = f"{ANN},refunded,2026-12-02T09:00,,100.00"
CPL = 'model = "cpl"\nrate = 50\nbillable = "accepted"'
SHARE = campaign(
    text=CAMPAIGN.replace(
        CPL, 'model = "revenue_share"\npercent = 15\nmonths = 12\nbillable = "revenue"'
    )
)


class Desk:
    """One ledger, and the tables that somebody brings to it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def take(self, terms: Campaign | None = None, at: datetime = NOW, **answers: Answer) -> str:
        terms = terms or campaign()
        sent = submission(terms, **answers)
        return self.ledger.transact(lambda records: receive(records, terms, sent, at)).lead_id

    def bring(
        self,
        *rows: str,
        heading: str = HEADING,
        side: Actor = Actor.AGENCY,
        slug: str = "guide",
        at: datetime = LATER,
        dry: bool = False,
    ) -> list[Taken]:
        cells = heading.count(",")
        lines = [row + "," * (cells - row.count(",")) for row in rows]
        table = read_outcomes("\n".join([heading, *lines]).encode(), "crm.csv")
        teller = Teller("Ada", side, slug)
        found = self.ledger.read(lambda reading: sort_out(reading, table, teller, at))
        if dry:
            return rehearse(self.ledger, lambda records: take(records, found, at))
        return self.ledger.transact(lambda records: take(records, found, at))

    def faults(self, *rows: str, **more: Any) -> list[str]:
        before = self.head()
        with pytest.raises(FileErrors) as refused:
            self.bring(*rows, **more)
        assert self.head() == before
        return [str(problem).removeprefix("crm.csv:") for problem in refused.value.problems]

    def head(self) -> int:
        return self.ledger.read(lambda reading: reading.head()[0])

    def lead(self, lead_id: str) -> Lead:
        found = self.ledger.read(lambda reading: reading.lead(lead_id))
        assert found is not None
        return found

    def say(self, lead_id: str, kind: Kind, at: datetime, **more: object) -> None:
        said = Outcome(lead_id, kind, Actor.AGENCY, "Ada", at, **more)  # type: ignore[arg-type]
        self.ledger.transact(lambda records: record(records, said, at))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", b"a key for tests only")
    yield Desk(ledger)
    assert ledger.verify().faults == ()
    ledger.close()


def known(taken: Sequence[Taken]) -> list[bool]:
    return [one.known for one in taken]


class TestRows:
    def test_rows_that_rest_on_earlier_ones_are_applied_in_the_files_order(
        self, desk: Desk
    ) -> None:
        lead_id = desk.take()
        taken = desk.bring(SCHEDULED, HELD, WON, REFUND)
        assert {one.lead_id for one in taken} == {lead_id}
        lead = desk.lead(lead_id)
        assert (lead.appointment, lead.sale) == ("held", "won")

    def test_a_time_without_a_zone_is_one_of_the_campaigns(self, desk: Desk) -> None:
        desk.take()
        here, there = (
            desk.bring(f"{ANN},lost,2026-12-01T09:00"),
            desk.bring(f"{ANN},lost,2026-12-01T14:00Z"),
        )
        assert here[0].occurred_at == there[0].occurred_at
        assert (known(here), known(there)) == ([False], [True])

    def test_whose_word_it_is_stands_in_the_row_or_holds_for_the_table(self, desk: Desk) -> None:
        lead_id = desk.take()
        desk.bring(SCHEDULED + ",,,,,agency,by phone", HELD, side=Actor.CLIENT)
        events = desk.ledger.read(lambda reading: list(reading.events(lead_id=lead_id)))
        assert [one.event.actor for one in events[-2:]] == [Actor.AGENCY, Actor.CLIENT]
        notes = desk.ledger.read(lambda reading: reading.notes(lead_id))
        assert [(note.author, note.text) for note in notes] == [("Ada", "by phone"), ("Ada", "")]
        assert "Ada" not in repr(events)

    @pytest.mark.parametrize("word", ["no-show", "No show", "NO_SHOW"])
    def test_an_outcome_may_be_spelt_as_people_do(self, desk: Desk, word: str) -> None:
        desk.take()
        taken = desk.bring(SCHEDULED, f"{ANN},{word},2026-11-26T10:30")
        assert taken[1].kind is Kind.NO_SHOW

    def test_a_prepayment_is_split_by_month_and_known_again(self, desk: Desk) -> None:
        lead_id = desk.take(SHARE)
        row = f"{ANN},revenue,2026-12-01T10:00,,1000.00,2026-12-01,12"
        desk.bring(WON, row)
        events = desk.ledger.read(lambda reading: list(reading.events(lead_id=lead_id)))
        amounts = [one.event.data["amount"] for one in events if one.event.kind is Kind.REVENUE]
        assert (len(amounts), sum(amounts)) == (12, 100000)
        assert known(desk.bring(WON, row)) == [True, True]

    def test_a_period_that_two_rows_claim_is_refused(self, desk: Desk) -> None:
        desk.take(SHARE)
        row = f"{ANN},revenue,2026-12-01T10:00,,1000.00,2026-12-01"
        (fault,) = desk.faults(WON, f"{row},12", f"{row},1")
        assert fault.startswith("4: lead ")
        assert fault.endswith("revenue of 2026-12-01 is recorded already; a period counts once")

    def test_a_client_may_contest_in_a_table(self, desk: Desk) -> None:
        lead_id = desk.take(SHARE)
        paid = f"{ANN},revenue,2026-12-01T10:00,,1000.00,2026-12-01"
        no = f"{ANN},contested,2026-12-01T12:00,,,2026-12-01,,too_small,client"
        desk.bring(WON, paid, no)
        assert known(desk.bring(WON, paid, no)) == [True, True, True]
        kinds = [
            one.event.kind
            for one in desk.ledger.read(lambda reading: list(reading.events(lead_id=lead_id)))
        ]
        assert kinds.count(Kind.CONTESTED) == kinds.count(Kind.REVENUE) == 1


class TestAgain:
    """What was taken once changes nothing (docs/rules.md, Choices)."""

    def test_the_same_table_twice_changes_nothing(self, desk: Desk) -> None:
        desk.take()
        desk.bring(SCHEDULED, HELD, WON, REFUND)
        before = desk.head()
        assert known(desk.bring(SCHEDULED, HELD, WON, REFUND, at=LATER + 300 * DAY)) == [True] * 4
        assert desk.head() == before

    def test_of_a_newer_export_only_what_is_new_is_taken(self, desk: Desk) -> None:
        desk.take()
        desk.take(email="bob@other.example")
        desk.bring(SCHEDULED, HELD)
        bob = SCHEDULED.replace(ANN, "bob@other.example")
        assert known(desk.bring(bob, WON, HELD, SCHEDULED)) == [False, False, True, True]

    def test_what_was_recorded_by_hand_is_known(self, desk: Desk) -> None:
        lead_id = desk.take()
        desk.say(lead_id, Kind.WON, NOW + DAY, amount=Decimal(100))
        assert known(desk.bring(f"{ANN},won,2026-11-24T15:00Z,,100")) == [True]

    def test_another_time_amount_or_meeting_is_another_outcome(self, desk: Desk) -> None:
        desk.take()
        desk.bring(SCHEDULED, WON, REFUND)
        other = REFUND.replace("100", "101"), REFUND.replace("09:00", "09:01")
        move = f"{ANN},moved,2026-11-25T09:00,2026-11-27T10:00"
        assert known(desk.bring(*other, move)) == [False] * 3
        assert known(desk.bring(move.replace("27T", "28T"))) == [False]

    def test_two_equal_rows_in_one_table_are_refused(self, desk: Desk) -> None:
        lead_id = desk.take()
        same = "the same as line 3; leave one, or if it happened twice, give each its own time"
        assert desk.faults(WON, REFUND, REFUND) == [f"4: {same}"]
        desk.bring(WON, REFUND)
        heading = f"lead_id,{HEADING}"
        by_id = f"{lead_id},{REFUND.replace(ANN, '')}"
        assert desk.faults(f",{WON}", f",{REFUND}", by_id, heading=heading) == [f"4: {same}"]

    def test_what_the_client_contested_is_not_taken_again_by_itself(self, desk: Desk) -> None:
        lead_id = desk.take(SHARE)
        paid = f"{ANN},revenue,2026-12-01T10:00,,1000.00,2026-12-01"
        no = f"{ANN},contested,2026-12-01T12:00,,,2026-12-01,,too_small,client"
        desk.bring(WON, paid, no)
        before = desk.head()
        assert known(desk.bring(WON, paid)) == [True, True]
        assert desk.head() == before
        desk.bring(paid.replace("10:00", "10:01"))
        assert desk.lead(lead_id).sale == "won"

    @pytest.mark.parametrize("written", [False, True])
    def test_that_a_meeting_was_held_is_known_where_silence_said_so(
        self, desk: Desk, written: bool
    ) -> None:
        desk.take()
        desk.bring(SCHEDULED, at=NOW + DAY)
        if written:
            desk.ledger.transact(lambda records: write_meetings(records, LATER))
        assert known(desk.bring(SCHEDULED, HELD)) == [True, True]
        (fault,) = desk.faults(f"{ANN},held,2026-11-26T09:59")
        assert "2: lead " in fault

    def test_silence_speaks_for_the_meeting_that_stands_only(self, desk: Desk) -> None:
        lead_id = desk.take()
        desk.bring(SCHEDULED, at=NOW + DAY)
        moved = f"{ANN},moved,2026-11-26T09:00,2026-12-13T10:00"
        desk.bring(moved, at=NOW + 3 * DAY)
        taken = desk.bring(moved, f"{ANN},held,2026-12-13T10:30", at=LATER + DAY)
        assert (known(taken), desk.lead(lead_id).appointment) == ([True, False], "held")


class TestWhose:
    @pytest.mark.parametrize("address", ["ANN@Clinic.example", "ann+guide@clinic.example"])
    def test_an_address_is_compared_as_for_duplicates_rule_2(
        self, desk: Desk, address: str
    ) -> None:
        lead_id = desk.take()
        assert desk.bring(WON.replace(ANN, address))[0].lead_id == lead_id
        assert known(desk.bring(WON)) == [True]

    def test_of_several_leads_the_one_that_had_come_by_then_is_meant(self, desk: Desk) -> None:
        terms = campaign("[duplicates]\nwindow = 365")
        first, second = desk.take(terms), desk.take(terms, NOW + 400 * DAY)
        late = f"{ANN},refunded,2028-01-03T09:00,,100.00"
        assert desk.bring(WON, at=NOW + 500 * DAY)[0].lead_id == first
        (fault,) = desk.faults(WON, late, at=NOW + 500 * DAY)
        assert fault.startswith("3: email: 2 leads in guide by that time: ")
        assert first in fault
        assert second in fault
        assert fault.endswith("; name the right one by its lead_id")

    def test_nobody_of_that_address_is_told(self, desk: Desk) -> None:
        desk.take(company_size="1-50")
        none = (
            "email: 0 leads in guide by that time that the client was given; look at the address "
            "and the time, or name the lead by its lead_id"
        )
        assert desk.faults(WON) == [f"2: {none}"]

    def test_a_duplicate_has_no_outcomes_and_makes_nothing_ambiguous(self, desk: Desk) -> None:
        first = desk.take()
        desk.take(full_name="A. Lee", at=NOW + DAY)
        assert desk.bring(WON)[0].lead_id == first

    def test_another_campaigns_lead_is_another_lead(self, desk: Desk) -> None:
        desk.take()
        other = desk.take(campaign(slug="other"))
        heading = HEADING.replace("email,", "email,campaign,")
        row = WON.replace(ANN, f"{ANN},other")
        assert desk.bring(row, heading=heading)[0].lead_id == other
        (fault,) = desk.faults(WON, slug="gude")
        assert fault == (
            "2: no lead ever came to campaign 'gude'; `gatepost campaigns list` lists them"
        )

    def test_a_lead_id_decides_and_must_be_of_the_campaign_that_is_named(self, desk: Desk) -> None:
        lead_id = desk.take()
        heading = HEADING.replace("email,", "lead_id,campaign,")
        row = WON.replace(ANN, f"{lead_id},other")
        assert desk.faults(row, heading=heading) == [
            f'2: campaign = "other": lead {lead_id} is of guide'
        ]
        unknown = WON.replace(ANN, "nobody,guide")
        assert desk.faults(unknown, heading=heading) == [
            '2: lead_id = "nobody": no such lead; `gatepost leads` lists them'
        ]

    def test_a_lead_that_the_client_rejected_is_named_in_the_refusal(self, desk: Desk) -> None:
        lead_id = desk.take()
        act = Act(lead_id, "Carol")
        desk.ledger.transact(lambda records: reject(records, act, "too_small", NOW + DAY))
        assert desk.faults(WON) == [
            f"2: lead {lead_id} is rejected: only a qualified or accepted lead can be won"
        ]


class TestFaults:
    def test_every_faulty_row_is_told_in_the_files_order(self, desk: Desk) -> None:
        lead_id = desk.take()
        faults = desk.faults(
            f"{ANN},hold,yesterday",
            f"{ANN},revenue,2026-12-01,,0,1.12.2026,13x",
            HELD,
            f"{ANN},won,2026-12-01,2026-12-01,12.345,,,ugly,both",
            "ann@,won,2026-12-01,,5",
            f"{ANN},won,,,5",
            f"{ANN},,2026-12-01",
            f"{ANN},contested,2026-12-01",
            ",won,2026-12-01,,5",
            f"{ANN},lost,2029-12-01",
            f"{ANN},lost,2026-11-23",
        )
        time = "write a time such as 2026-12-01T09:30, or 2026-12-01T09:30Z for UTC"
        first = "(line 3 of the same lead is faulty; mend that first)"
        offered = (
            "scheduled, moved, held, no-show, cancelled, won, lost, revenue, refunded, churned, "
            "contested"
        )
        assert faults == [
            f'2: on = "yesterday": {time}',
            '2: outcome = "hold": none that we know; did you mean `held`?',
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
            "7: on: say when it happened; a row is known again by its time",
            f"8: outcome: say what has become of the lead: {offered}",
            "9: reason: name a code of the campaign's reasons",
            "10: lead_id: say whose outcome it is: lead_id, or email and campaign",
            f"11: lead {lead_id}: lost at 2029-12-01T05:00:00.000000Z lies before its receipt or "
            f"in the time to come; say when it happened {first}",
            "12: email: 0 leads in guide by that time that the client was given; look at the "
            "address and the time, or name the lead by its lead_id",
        ]

    def test_a_row_of_another_width_is_told_among_the_others(self, desk: Desk) -> None:
        desk.take()
        table = f"email,outcome,on\n{ANN},lost\nann@,lost,2026-12-01\n"
        read = read_outcomes(table.encode(), "crm.csv")
        found = desk.ledger.read(
            lambda reading: sort_out(reading, read, Teller("Ada", Actor.AGENCY, "guide"), LATER)
        )
        with pytest.raises(FileErrors) as refused:
            desk.ledger.transact(lambda records: take(records, found, LATER))
        assert [problem.line for problem in refused.value.problems] == [2, 3]

    def test_no_fault_tells_of_other_rows_people(self, desk: Desk) -> None:
        desk.take()
        told = "\n".join(desk.faults(WON, HELD, "bob@other.example,hold,2026-12-01"))
        assert "ann@" not in told
        assert "bob@" not in told

    def test_hostile_text_is_shown_escaped(self, desk: Desk) -> None:
        desk.take()
        (told,) = desk.faults(f"{ANN},\x1b[2J\u202e,2026-12-01")
        assert "\\u001b[2J\\u202e" in told

    @pytest.mark.parametrize(
        ("table", "fault"),
        [
            ("", "crm.csv: empty; its first line names the columns"),
            ("email,outcome,on\n", "crm.csv: a heading and no outcomes below it"),
            (
                "outcome,on\nwon,2026-12-01\n",
                "crm.csv: no column says whose outcome: lead_id or email",
            ),
            (
                "email,outcom\na,b\n",
                'crm.csv:1: no column "outcom" in a table of outcomes; did you mean `outcome`?',
            ),
        ],
    )
    def test_what_is_no_table_of_outcomes_is_told(self, table: str, fault: str) -> None:
        with pytest.raises(FileErrors) as refused:
            read_outcomes(table.encode(), "crm.csv")
        assert str(refused.value.problems[0]) == fault

    def test_more_than_the_sites_visitors_can_wait_for_is_refused(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bringing, "MOST_NEW", 2)
        desk.take()
        desk.bring(SCHEDULED, HELD)
        assert known(desk.bring(SCHEDULED, HELD, WON)) == [True, True, False]
        (fault,) = desk.faults(
            WON.replace("won", "churned").replace(",,1200.00", ""),
            REFUND,
            REFUND.replace("100", "5"),
        )
        assert fault.endswith(
            "3 new outcomes; at most 2 at once: cut the file in parts, each with the heading"
        )


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_it_may_come_from_any_spreadsheet(desk: Desk, delimiter: str, end: str) -> None:
    desk.take()
    lines = ["Outcome,ON ,email,amount,,", f"won,2026-12-01 09:00,{ANN},1200.00,,", ",,,,,"]
    text = "\ufeff" + end.join(lines).replace(",", delimiter)
    table = read_outcomes(text.encode(), "crm.csv")
    teller = Teller("Ada", Actor.AGENCY, "guide")
    found = desk.ledger.read(lambda reading: sort_out(reading, table, teller, LATER))
    assert [one.outcome.amount for one in found.new] == [Decimal("1200.00")]


def test_a_rehearsal_tells_the_same_and_writes_nothing(desk: Desk) -> None:
    desk.take()
    before = desk.head()
    rehearsed = desk.bring(SCHEDULED, HELD, WON, dry=True)
    assert desk.head() == before
    assert desk.bring(SCHEDULED, HELD, WON) == rehearsed


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1234.50", "1234.50"),
        ("1234", "1234"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1,234,567.8", "1234567.8"),
        ("1234,5", "1234.5"),
        ("0,05", "0.05"),
        ("1.234", "1.234"),
    ],
)
def test_an_amount_with_one_reading_is_taken(text: str, amount: str) -> None:
    assert read_amount(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["1,234", "12,345,678", "999,000"])
def test_an_amount_with_two_readings_is_refused_with_both(text: str) -> None:
    with pytest.raises(Refused, match="its comma may part thousands or decimals; write "):
        read_amount(text)


@pytest.mark.parametrize("text", ["9" * 16, "1,2,3", "12,34.5"])
def test_what_is_grouped_oddly_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"write digits with a point before the decimals"):
        read_amount(text)


@pytest.mark.parametrize(
    "text",
    ["$5", "5 USD", "-5", "1e3", "NaN", "1.2.3", "1,23,456.00", "\u0665", "5.", ".5", "1 000.00"],
)
def test_what_is_no_plain_amount_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"write digits with a point before the decimals"):
        read_amount(text)


def test_times_that_no_calendar_holds_are_refused(desk: Desk) -> None:
    desk.take(SHARE)
    far = f"{ANN},scheduled,2026-12-01,9999-12-31T23:00"
    odd = (
        f"{ANN},revenue,2026-12-01,,5,9999-12-01,120",
        f"{ANN},revenue,2026-12-01,,5,2999-12-01,120",
    )
    faults = desk.faults(far, *odd, f"{ANN},lost,0001-01-01T00:00+14:00")
    assert [fault.split(":")[0] for fault in faults] == ["2", "3", "4", "5"]


def test_a_period_is_one_day_and_no_time(desk: Desk) -> None:
    desk.take(SHARE)
    taken = desk.bring(WON, f"{ANN},revenue,2026-12-01,,5,2026-12-01")
    assert taken[1].occurred_at.date() == date(2026, 12, 1)
