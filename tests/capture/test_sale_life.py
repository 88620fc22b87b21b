"""Refunds, churn and return of a sale under revenue share (rules 37 and 42 of docs/rules.md)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from capture.campaign.model import Campaign
from capture.closing.checks import check_documents
from capture.closing.credit import CorrectionRequest, billed_line, credits_of
from capture.closing.debit import approve_debit
from capture.closing.debit import propose_debit as propose
from capture.errors import EventNotAllowed, Refused
from capture.lead.events import EventKind
from capture.lead.model import Lead
from capture.ledger.protocol import WriteTransaction
from tests.capture.desk import SHARE, WON, Desk, amounts, priced

REFUNDABLE = priced(
    'model = "revenue_share"\npercent = 15\nmonths = 12\nbillable = "revenue"\nrefund_days = 30'
)
START = datetime(2027, 1, 10, 15, tzinfo=UTC)
FIRST = date(2027, 1, 10)


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(hour=15, tzinfo=UTC)


def sold(desk: Desk, terms: Campaign, amount: str = "12000", months: int = 12) -> Lead:
    """A lead won on 10 January 2027 whose revenue for `months` months is paid in advance."""
    lead = desk.take(terms, START)
    desk.client(lead, EventKind.WON, START, amount=Decimal(amount))
    paid = {"amount": Decimal(amount), "period": FIRST, "months": months}
    return desk.client(lead, EventKind.REVENUE, START, **paid)


def close(desk: Desk, first: str, end: str) -> dict[str, list[str]]:
    """Closes the months from `first` to before `end`; returns the periods of each statement."""
    months = [f"{2027 + n // 12}-{n % 12 + 1:02}" for n in range(24)]
    pairs = [(month, later) for month, later in pairwise(months) if first <= month < end]
    return {
        month: [line.period for line in desk.close(month, at(f"{later}-02")).lines]
        for month, later in pairs
    }


def period_credits(desk: Desk) -> list[tuple[str, int]]:
    """The period and amount of each credit, after a check of ledger and documents."""
    assert desk.ledger.verify().problems == ()
    assert desk.ledger.read(check_documents) == []
    return [(credit.period, credit.amount) for credit in desk.ledger.read(credits_of)]


class TestFullRefund:
    """`refunded` without a period."""

    def test_the_worked_case_of_rule_37(self, desk: Desk) -> None:
        lead = sold(desk, REFUNDABLE)
        close(desk, "2027-01", "2027-03")
        desk.report(lead, EventKind.REFUNDED, at("2027-03-25"), amount=Decimal(12000))
        later = close(desk, "2027-03", "2028-02")
        assert [period for periods in later.values() for period in periods] == []
        assert period_credits(desk) == []  # 10 March was not billed yet

    def test_a_billed_line_is_credited(self, desk: Desk) -> None:
        lead = sold(desk, REFUNDABLE)
        close(desk, "2027-01", "2027-04")
        desk.client(
            lead,
            EventKind.REFUNDED,
            at("2027-04-03"),
            amount=Decimal(12000),
            occurred_at=at("2027-03-25"),
        )
        assert period_credits(desk) == [("2027-03-10", 15000)]
        assert set(map(tuple, close(desk, "2027-04", "2028-02").values())) == {()}

    def test_without_refund_days_nothing_is_credited_and_no_period_follows(
        self, desk: Desk
    ) -> None:
        lead = sold(desk, SHARE)
        desk.client(lead, EventKind.REFUNDED, at("2027-03-25"), amount=Decimal(12000))
        periods_by_month = close(desk, "2027-01", "2027-08")
        assert [*periods_by_month.values()] == [
            ["2027-01-10"],
            ["2027-02-10"],
            ["2027-03-10"],
            *[[]] * 4,
        ]
        assert period_credits(desk) == []

    def test_a_refund_recorded_late_credits_the_periods_that_it_ended(self, desk: Desk) -> None:
        lead = sold(desk, SHARE)
        close(desk, "2027-01", "2027-06")
        refund = {"amount": Decimal(12000), "occurred_at": at("2027-03-25")}
        desk.client(lead, EventKind.REFUNDED, at("2027-06-03"), **refund)
        assert period_credits(desk) == [("2027-04-10", 15000), ("2027-05-10", 15000)]

    def test_refund_days_are_counted_to_the_day(self, desk: Desk) -> None:
        lead = sold(desk, REFUNDABLE)
        close(desk, "2027-01", "2027-03")
        desk.client(lead, EventKind.REFUNDED, at("2027-03-12"), amount=Decimal(12000))
        assert period_credits(desk) == [("2027-02-10", 15000)]  # 30 days before

    def test_a_period_before_the_refund_may_still_be_recorded(self, desk: Desk) -> None:
        lead = desk.take(SHARE, START)
        desk.client(lead, EventKind.WON, START, amount=Decimal(1000))
        desk.client(lead, EventKind.REFUNDED, at("2027-02-20"), amount=Decimal(1000))
        for day in (date(2027, 2, 10), date(2027, 3, 10)):
            desk.client(lead, EventKind.REVENUE, at("2027-02-25"), amount=Decimal(1000), period=day)
        assert [*close(desk, "2027-01", "2027-04").values()] == [[], ["2027-02-10"], []]

    @pytest.mark.parametrize("monthly", [1, 3])
    def test_a_full_refund_is_the_sum_of_all_payments(self, desk: Desk, monthly: int) -> None:
        lead = desk.take(SHARE, START)
        desk.client(lead, EventKind.WON, START, amount=Decimal(1000))
        for number in range(monthly):
            day = date(2027, 1 + number, 10)
            desk.client(lead, EventKind.REVENUE, at("2027-03-11"), amount=Decimal(1000), period=day)
        total = Decimal(1000 * monthly)
        with pytest.raises(Refused, match=r"name the months that.*: 2027-01-10.* in full is"):
            desk.client(lead, EventKind.REFUNDED, at("2027-03-25"), amount=total - 1)
        with pytest.raises(Refused, match=rf"in full is {total}"):
            desk.client(lead, EventKind.REFUNDED, at("2027-03-25"), amount=total + 1)
        lead = desk.client(lead, EventKind.REFUNDED, at("2027-03-25"), amount=total)
        assert lead.sale == "refunded"


class TestPartialRefund:
    """`refunded` with a period: it reduces or credits exactly that period."""

    def test_only_the_named_unbilled_period_is_reduced(self, desk: Desk) -> None:
        lead = sold(desk, SHARE)
        refund = {"amount": Decimal(400), "period": date(2027, 2, 10)}
        lead = desk.client(lead, EventKind.REFUNDED, at("2027-01-20"), **refund)
        assert lead.sale == "won"
        statements = [desk.close(f"2027-0{n}", at(f"2027-0{n + 1}-02")) for n in (1, 2, 3)]
        assert [amounts(statement) for statement in statements] == [[15000], [9000], [15000]]
        assert [line.price.base for line in statements[1].lines] == [60000]

    def test_a_billed_period_is_credited_at_any_later_time(self, desk: Desk) -> None:
        lead = sold(desk, REFUNDABLE)
        close(desk, "2027-01", "2027-06")
        refund = {"amount": Decimal(400), "period": date(2027, 2, 10)}
        desk.client(lead, EventKind.REFUNDED, at("2027-06-10"), **refund)
        assert period_credits(desk) == [("2027-02-10", 6000)]

    def test_a_refund_of_several_months_is_split_like_their_payment(self, desk: Desk) -> None:
        lead = sold(desk, SHARE)
        close(desk, "2027-01", "2027-04")
        refund = {"amount": Decimal(1000), "period": FIRST, "months": 3}
        desk.client(lead, EventKind.REFUNDED, at("2027-04-05"), **refund)
        parts = [("2027-01-10", 5000), ("2027-02-10", 5000), ("2027-03-10", 5000)]
        assert period_credits(desk) == parts  # 15 % of 333.34, 333.33 and 333.33, rounded

    def test_a_period_that_was_refunded_in_full_has_no_line(self, desk: Desk) -> None:
        lead = sold(desk, SHARE)
        refund = {"amount": Decimal(1000), "period": date(2027, 2, 10)}
        desk.client(lead, EventKind.REFUNDED, at("2027-01-20"), **refund)
        assert [*close(desk, "2027-01", "2027-04").values()] == [["2027-01-10"], [], ["2027-03-10"]]

    def test_a_refund_of_a_missing_period_or_of_too_much_is_refused(self, desk: Desk) -> None:
        lead = sold(desk, SHARE)
        refund = {"amount": Decimal(400), "period": date(2027, 2, 11)}
        with pytest.raises(Refused, match="no revenue of 2027-02-11 is recorded"):
            desk.client(lead, EventKind.REFUNDED, at("2027-02-20"), **refund)
        refund = {"amount": Decimal("1000.01"), "period": date(2027, 2, 10)}
        with pytest.raises(Refused, match=r"at most 1000\.00 of 2027-02-10 can be refunded"):
            desk.client(lead, EventKind.REFUNDED, at("2027-02-20"), **refund)

    def test_without_a_revenue_share_a_refund_with_a_period_is_refused(self, desk: Desk) -> None:
        lead = desk.take(WON, START)
        desk.client(lead, EventKind.WON, START, amount=Decimal(1000))
        refund = {"amount": Decimal(10), "period": FIRST}
        with pytest.raises(Refused, match="leave the period out"):
            desk.client(lead, EventKind.REFUNDED, at("2027-02-20"), **refund)


class TestChurnAndReturn:
    def test_the_worked_case_of_rule_37(self, desk: Desk) -> None:
        lead = sold(desk, SHARE)
        desk.report(lead, EventKind.CHURNED, at("2027-03-05"))
        lead = desk.client(lead, EventKind.WON, at("2027-05-20"), amount=Decimal(900))
        assert lead.sale == "won"
        periods_by_month = close(desk, "2027-01", "2028-06")
        paid = [period for periods in periods_by_month.values() for period in periods]
        months = (1, 2, 6, 7, 8, 9, 10, 11, 12)
        assert paid == [f"2027-{month:02}-10" for month in months]
        assert period_credits(desk) == []

    def test_months_count_from_the_first_won_and_a_return_never_restarts_them(
        self, desk: Desk
    ) -> None:
        lead = sold(desk, SHARE, "24000", 24)
        desk.report(lead, EventKind.CHURNED, at("2027-12-05"))
        desk.client(lead, EventKind.WON, at("2027-12-20"), amount=Decimal(900))
        periods_by_month = close(desk, "2027-01", "2028-06")
        assert (
            max(period for periods in periods_by_month.values() for period in periods)
            == "2027-11-10"
        )

    def test_churn_recorded_late_credits_the_periods_that_it_ended(self, desk: Desk) -> None:
        lead = sold(desk, SHARE)
        close(desk, "2027-01", "2027-06")
        desk.report(lead, EventKind.CHURNED, at("2027-06-03"), occurred_at=at("2027-03-10"))
        expected = [(f"2027-0{month}-10", 15000) for month in (3, 4, 5)]
        assert period_credits(desk) == expected

    def test_churn_credits_only_what_a_refund_did_not(self, desk: Desk) -> None:
        lead = sold(desk, SHARE)
        close(desk, "2027-01", "2027-05")
        refund = {"amount": Decimal(400), "period": date(2027, 4, 10)}
        desk.client(lead, EventKind.REFUNDED, at("2027-05-03"), **refund)
        desk.report(lead, EventKind.CHURNED, at("2027-05-04"), occurred_at=at("2027-04-01"))
        assert period_credits(desk) == [("2027-04-10", 6000), ("2027-04-10", 9000)]

    @pytest.mark.parametrize("kind", [EventKind.CHURNED, EventKind.REFUNDED])
    def test_churn_or_a_refund_before_the_day_of_the_sale_is_refused(
        self, desk: Desk, kind: EventKind
    ) -> None:
        lead = desk.take(SHARE, START - timedelta(days=5))
        desk.client(lead, EventKind.WON, START, amount=Decimal(1000))
        fields = {"amount": Decimal(1000)} if kind is EventKind.REFUNDED else {}
        early = START - timedelta(days=1)
        with pytest.raises(Refused, match="before the sale was won on 2027-01-10"):
            desk.client(lead, kind, START, occurred_at=early, **fields)

    def test_a_return_before_the_churn_is_refused(self, desk: Desk) -> None:
        lead = sold(desk, SHARE)
        desk.client(lead, EventKind.CHURNED, at("2027-03-05"))
        fields = {"amount": Decimal(1), "occurred_at": at("2027-03-04")}
        with pytest.raises(Refused, match="before the customer left on 2027-03-05"):
            desk.client(lead, EventKind.WON, at("2027-04-05"), **fields)

    def test_under_cpa_a_return_is_not_a_second_acquisition(self, desk: Desk) -> None:
        lead = desk.take(WON, START)
        desk.client(lead, EventKind.WON, START, amount=Decimal(1000))
        assert amounts(desk.close("2027-01", at("2027-02-02"))) == [10000]
        desk.client(lead, EventKind.CHURNED, at("2027-02-05"))
        lead = desk.report(lead, EventKind.WON, at("2027-02-20"), amount=Decimal(5000))
        assert lead.sale == "won"
        assert [amounts(desk.close("2027-02", at("2027-03-02")))] == [[]]
        with pytest.raises(Refused, match="final since"):
            desk.client(lead, EventKind.OBJECTED, at("2027-03-03"), reason="too_small")

    def test_a_return_without_churn_is_refused(self, desk: Desk) -> None:
        lead = sold(desk, SHARE)
        with pytest.raises(EventNotAllowed, match="sale is won, so won is refused"):
            desk.client(lead, EventKind.WON, at("2027-02-05"), amount=Decimal(1))


class TestAmountsOfOnePeriod:
    """Rule 42: the amounts add up, and the fee of the period is rounded once."""

    def test_two_purchases_in_one_month_are_one_line_rounded_once(self, desk: Desk) -> None:
        lead = desk.take(SHARE, START)
        desk.client(lead, EventKind.WON, START, amount=Decimal(1))
        for hour in (1, 2):
            paid = {"amount": Decimal("0.03"), "period": FIRST, "reference": f"P-{hour}"}
            desk.client(lead, EventKind.REVENUE, START + timedelta(hours=hour), **paid)
        (line,) = desk.close("2027-01", at("2027-02-02")).lines
        assert (line.price.base, line.amount) == (6, 1)  # 0.9, where each alone is 0.45

    def test_the_line_waits_until_all_purchases_are_final(self, desk: Desk) -> None:
        lead = desk.take(SHARE, START)
        desk.client(lead, EventKind.WON, START, amount=Decimal(1000))
        desk.client(lead, EventKind.REVENUE, START, amount=Decimal(1000), period=FIRST)
        desk.report(lead, EventKind.REVENUE, at("2027-01-31"), amount=Decimal(500), period=FIRST)
        assert amounts(desk.close("2027-01", at("2027-02-01"))) == []
        (line,) = desk.close("2027-02", at("2027-03-02")).lines
        assert (line.amount, line.late) == (22500, False)

    def test_an_objection_removes_only_the_purchases_that_are_not_final(self, desk: Desk) -> None:
        lead = desk.take(SHARE, START)
        desk.client(lead, EventKind.WON, START, amount=Decimal(1000))
        desk.client(lead, EventKind.REVENUE, START, amount=Decimal(1000), period=FIRST)
        desk.report(lead, EventKind.REVENUE, at("2027-01-20"), amount=Decimal(500), period=FIRST)
        desk.client(lead, EventKind.OBJECTED, at("2027-01-21"), reason="too_small", period=FIRST)
        assert amounts(desk.close("2027-01", at("2027-02-02"))) == [15000]

    def test_more_revenue_of_a_billed_period_is_refused_and_needs_a_debit(self, desk: Desk) -> None:
        lead = sold(desk, SHARE)
        close(desk, "2027-01", "2027-02")
        text = r"2027-01-10 is on statement acme-0001; .* debit note.*propose one of 75\.00 on "
        with pytest.raises(Refused, match=text):
            desk.report(
                lead, EventKind.REVENUE, at("2027-02-20"), amount=Decimal(500), period=FIRST
            )

    def test_a_period_before_the_won_day_is_refused_and_the_message_names_the_first_day(
        self, desk: Desk
    ) -> None:
        lead = desk.take(SHARE, START)
        desk.client(lead, EventKind.WON, START, amount=Decimal(1000))
        paid = {"amount": Decimal(9), "period": date(2027, 1, 9), "months": 3}
        with pytest.raises(Refused, match=r"won on 2027-01-10, the first day that counts"):
            desk.client(lead, EventKind.REVENUE, START, **paid)

    def test_a_period_refunded_in_full_blocks_no_other_period(self, desk: Desk) -> None:
        lead = sold(desk, SHARE)
        refund = {"amount": Decimal(1000), "period": date(2027, 2, 10)}
        desk.client(lead, EventKind.REFUNDED, at("2027-01-20"), **refund)
        refund = {"amount": Decimal(1000), "period": date(2027, 3, 10)}
        desk.client(lead, EventKind.REFUNDED, at("2027-01-20"), **refund)
        paid = {"amount": Decimal(700), "period": date(2027, 2, 20)}
        desk.client(lead, EventKind.REVENUE, at("2027-02-20"), **paid)
        assert [*close(desk, "2027-01", "2027-03").values()] == [["2027-01-10"], ["2027-02-20"]]


def test_a_refund_on_a_debited_line_is_rounded_once(desk: Desk) -> None:
    lead = desk.take(WON, START)
    desk.client(lead, EventKind.WON, START, amount=Decimal(100))
    number = "acme-0001"
    assert amounts(desk.close("2027-01", at("2027-02-02"))) == [1000]
    request = CorrectionRequest(number, lead.lead_id, "more_seats", amount=Decimal(20))

    def propose_and_approve(records: WriteTransaction) -> None:
        propose(records, request, "Ada", at("2027-02-02"))
        line = billed_line(records, number, lead.lead_id)
        approve_debit(records, line, "Carol", at("2027-02-02"))

    desk.ledger.transact(propose_and_approve)
    refund = {"amount": Decimal("33.33"), "occurred_at": at("2027-02-01")}
    desk.client(lead, EventKind.REFUNDED, at("2027-02-03"), **refund)
    # 66.67 of 100.00 were kept: of 30.00 that is 20.001, and not three times 6.67.
    assert period_credits(desk) == [("", 1000)]
