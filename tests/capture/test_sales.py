"""What a sale costs, and what a refund reduces or credits. Rules: docs/rules.md."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from capture.closing.credit import credits_of
from capture.errors import NotFound, Refused
from capture.lead.events import Actor, EventKind
from capture.outcomes.record import Outcome
from capture.outcomes.repeats import record_once
from tests.capture.desk import DAY, WON, Desk, amounts, exported
from tests.samples import NOW

HOUR = timedelta(hours=1)
END = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
JANUARY = datetime(2027, 1, 2, tzinfo=UTC)


class TestSales:
    """10 % of a new customer's first purchase."""

    def test_the_fee_of_a_purchase_is_rounded_half_to_even_rule_24(self, desk: Desk) -> None:
        lead = desk.take(WON)
        desk.client(lead, EventKind.WON, NOW + DAY, amount=Decimal("1200.05"))
        (line,) = desk.bill("2026-11", NOW + DAY).lines
        assert (line.amount, line.price.base) == (12000, 120005)

    def test_a_refund_within_refund_days_reduces_an_unbilled_line_in_proportion_rule_23(
        self, desk: Desk
    ) -> None:
        lead = desk.take(WON)
        desk.client(lead, EventKind.WON, NOW + DAY, amount=Decimal(1000))
        desk.report(lead, EventKind.REFUNDED, NOW + 2 * DAY, amount=Decimal(250))
        assert amounts(desk.bill("2026-11", NOW + 2 * DAY)) == [7500]
        with pytest.raises(Refused, match=r"at most 750\.00 can be refunded"):
            desk.report(lead, EventKind.REFUNDED, NOW + 3 * DAY, amount=Decimal(800))

    def test_a_sale_that_was_refunded_in_full_costs_nothing(self, desk: Desk) -> None:
        lead = desk.take(WON)
        desk.client(lead, EventKind.WON, NOW + DAY, amount=Decimal(1000))
        lead = desk.report(lead, EventKind.REFUNDED, NOW + 2 * DAY, amount=Decimal(1000))
        assert (lead.sale, amounts(desk.bill("2026-11", END))) == ("refunded", [])

    def test_a_refund_after_refund_days_changes_nothing(self, desk: Desk) -> None:
        lead = desk.take(WON)
        desk.client(lead, EventKind.WON, NOW + DAY, amount=Decimal(1000))
        desk.report(lead, EventKind.REFUNDED, NOW + 40 * DAY, amount=Decimal(1000))
        assert amounts(desk.bill("2026-11", JANUARY)) == [10000]

    def test_a_lead_is_billed_once_after_any_later_outcome_rule_20(self, desk: Desk) -> None:
        lead = desk.take(WON)
        desk.client(lead, EventKind.WON, NOW + DAY, amount=Decimal(1000))
        assert amounts(desk.close("2026-11", END)) == [10000]
        desk.report(lead, EventKind.CHURNED, END)
        assert amounts(desk.close("2026-12", JANUARY)) == []

    def test_a_late_sale_is_billed_in_the_earliest_open_month_with_its_own_date_rule_25(
        self, desk: Desk
    ) -> None:
        lead = desk.take(WON)
        desk.close("2026-11", END)
        outcome = Outcome(lead.lead_id, EventKind.WON, Actor.CLIENT, "Carol", NOW + DAY)
        outcome = replace(outcome, amount=Decimal(1000))
        desk.ledger.transact(lambda records: record_once(records, outcome, END))
        (line,) = desk.close("2026-12", JANUARY).lines
        assert (line.late, line.due_at) == (True, NOW + DAY)

    def test_an_export_has_the_lines_of_the_statement_before_and_after_the_close(
        self, desk: Desk
    ) -> None:
        late = desk.take(WON)
        own = desk.take(WON, email="bob@other.example")
        desk.client(own, EventKind.WON, NOW + DAY, amount=Decimal(500))
        desk.close("2026-11", END)
        outcome = Outcome(late.lead_id, EventKind.WON, Actor.CLIENT, "Carol", NOW + DAY)
        outcome = replace(outcome, amount=Decimal(1000))
        desk.ledger.transact(lambda records: record_once(records, outcome, END))
        assert exported(desk, "2026-12", JANUARY) == [late.lead_id]
        desk.close("2026-12", JANUARY)
        assert exported(desk, "2026-11", JANUARY) == [own.lead_id]
        assert exported(desk, "2026-12", JANUARY + DAY) == [late.lead_id]

    @pytest.mark.parametrize("amount", [None, Decimal(0), Decimal(-5), Decimal("1.005")])
    def test_a_missing_zero_negative_or_too_precise_amount_is_refused(
        self, desk: Desk, amount: Decimal | None
    ) -> None:
        lead = desk.take(WON)
        with pytest.raises(Refused, match=r"amount|decimals"):
            desk.client(lead, EventKind.WON, NOW + DAY, amount=amount)


class TestCredits:
    """Rules 23 and 27."""

    def test_a_refund_credits_a_billed_line_in_proportion(self, desk: Desk) -> None:
        lead = desk.take(WON)
        desk.client(lead, EventKind.WON, NOW + DAY, amount=Decimal(1000))
        desk.close("2026-11", NOW + 9 * DAY)
        desk.report(lead, EventKind.REFUNDED, NOW + 10 * DAY, amount=Decimal(250))
        desk.report(lead, EventKind.REFUNDED, NOW + 11 * DAY, amount=Decimal(750))
        credit_notes = desk.ledger.read(credits_of)
        assert [(credit.number, credit.amount) for credit in credit_notes] == [
            ("acme-0002", 2500),
            ("acme-0003", 7500),
        ]
        assert desk.close("2026-12", JANUARY).number == "acme-0004"

    def test_the_credits_of_a_line_never_exceed_the_line(self, desk: Desk) -> None:
        lead = desk.take(WON)
        desk.client(lead, EventKind.WON, NOW + DAY, amount=Decimal(1000))
        desk.close("2026-11", NOW + 9 * DAY)
        desk.credit(lead, Decimal(40))
        with pytest.raises(Refused, match=r"60\.00 USD is left to credit"):
            desk.credit(lead, Decimal("60.01"))
        assert desk.credit(lead, None).amount == 6000
        with pytest.raises(Refused, match=r"0\.00 USD is left to credit"):
            desk.credit(lead, None)
        desk.report(lead, EventKind.REFUNDED, NOW + 10 * DAY, amount=Decimal(1000))
        assert len(desk.ledger.read(credits_of)) == 2

    def test_the_same_refund_recorded_twice_is_refused(self, desk: Desk) -> None:
        lead = desk.take(WON)
        desk.client(lead, EventKind.WON, NOW, amount=Decimal(1000))
        refund = {"amount": Decimal(100), "occurred_at": NOW + HOUR}
        desk.client(lead, EventKind.REFUNDED, NOW + DAY, **refund)
        with pytest.raises(Refused, match="the same refunded is recorded already"):
            desk.client(lead, EventKind.REFUNDED, NOW + 2 * DAY, **refund)
        second = {"occurred_at": NOW + 2 * HOUR, "again": True}
        desk.client(lead, EventKind.REFUNDED, NOW + 2 * DAY, **refund | second)
        assert amounts(desk.bill("2026-11", END)) == [8000]

    def test_a_credit_needs_an_existing_line(self, desk: Desk) -> None:
        lead = desk.take(WON)
        desk.close("2026-11", NOW + 9 * DAY)
        with pytest.raises(NotFound, match="acme-0001 has no line of lead"):
            desk.credit(lead, None)
