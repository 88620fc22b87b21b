"""What happens after a lead was delivered, and what it costs, by the numbers in docs/rules.md."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.billing import after_months, split
from capture.closing import (
    credits_of,
    draw_month,
)
from capture.errors import MoveRefused, NotFound, Refused
from capture.intake import receive
from capture.lead import Actor, Kind, Lead
from capture.ledger import Reading
from capture.outcomes import Outcome, record
from capture.review import dispute, reject, settle, withdraw
from capture.statement import Statement
from tests.capture.desk import BOOKED, DAY, HELD, SHARE, WON, Desk
from tests.samples import NOW, campaign, submission

HOUR = timedelta(hours=1)
FINAL = timedelta(hours=48)
MEETING = NOW + 2 * DAY


END = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
JANUARY = datetime(2027, 1, 2, tzinfo=UTC)


def exported(desk: Desk, month: str, as_of: datetime) -> list[str]:
    def look(reading: Reading) -> list[str]:
        return [one.line.lead_id for one in draw_month(reading, "guide", month, as_of).lines]

    return desk.ledger.read(look)


def amounts(bill: Statement) -> list[int]:
    return [line.amount for line in bill.lines]


class TestAppointments:
    """250 USD a demo held, 300 USD a demo scheduled."""

    def test_a_held_demo_that_the_client_records_is_billed_at_once(self, desk: Desk) -> None:
        lead = desk.take(HELD)
        desk.say(lead, Kind.SCHEDULED, NOW, meeting_at=MEETING)
        desk.client(lead, Kind.HELD, MEETING + HOUR)
        (line,) = desk.bill("2026-11", MEETING + HOUR).lines
        assert (line.amount, line.event, line.due_at) == (25000, "held", MEETING + HOUR)

    def test_one_that_the_agency_records_is_final_after_the_window_rule_14(
        self, desk: Desk
    ) -> None:
        lead = desk.take(HELD)
        desk.say(lead, Kind.SCHEDULED, NOW, meeting_at=MEETING)
        desk.say(lead, Kind.HELD, MEETING)
        assert amounts(desk.bill("2026-11", MEETING + FINAL - HOUR)) == []
        assert amounts(desk.bill("2026-11", MEETING + FINAL)) == [25000]

    def test_until_then_the_client_may_say_no_show(self, desk: Desk) -> None:
        lead = desk.take(HELD)
        desk.say(lead, Kind.SCHEDULED, NOW, meeting_at=MEETING)
        desk.say(lead, Kind.HELD, MEETING)
        with pytest.raises(Refused, match="only the client can object"):
            desk.say(lead, Kind.NO_SHOW, MEETING + HOUR)
        desk.client(lead, Kind.NO_SHOW, MEETING + HOUR)
        assert amounts(desk.bill("2026-12", END)) == amounts(desk.bill("2026-11", END)) == []

    def test_afterwards_it_is_final_and_the_refusal_says_since_when(self, desk: Desk) -> None:
        lead = desk.take(HELD)
        desk.say(lead, Kind.SCHEDULED, NOW, meeting_at=MEETING)
        desk.say(lead, Kind.HELD, MEETING)
        with pytest.raises(Refused, match="final since 2026-11-27 15:00:00 UTC"):
            desk.client(lead, Kind.CONTESTED, MEETING + FINAL, reason="too_small")

    def test_a_contest_names_a_listed_reason_and_undoes_the_outcome(self, desk: Desk) -> None:
        lead = desk.take(HELD)
        desk.say(lead, Kind.SCHEDULED, NOW, meeting_at=MEETING)
        desk.say(lead, Kind.HELD, MEETING)
        with pytest.raises(Refused, match="'ugly' is no reason of guide; it allows: too_small"):
            desk.client(lead, Kind.CONTESTED, MEETING + HOUR, reason="ugly")
        lead = desk.client(lead, Kind.CONTESTED, MEETING + HOUR, reason="too_small")
        assert (lead.appointment, amounts(desk.bill("2026-11", END))) == ("contested", [])

    @pytest.mark.parametrize("kind", [Kind.HELD, Kind.NO_SHOW])
    def test_nothing_comes_of_a_meeting_before_it_was_to_begin(
        self, desk: Desk, kind: Kind
    ) -> None:
        lead = desk.take(HELD)
        desk.say(lead, Kind.SCHEDULED, NOW, meeting_at=MEETING)
        with pytest.raises(Refused, match=r"its meeting is at 2026-11-25T15:00.*was moved"):
            desk.client(lead, kind, MEETING - HOUR)
        desk.say(lead, Kind.MOVED, MEETING - HOUR, meeting_at=MEETING - HOUR)
        assert desk.client(lead, kind, MEETING - HOUR).appointment == kind.value

    def test_a_meeting_of_which_nobody_says_anything_is_taken_as_held(self, desk: Desk) -> None:
        lead = desk.take(HELD)
        desk.say(lead, Kind.SCHEDULED, NOW, meeting_at=MEETING)
        (line,) = desk.bill("2026-11", MEETING + FINAL).lines
        assert line.due_at == MEETING + FINAL
        bill = desk.close("2026-11", datetime(2026, 12, 2, tzinfo=UTC))
        assert [one.due_at for one in bill.lines] == [MEETING + FINAL]

    def test_a_rejection_after_a_silent_meeting_leaves_it_held(self, desk: Desk) -> None:
        terms = campaign(text=HELD.text.replace("hours = 48", 'hours = 48\nnotice = "email"'))
        sent = submission(terms)
        desk.terms = terms
        made = desk.ledger.transact(lambda records: receive(records, terms, sent, NOW))
        lead = desk.ledger.read(lambda reading: reading.lead(made.lead_id))
        assert lead is not None
        desk.say(lead, Kind.SCHEDULED, NOW, meeting_at=MEETING)
        later = MEETING + FINAL + HOUR
        desk.act(reject, lead.lead_id, later, "too_small")
        desk.act(dispute, lead.lead_id, later)
        assert desk.act(settle, lead.lead_id, later).appointment == "held"
        assert amounts(desk.bill("2026-11", later)) == [25000]

    def test_the_client_may_name_a_reason_before_anybody_spoke_of_the_meeting_rule_14(
        self, desk: Desk
    ) -> None:
        lead = desk.take(HELD)
        desk.say(lead, Kind.SCHEDULED, NOW, meeting_at=MEETING)
        with pytest.raises(Refused, match="no paying outcome to object to"):
            desk.client(lead, Kind.CONTESTED, MEETING - HOUR, reason="too_small")
        desk.client(lead, Kind.CONTESTED, MEETING, reason="too_small")
        assert amounts(desk.bill("2026-12", END)) == amounts(desk.bill("2026-11", END)) == []

    def test_the_client_may_name_a_reason_after_a_no_show_too_rule_14(self, desk: Desk) -> None:
        lead = desk.take(BOOKED)
        desk.say(lead, Kind.SCHEDULED, NOW, meeting_at=NOW + HOUR)
        desk.say(lead, Kind.NO_SHOW, NOW + HOUR)
        desk.client(lead, Kind.CONTESTED, NOW + 2 * HOUR, reason="too_small")
        assert amounts(desk.bill("2026-11", END)) == []

    def test_a_booking_that_was_missed_stands_when_the_next_is_cancelled_rule_21(
        self, desk: Desk
    ) -> None:
        lead = desk.take(BOOKED)
        desk.client(lead, Kind.SCHEDULED, NOW, meeting_at=NOW + HOUR)
        desk.say(lead, Kind.NO_SHOW, NOW + HOUR)
        desk.client(lead, Kind.SCHEDULED, NOW + HOUR, meeting_at=MEETING)
        desk.say(lead, Kind.CANCELLED, NOW + 2 * HOUR)
        (line,) = desk.bill("2026-11", END).lines
        assert (line.amount, line.due_at) == (30000, NOW)

    def test_a_booked_demo_is_billed_and_a_no_show_does_not_change_that(self, desk: Desk) -> None:
        lead = desk.take(BOOKED)
        desk.client(lead, Kind.SCHEDULED, NOW, meeting_at=MEETING)
        desk.say(lead, Kind.NO_SHOW, MEETING)
        assert amounts(desk.bill("2026-11", MEETING)) == [30000]

    def test_a_cancellation_before_the_close_voids_it_unless_rebooked_rule_21(
        self, desk: Desk
    ) -> None:
        lead = desk.take(BOOKED)
        desk.client(lead, Kind.SCHEDULED, NOW, meeting_at=MEETING)
        desk.say(lead, Kind.CANCELLED, NOW + HOUR)
        assert amounts(desk.bill("2026-11", NOW + HOUR)) == []
        desk.client(lead, Kind.SCHEDULED, NOW + 2 * HOUR, meeting_at=MEETING)
        assert amounts(desk.bill("2026-11", NOW + 2 * HOUR)) == [30000]

    def test_a_rejection_cancels_the_booking_and_taking_it_back_restores_it(
        self, desk: Desk
    ) -> None:
        sent = submission(BOOKED)
        made = desk.ledger.transact(lambda records: receive(records, BOOKED, sent, NOW))
        lead = desk.ledger.read(lambda reading: reading.lead(made.lead_id))
        assert lead is not None
        desk.terms = BOOKED
        desk.client(lead, Kind.SCHEDULED, NOW, meeting_at=MEETING)
        desk.act(reject, lead.lead_id, NOW + HOUR, "too_small")
        assert amounts(desk.bill("2026-11", MEETING + FINAL)) == []
        desk.act(withdraw, lead.lead_id, NOW + HOUR)
        assert amounts(desk.bill("2026-11", MEETING + FINAL)) == [30000]


class TestSales:
    """10 % of a new customer's first purchase."""

    def test_a_share_of_the_first_purchase_is_rounded_half_to_even_rule_24(
        self, desk: Desk
    ) -> None:
        lead = desk.take(WON)
        desk.client(lead, Kind.WON, NOW + DAY, amount=Decimal("1200.05"))
        (line,) = desk.bill("2026-11", NOW + DAY).lines
        assert (line.amount, line.base) == (12000, 120005)

    def test_a_refund_in_time_reduces_an_unbilled_line_in_proportion_rule_23(
        self, desk: Desk
    ) -> None:
        lead = desk.take(WON)
        desk.client(lead, Kind.WON, NOW + DAY, amount=Decimal(1000))
        desk.say(lead, Kind.REFUNDED, NOW + 2 * DAY, amount=Decimal(250))
        assert amounts(desk.bill("2026-11", NOW + 2 * DAY)) == [7500]
        with pytest.raises(Refused, match=r"at most 750\.00 can be given back"):
            desk.say(lead, Kind.REFUNDED, NOW + 3 * DAY, amount=Decimal(800))

    def test_a_sale_that_was_given_back_whole_costs_nothing(self, desk: Desk) -> None:
        lead = desk.take(WON)
        desk.client(lead, Kind.WON, NOW + DAY, amount=Decimal(1000))
        lead = desk.say(lead, Kind.REFUNDED, NOW + 2 * DAY, amount=Decimal(1000))
        assert (lead.sale, amounts(desk.bill("2026-11", END))) == ("refunded", [])

    def test_a_refund_after_its_days_changes_nothing(self, desk: Desk) -> None:
        lead = desk.take(WON)
        desk.client(lead, Kind.WON, NOW + DAY, amount=Decimal(1000))
        desk.say(lead, Kind.REFUNDED, NOW + 40 * DAY, amount=Decimal(1000))
        assert amounts(desk.bill("2026-11", JANUARY)) == [10000]

    def test_a_lead_is_billed_once_however_its_sale_goes_on_rule_20(self, desk: Desk) -> None:
        lead = desk.take(WON)
        desk.client(lead, Kind.WON, NOW + DAY, amount=Decimal(1000))
        assert amounts(desk.close("2026-11", END)) == [10000]
        desk.say(lead, Kind.CHURNED, END)
        assert amounts(desk.close("2026-12", JANUARY)) == []

    def test_a_late_sale_goes_on_the_earliest_open_month_with_its_own_date_rule_25(
        self, desk: Desk
    ) -> None:
        lead = desk.take(WON)
        desk.close("2026-11", END)
        said = Outcome(lead.lead_id, Kind.WON, Actor.CLIENT, "Carol", NOW + DAY)
        said = replace(said, amount=Decimal(1000))
        desk.ledger.transact(lambda records: record(records, said, END))
        (line,) = desk.close("2026-12", JANUARY).lines
        assert (line.late, line.due_at) == (True, NOW + DAY)

    def test_an_export_has_the_lines_of_the_statement_before_and_after_its_close(
        self, desk: Desk
    ) -> None:
        late = desk.take(WON)
        own = desk.take(WON, email="bob@other.example")
        desk.client(own, Kind.WON, NOW + DAY, amount=Decimal(500))
        desk.close("2026-11", END)
        said = Outcome(late.lead_id, Kind.WON, Actor.CLIENT, "Carol", NOW + DAY)
        said = replace(said, amount=Decimal(1000))
        desk.ledger.transact(lambda records: record(records, said, END))
        assert exported(desk, "2026-12", JANUARY) == [late.lead_id]
        desk.close("2026-12", JANUARY)
        assert exported(desk, "2026-11", JANUARY) == [own.lead_id]
        assert exported(desk, "2026-12", JANUARY + DAY) == [late.lead_id]

    @pytest.mark.parametrize("amount", [None, Decimal(0), Decimal(-5), Decimal("1.005")])
    def test_an_amount_that_cannot_be_paid_is_refused(
        self, desk: Desk, amount: Decimal | None
    ) -> None:
        lead = desk.take(WON)
        with pytest.raises(Refused, match=r"amount|decimals"):
            desk.client(lead, Kind.WON, NOW + DAY, amount=amount)


class TestCredits:
    """Rules 23 and 27."""

    def test_a_refund_credits_a_line_that_was_billed_in_proportion(self, desk: Desk) -> None:
        lead = desk.take(WON)
        desk.client(lead, Kind.WON, NOW + DAY, amount=Decimal(1000))
        desk.close("2026-11", NOW + 9 * DAY)
        desk.say(lead, Kind.REFUNDED, NOW + 10 * DAY, amount=Decimal(250))
        desk.say(lead, Kind.REFUNDED, NOW + 11 * DAY, amount=Decimal(750))
        notes = desk.ledger.read(credits_of)
        assert [(one.number, one.amount) for one in notes] == [
            ("acme-0002", 2500),
            ("acme-0003", 7500),
        ]
        assert desk.close("2026-12", JANUARY).number == "acme-0004"

    def test_all_credits_of_a_line_never_exceed_it(self, desk: Desk) -> None:
        lead = desk.take(WON)
        desk.client(lead, Kind.WON, NOW + DAY, amount=Decimal(1000))
        desk.close("2026-11", NOW + 9 * DAY)
        desk.credit(lead, Decimal(40))
        with pytest.raises(Refused, match=r"60\.00 USD is left of it"):
            desk.credit(lead, Decimal("60.01"))
        assert desk.credit(lead, None).amount == 6000
        with pytest.raises(Refused, match=r"0\.00 USD is left of it"):
            desk.credit(lead, None)
        desk.say(lead, Kind.REFUNDED, NOW + 10 * DAY, amount=Decimal(1000))
        assert len(desk.ledger.read(credits_of)) == 2

    def test_the_same_refund_told_twice_is_refused_and_not_guessed_about(self, desk: Desk) -> None:
        lead = desk.take(WON)
        desk.client(lead, Kind.WON, NOW, amount=Decimal(1000))
        back = {"amount": Decimal(100), "occurred_at": NOW + HOUR}
        desk.client(lead, Kind.REFUNDED, NOW + DAY, **back)
        with pytest.raises(Refused, match=r"100\.00 of that very time is recorded already"):
            desk.client(lead, Kind.REFUNDED, NOW + 2 * DAY, **back)
        desk.client(lead, Kind.REFUNDED, NOW + 2 * DAY, **back | {"occurred_at": NOW + 2 * HOUR})
        assert amounts(desk.bill("2026-11", END)) == [8000]

    def test_a_credit_names_a_line_that_there_is(self, desk: Desk) -> None:
        lead = desk.take(WON)
        desk.close("2026-11", NOW + 9 * DAY)
        with pytest.raises(NotFound, match="acme-0001 has no line of lead"):
            desk.credit(lead, None)


def known_periods(desk: Desk, lead: Lead) -> list[str]:
    events = desk.ledger.read(lambda reading: list(reading.events(lead_id=lead.lead_id)))
    return [one.event.data["period"] for one in events if one.event.kind is Kind.REVENUE]


class TestRevenue:
    """15 % of monthly recurring revenue for the first twelve months (rule 22)."""

    def test_each_period_pays_when_it_has_begun(self, desk: Desk) -> None:
        lead = desk.take(SHARE)
        desk.client(lead, Kind.WON, NOW, amount=Decimal(12000))
        desk.client(
            lead, Kind.REVENUE, NOW, amount=Decimal(12000), period=date(2026, 11, 23), months=12
        )
        assert amounts(desk.close("2026-11", END)) == [15000]
        (line,) = desk.close("2026-12", JANUARY).lines
        assert (line.period, line.amount, line.base) == ("2026-12-23", 15000, 100000)

    @pytest.mark.parametrize(
        ("first", "paid"),
        [("2026-11-22", 0), ("2026-11-23", 1), ("2027-11-22", 1), ("2027-11-23", 0)],
    )
    def test_the_term_begins_on_the_won_date_and_ends_before_the_same_day(
        self, desk: Desk, first: str, paid: int
    ) -> None:
        lead = desk.take(SHARE)
        desk.client(lead, Kind.WON, NOW, amount=Decimal(100))
        desk.client(lead, Kind.REVENUE, NOW, amount=Decimal(100), period=date.fromisoformat(first))
        late = datetime(2028, 1, 1, tzinfo=UTC)
        found = [desk.bill(month, late) for month in ("2026-11", "2027-11")]
        assert sum(len(bill.lines) for bill in found) == paid

    def test_after_churn_no_period_counts(self, desk: Desk) -> None:
        lead = desk.take(SHARE)
        desk.client(lead, Kind.WON, NOW, amount=Decimal(1200))
        desk.client(
            lead, Kind.REVENUE, NOW, amount=Decimal(1200), period=date(2026, 11, 23), months=12
        )
        desk.say(lead, Kind.CHURNED, NOW + DAY)
        assert amounts(desk.bill("2026-11", END)) == [1500]
        assert amounts(desk.bill("2026-12", END)) == []

    def test_a_period_counts_once_unless_the_client_contested_it(self, desk: Desk) -> None:
        lead = desk.take(SHARE)
        day = date(2026, 11, 23)
        desk.client(lead, Kind.WON, NOW, amount=Decimal(1200))
        desk.say(lead, Kind.REVENUE, NOW, amount=Decimal(900), period=day)
        with pytest.raises(Refused, match="revenue of 2026-11-23 is recorded already"):
            desk.say(lead, Kind.REVENUE, NOW, amount=Decimal(100), period=day)
        desk.client(lead, Kind.CONTESTED, NOW + HOUR, reason="too_small", period=day)
        desk.client(lead, Kind.REVENUE, NOW + HOUR, amount=Decimal(100), period=day)
        assert amounts(desk.bill("2026-11", END)) == [1500]

    @pytest.mark.parametrize(
        ("second", "mend"),
        [
            ("2026-12-24", "begin it on 2027-01-23 or later"),
            ("2027-01-22", "begin it on 2027-01-23 or later"),
            ("2026-11-24", "begin it on 2026-11-23 or earlier"),
        ],
    )
    def test_no_month_is_billed_twice_by_recording_it_under_two_days(
        self, desk: Desk, second: str, mend: str
    ) -> None:
        lead = desk.take(SHARE)
        desk.client(lead, Kind.WON, NOW, amount=Decimal(1200))
        desk.say(lead, Kind.REVENUE, NOW, amount=Decimal(900), period=date(2026, 12, 23))
        day = date.fromisoformat(second)
        with pytest.raises(Refused, match=f"overlaps revenue of 2026-12-23, .* {mend}"):
            desk.say(lead, Kind.REVENUE, NOW, amount=Decimal(900), period=day)
        late = datetime(2028, 1, 1, tzinfo=UTC)
        months = ("2026-11", "2026-12", "2027-01")
        assert [amounts(desk.bill(month, late)) for month in months] == [[], [13500], []]

    @pytest.mark.parametrize("second", ["2026-11-23", "2027-01-23"])
    def test_months_that_touch_are_two(self, desk: Desk, second: str) -> None:
        lead = desk.take(SHARE)
        desk.client(lead, Kind.WON, NOW, amount=Decimal(1200))
        for day in ("2026-12-23", second):
            period = date.fromisoformat(day)
            desk.client(lead, Kind.REVENUE, NOW, amount=Decimal(900), period=period)
        assert len(known_periods(desk, lead)) == 2

    def test_a_month_that_pays_nothing_stands_in_no_others_way(self, desk: Desk) -> None:
        lead = desk.take(SHARE)
        desk.client(lead, Kind.WON, NOW, amount=Decimal(1200))
        for day in (date(2026, 11, 22), date(2026, 11, 23)):  # the first lies before the sale
            desk.client(lead, Kind.REVENUE, NOW, amount=Decimal(900), period=day)
        assert amounts(desk.bill("2026-11", END)) == [13500]

    def test_where_no_share_is_paid_revenue_may_come_every_week(self, desk: Desk) -> None:
        lead = desk.take(WON)
        desk.client(lead, Kind.WON, NOW, amount=Decimal(1200))
        for day in (date(2026, 11, 23), date(2026, 11, 30)):
            desk.client(lead, Kind.REVENUE, NOW, amount=Decimal(900), period=day)
        assert len(known_periods(desk, lead)) == 2

    def test_revenue_before_the_sale_is_refused_with_what_is_allowed(self, desk: Desk) -> None:
        lead = desk.take(SHARE)
        with pytest.raises(MoveRefused, match=r"sale is not started.*allowed now: won, lost"):
            desk.say(lead, Kind.REVENUE, NOW, amount=Decimal(9), period=date(2026, 11, 23))


def test_nothing_happens_before_the_lead_came_or_in_the_time_to_come(desk: Desk) -> None:
    lead = desk.take(WON)
    for when in (NOW - HOUR, NOW + DAY):
        said = Outcome(lead.lead_id, Kind.LOST, Actor.AGENCY, "Ada", when)
        with pytest.raises(Refused, match="lies before its receipt or in the time to come"):
            desk.ledger.transact(lambda records, said=said: record(records, said, NOW))


@given(st.integers(0, 10**9), st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 120))
def test_a_split_payment_adds_up_and_its_parts_differ_by_one_unit_at_most(
    amount: int, start: date, months: int
) -> None:
    parts = split(amount, start, months)
    assert (sum(parts.values()), len(parts)) == (amount, months)
    assert max(parts.values()) - min(parts.values()) <= 1


def test_a_month_later_is_clamped_to_the_months_end() -> None:
    assert after_months(date(2027, 1, 31), 1) == date(2027, 2, 28)
    assert after_months(date(2028, 2, 29), 12) == date(2029, 2, 28)


@pytest.mark.parametrize("kind", [Kind.NO_SHOW, Kind.MOVED, Kind.CANCELLED, Kind.HELD])
def test_what_silence_has_said_of_a_meeting_is_final_before_it_is_written_rule_14(
    desk: Desk, kind: Kind
) -> None:
    lead = desk.take(HELD)
    desk.say(lead, Kind.SCHEDULED, NOW, meeting_at=MEETING)
    more = {"meeting_at": MEETING + 9 * DAY} if kind is Kind.MOVED else {}
    with pytest.raises(Refused, match="taken as held already, by silence"):
        desk.client(lead, kind, MEETING + FINAL, **more)
    assert amounts(desk.close("2026-11", END)) == [25000]
