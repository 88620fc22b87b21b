"""Payments of a bank's file find their documents by number; nothing is guessed (rule 30)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.billing.account import Document, DocumentKind, SettlementKind
from capture.closing.bank_files import BankEntry
from capture.closing.documents import accounts_of, payments_of
from capture.closing.import_payments import (
    EntryAnswer,
    NumberFinder,
    Result,
    import_payments,
)
from capture.closing.payments import PaymentRequest, record_payment
from capture.lead.events import EventKind
from capture.ledger.protocol import Ledger
from tests.capture.desk import DAY, WON, Desk
from tests.samples import NOW

CLOSED = NOW + 9 * DAY
PAID_ON = date(2026, 12, 1)
NUMBERS = ("acme-0001", "acme-0002", "north-acme-0001", "north-acme-0002", "x-0001")


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    """Acme's November is closed: acme-0001 over $100.00."""
    desk = Desk(ledger)
    lead = desk.take(WON)
    desk.client(lead, EventKind.WON, NOW + DAY, amount=Decimal(1000))
    desk.close("2026-11", CLOSED)
    return desk


def entry(
    text: str = "acme-0001", amount: str = "100.00", id_: str = "B-1", currency: str = "USD"
) -> BankEntry:
    return BankEntry(id_, "line 2", PAID_ON, Decimal(amount), currency, (text,))


def imported(desk: Desk, *entries: BankEntry) -> Sequence[EntryAnswer]:
    return desk.ledger.transact(lambda records: import_payments(records, entries, CLOSED, by="Ada"))


def only(desk: Desk, bank_entry: BankEntry) -> tuple[Result, str]:
    (answer,) = imported(desk, bank_entry)
    return answer.result, answer.note or answer.number


def test_a_payment_is_recorded_with_the_banks_id(desk: Desk) -> None:
    assert only(desk, entry("Invoice ACME 0001, thank you")) == (Result.RECORDED, "acme-0001")
    (account,) = desk.ledger.read(accounts_of)
    (settlement,) = account.entries[0].settlements
    assert (settlement.kind, settlement.amount, settlement.reference) == (
        SettlementKind.PAYMENT,
        10000,
        "B-1",
    )
    assert account.open == 0


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    entries = (entry(amount="60.00"), entry(amount="40.00", id_="B-2"), entry("other", id_="B-3"))
    assert [each.result for each in imported(desk, *entries)] == [
        Result.RECORDED,
        Result.RECORDED,
        Result.UNMATCHED,
    ]
    assert [each.result for each in imported(desk, *entries)] == [
        Result.KNOWN,
        Result.KNOWN,
        Result.UNMATCHED,
    ]
    assert len(desk.ledger.read(payments_of)) == 2


def test_an_id_with_other_content_is_left_for_a_person(desk: Desk) -> None:
    imported(desk, entry(amount="60.00"))
    for changed in (entry(amount="40.00"), replace(entry(amount="60.00"), day=date(2026, 11, 30))):
        result, note = only(desk, changed)
        assert result is Result.UNDECIDED
        assert note == "its id B-1 is recorded for acme-0001 with another amount or day"


def test_a_payment_that_a_person_recorded_is_not_recorded_again(desk: Desk) -> None:
    request = PaymentRequest("acme-0001", Decimal(50), PAID_ON)
    desk.ledger.transact(lambda records: record_payment(records, request, CLOSED, by="Ada"))
    result, note = only(desk, entry(amount="50.00"))
    assert (result, "recorded already" in note) == (Result.UNDECIDED, True)


def test_a_person_does_not_record_what_was_imported(desk: Desk) -> None:
    imported(desk, entry(amount="50.00"))
    request = PaymentRequest("acme-0001", Decimal(50), PAID_ON)
    with pytest.raises(Exception, match="recorded already"):
        desk.ledger.transact(lambda records: record_payment(records, request, CLOSED, by="Ada"))


@pytest.mark.parametrize(
    ("bank_entry", "note"),
    [
        (entry(amount="100.01"), "acme-0001: $100.00 is open, which is less than was paid"),
        (entry(currency="EUR"), "acme-0001: it is in USD, and EUR was paid"),
        (entry(amount="-5.00"), "acme-0001: the money left the account"),
        (entry(amount="0.001"), "0.001 has more decimals than USD; write no more than that"),
        (entry("see acme-0009"), "acme-0009: no document has this number"),
        (entry("RE-acme-0001"), "RE-acme-0001: no document has this number"),
        (entry("acme-0001/2026"), "acme-0001/2026: no document has this number"),
        (replace(entry(), fault="its parts do not add up"), "its parts do not add up"),
        (replace(entry("?"), fault="its parts do not add up"), "its parts do not add up"),
        (
            replace(entry(), day=date(2026, 12, 24)),
            "2026-12-24 is in the future; record a payment once it has arrived",
        ),
    ],
)
def test_an_unclear_payment_is_left_for_a_person(
    desk: Desk, bank_entry: BankEntry, note: str
) -> None:
    assert only(desk, bank_entry) == (Result.UNDECIDED, note)
    assert desk.ledger.read(payments_of) == []


def test_several_numbers_and_credit_notes_are_left_for_a_person(desk: Desk) -> None:
    (lead,) = desk.ledger.read(lambda reading: list(reading.leads.select()))
    desk.credit(lead, Decimal(1))
    assert only(desk, entry("acme-0001 less acme-0002", "99.00")) == (
        Result.UNDECIDED,
        "it names acme-0001, acme-0002",
    )
    assert only(desk, entry("acme-0002", "1.00")) == (
        Result.UNDECIDED,
        "acme-0002 is a credit note: nothing is paid for it",
    )


def test_what_a_file_pays_counts_for_its_later_entries(desk: Desk) -> None:
    answers = imported(desk, entry(amount="99.00"), entry(amount="2.00", id_="B-2"))
    assert [answer.result for answer in answers] == [Result.RECORDED, Result.UNDECIDED]


def test_money_that_left_the_account_for_something_else_is_no_income(desk: Desk) -> None:
    assert only(desk, entry("Rent", "-500.00"))[0] is Result.OUTGOING


class TestNumbers:
    @staticmethod
    def found(text: str, joined: str = "") -> set[str]:
        documents = [
            Document(
                number=number,
                kind=DocumentKind.INVOICE,
                client=number[:-5],
                campaigns=(),
                time_zone="UTC",
                month="2026-11",
                corrects="",
                currency="USD",
                net=1,
                vat=0,
                vat_rate="0",
                issued_on=PAID_ON,
                due_on=PAID_ON,
            )
            for number in NUMBERS
        ]
        mentions = NumberFinder(documents).mentions(replace(entry(text), joined=joined))
        return set() if mentions.unclear else mentions.numbers

    @pytest.mark.parametrize(
        "text",
        [
            "acme-0001",
            "ACME0001",
            "Acme 0001",
            "acme - 0001",
            "acme\u20130001",
            "SVWZ+acme-0001",
            "(acme-0001)",
            "Rechnung acme-0001, November 2026.",
            "acme-0001 2026-12-01",
            "acme-0001\nAcme Cloud",
        ],
    )
    def test_case_hyphens_and_spaces_do_not_matter(self, text: str) -> None:
        assert self.found(text) == {"acme-0001"}

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "acme",
            "0001",
            "acme-1",
            "acme-00012",
            "acme-00011",
            "facme-0001",
            "acme-0001b",
            "acme_0001",
            "other-acme-0001",
            "acme-0001-2",
            "acme-0001.5",
            "acme-\u0660\u0660\u0660\u0661",
        ],
    )
    def test_only_a_complete_number_counts(self, text: str) -> None:
        assert self.found(text) == set()

    def test_the_longest_client_name_counts(self) -> None:
        assert self.found("north acme 0002") == {"north-acme-0002"}
        assert self.found("NORTHACME0001") == {"north-acme-0001"}

    def test_a_number_that_the_bank_cut_is_found(self) -> None:
        assert self.found("acme-00 01", "acme-0001") == {"acme-0001"}

    def test_joining_makes_no_number_of_another(self) -> None:
        assert self.found("acme-0001 2 units", "acme-00012 units") == {"acme-0001"}

    @given(st.sampled_from(NUMBERS), st.text("acme01- x/.", max_size=6))
    def test_a_letter_or_digit_beside_a_number_hides_it(self, number: str, more: str) -> None:
        for text in (f"9{number}", f"{number}9", f"z{number}", f"{number}z"):
            assert number not in self.found(text)
            assert number not in self.found(f"{more} {text}") or number in self.found(more)
