"""Tax, debit notes, payments and credit carried forward (rules 24, 27, 30 of docs/rules.md)."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from capture.billing.account import Account, DocumentKind, Entry
from capture.billing.statement import Parties
from capture.billing.statement_text import statement_json
from capture.closing.credit import Correction, CorrectionRequest, billed_line, corrections_of
from capture.closing.debit import approve_debit, decline_debit, proposals_of, propose_debit
from capture.closing.documents import accounts_of
from capture.closing.payments import (
    FullPayment,
    PaymentRequest,
    open_amounts,
    open_entries,
    record_all_as_paid,
    record_payment,
)
from capture.errors import NotFound, Refused
from capture.lead.events import EventKind
from capture.lead.model import Lead
from tests.capture.desk import DAY, WON, Desk
from tests.samples import NOW, PARTIES

CLOSED = NOW + 9 * DAY
TAXED = replace(PARTIES, vat_rate="19", payment_days=14)


def bill_sale(desk: Desk, sale: str = "1000", parties: Parties = TAXED) -> Lead:
    """Closes a statement with one line: a tenth of the sale."""
    desk.parties = parties
    lead = desk.take(WON)
    desk.client(lead, EventKind.WON, NOW + DAY, amount=Decimal(sale))
    desk.close("2026-11", CLOSED)
    return lead


def propose(desk: Desk, lead: Lead, amount: str) -> None:
    request = CorrectionRequest("acme-0001", lead.lead_id, "wrong_rate", amount=Decimal(amount))
    desk.ledger.transact(lambda records: propose_debit(records, request, "Ada", CLOSED))


def approve(desk: Desk, lead: Lead) -> Correction:
    return desk.ledger.transact(
        lambda records: approve_debit(
            records, billed_line(records, "acme-0001", lead.lead_id), "Carol", CLOSED + DAY
        )
    )


def pay(desk: Desk, amount: str, number: str = "acme-0001", *, again: bool = False) -> Entry:
    request = PaymentRequest(number, Decimal(amount), date(2026, 12, 1), again)
    return desk.ledger.transact(lambda records: record_payment(records, request, CLOSED, by="Ada"))


def account(desk: Desk) -> Account:
    (only_account,) = desk.ledger.read(accounts_of)
    return only_account


class TestTax:
    def test_a_statement_shows_tax_total_and_due_day(self, desk: Desk) -> None:
        bill_sale(desk)
        statement = desk.ledger.read(lambda reading: reading.statements.get("acme-0001"))
        data = json.loads(statement.json) if statement else {}
        assert (data["total"], data["vat"], data["gross"], data["to_pay"]) == (
            10000,
            1900,
            11900,
            11900,
        )
        assert (data["issued_on"], data["due_on"]) == ("2026-12-02", "2026-12-16")
        assert data["parties"]["supplier"]["address"] == ["1 Main Street", "New York"]

    def test_tax_is_rounded_once_half_to_even(self, desk: Desk) -> None:
        assert replace(PARTIES, vat_rate="5").vat(50, "USD") == 2
        assert replace(PARTIES, vat_rate="5").vat(70, "USD") == 4
        assert replace(PARTIES, vat_rate="7.5").vat(1020, "KWD") == 76
        assert desk.parties.vat(10000, "JPY") == 0

    def test_new_parties_do_not_change_a_closed_statement(self, desk: Desk) -> None:
        bill_sale(desk)
        desk.parties = replace(TAXED, vat_rate="25", customer=PARTIES.supplier)
        assert desk.close("2026-11", CLOSED + DAY).parties == TAXED

    def test_a_line_credited_completely_in_parts_has_all_its_tax_credited(self, desk: Desk) -> None:
        lead = bill_sale(desk, "10.10")
        desk.credit(lead, Decimal("0.33"))
        desk.credit(lead, Decimal("0.33"))
        desk.credit(lead, None)
        notes = desk.ledger.read(corrections_of)
        assert sum(note.amount for note in notes) == 101
        assert sum(note.vat for note in notes) == TAXED.vat(101, "USD")
        assert (account(desk).open, account(desk).carried) == (0, 0)


class TestDebits:
    def test_a_debit_note_is_a_document_once_the_client_approves(self, desk: Desk) -> None:
        lead = bill_sale(desk)
        propose(desk, lead, "50")
        assert account(desk).open == 11900
        note = approve(desk, lead)
        assert (note.number, note.kind, note.amount, note.vat) == (
            "acme-0002",
            DocumentKind.DEBIT,
            5000,
            950,
        )
        assert account(desk).open == 17850
        assert account(desk).entries[1].document.due_on == date(2026, 12, 17)

    def test_a_line_has_at_most_one_open_proposal(self, desk: Desk) -> None:
        lead = bill_sale(desk)
        propose(desk, lead, "50")
        with pytest.raises(Refused, match="a proposal already waits for the client"):
            propose(desk, lead, "50")
        approve(desk, lead)
        with pytest.raises(NotFound, match="no debit waits for an answer"):
            approve(desk, lead)
        propose(desk, lead, "1")
        assert [proposal.stage for proposal in desk.ledger.read(proposals_of)] == [
            "approved",
            "open",
        ]

    def test_a_declined_proposal_changes_nothing_and_takes_no_number(self, desk: Desk) -> None:
        lead = bill_sale(desk)
        propose(desk, lead, "50")
        desk.ledger.transact(
            lambda records: decline_debit(
                records, billed_line(records, "acme-0001", lead.lead_id), "Carol", CLOSED
            )
        )
        assert [proposal.stage for proposal in desk.ledger.read(proposals_of)] == ["declined"]
        assert desk.credit(lead, Decimal(1)).number == "acme-0002"

    def test_a_line_with_a_debit_note_can_be_credited_completely(self, desk: Desk) -> None:
        lead = bill_sale(desk)
        propose(desk, lead, "50")
        approve(desk, lead)
        with pytest.raises(Refused, match=r"150\.00 USD is left to credit"):
            desk.credit(lead, Decimal("150.01"))
        assert desk.credit(lead, None).vat == 2850
        assert (account(desk).open, account(desk).carried) == (0, 0)

    @pytest.mark.parametrize(("refunded", "credited"), [("1000", 15000), ("500", 7500)])
    def test_a_refund_credits_a_line_with_a_debit_note_in_proportion(
        self, desk: Desk, refunded: str, credited: int
    ) -> None:
        lead = bill_sale(desk)
        propose(desk, lead, "50")
        approve(desk, lead)
        desk.report(lead, EventKind.REFUNDED, CLOSED + 2 * DAY, amount=Decimal(refunded))
        assert desk.ledger.read(corrections_of)[-1].amount == credited

    @pytest.mark.parametrize("amount", ["0", "-5", "1.001"])
    def test_a_proposal_needs_a_positive_amount_of_whole_minor_units(
        self, desk: Desk, amount: str
    ) -> None:
        lead = bill_sale(desk)
        with pytest.raises(Refused):
            propose(desk, lead, amount)


class TestPayments:
    def test_a_statement_is_paid_in_parts(self, desk: Desk) -> None:
        bill_sale(desk)
        assert pay(desk, "100").open == 1900
        assert pay(desk, "19").open == 0

    def test_the_same_payment_twice_is_refused_until_confirmed(self, desk: Desk) -> None:
        bill_sale(desk)
        pay(desk, "50")
        with pytest.raises(Refused, match=r"\$50\.00 of 2026-12-01 is recorded already"):
            pay(desk, "50")
        assert pay(desk, "50", again=True).open == 1900

    def test_returned_money_reduces_what_was_paid_and_never_below_zero(self, desk: Desk) -> None:
        bill_sale(desk)
        pay(desk, "119")
        assert pay(desk, "-19").open == 1900
        with pytest.raises(Refused, match=r"only \$100\.00 was paid, so no more"):
            pay(desk, "-100.01")

    def test_a_payment_needs_a_payable_document_and_a_day_not_in_the_future(
        self, desk: Desk
    ) -> None:
        lead = bill_sale(desk)
        desk.credit(lead, Decimal(1))
        with pytest.raises(Refused, match="acme-0002 is a credit note"):
            pay(desk, "1", "acme-0002")
        with pytest.raises(NotFound, match="no statement 'acme-0009'"):
            pay(desk, "1", "acme-0009")
        request = PaymentRequest("acme-0001", Decimal(1), date(2026, 12, 3))
        with pytest.raises(Refused, match="in the future"):
            desk.ledger.transact(lambda records: record_payment(records, request, CLOSED, by="Ada"))

    def test_all_open_documents_are_paid_only_as_they_were_confirmed(self, desk: Desk) -> None:
        bill_sale(desk)
        entries = desk.ledger.read(lambda reading: open_entries(reading, "acme"))

        def pay_all() -> None:
            full = FullPayment("acme", open_amounts(entries), date(2026, 12, 1), by="Ada")
            desk.ledger.transact(lambda records: record_all_as_paid(records, full, CLOSED))

        pay(desk, "50")
        with pytest.raises(Refused, match="acme: the open amounts have changed meanwhile"):
            pay_all()
        entries = desk.ledger.read(lambda reading: open_entries(reading, "acme"))
        pay_all()
        assert (account(desk).open, account(desk).carried) == (0, 0)

    def test_the_next_statement_deducts_the_clients_credit(self, desk: Desk) -> None:
        lead = bill_sale(desk)
        pay(desk, "119")
        desk.credit(lead, None)
        assert account(desk).carried == -11900
        second_lead = desk.take(WON, NOW + 10 * DAY, email="bob@other.example")
        desk.client(second_lead, EventKind.WON, NOW + 10 * DAY, amount=Decimal(400))
        december = desk.close("2026-12", datetime(2027, 1, 2, tzinfo=UTC))
        assert (december.gross, december.brought_forward, december.to_pay) == (4760, -11900, 0)
        assert account(desk).carried == -11900 + 4760
        assert '"brought_forward":-11900' in statement_json(december)
