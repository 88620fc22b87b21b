"""The accounting journal: debits equal credits, and the sums are those of the accounts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.billing.account import Document, DocumentKind, Payment, build_accounts
from capture.billing.journal import AccountCodes, JournalLine, build_journal
from capture.errors import Refused

CODES = AccountCodes(
    revenue="8400",
    bank="1200",
    receivables="1400",
    tax_codes={Decimal(0): "", Decimal("7.50"): "2", Decimal(19): "3"},
    debtors={"beta": "10001", "acme": ""},
)
RATES = ("0", "7.5", "19")
FIRST = date(2026, 11, 1)
MONTHS = tuple(f"{year}-{month:02d}" for year in (2025, 2026, 2027) for month in range(1, 13))

Books = tuple[list[Document], list[Payment]]


def document(place: int, kind: DocumentKind = DocumentKind.INVOICE, **changes: Any) -> Document:
    original = Document(
        number=f"acme-{place:04d}",
        kind=kind,
        client="acme",
        campaigns=("guide",),
        time_zone="UTC",
        month="2026-10",
        corrects="",
        currency="EUR",
        net=10_000,
        vat=1900,
        vat_rate="19",
        issued_on=FIRST,
        due_on=None if kind is DocumentKind.CREDIT else FIRST,
    )
    return replace(original, **changes)


@st.composite
def books(draw: st.DrawFn) -> Books:
    """Documents of two clients in two currencies, and payments of any sign."""
    documents: list[Document] = []
    for place in range(1, draw(st.integers(0, 12)) + 1):
        client = draw(st.sampled_from(("acme", "beta")))
        earlier = [
            each
            for each in documents
            if each.client == client and each.kind is DocumentKind.INVOICE
        ]
        kind = draw(st.sampled_from(DocumentKind)) if earlier else DocumentKind.INVOICE
        is_note = kind in {DocumentKind.CREDIT, DocumentKind.DEBIT}
        corrected = draw(st.sampled_from(earlier)) if is_note else None
        documents.append(
            document(
                place,
                kind,
                number=f"{client}-{place:04d}",
                client=client,
                corrects=corrected.number if corrected else "",
                currency=corrected.currency if corrected else draw(st.sampled_from(("EUR", "JPY"))),
                vat_rate=corrected.vat_rate if corrected else draw(st.sampled_from(RATES)),
                net=draw(st.integers(0, 10**9)),
                vat=draw(st.integers(0, 10**8)),
                issued_on=FIRST + timedelta(days=draw(st.integers(0, 200))),
            )
        )
    payable = [each for each in documents if each.due_on is not None]
    amounts = st.integers(-(10**9), 10**9).filter(bool)
    payments = (
        [
            Payment(paid.client, paid.number, draw(amounts), FIRST + timedelta(days=place))
            for place, paid in enumerate(draw(st.lists(st.sampled_from(payable), max_size=10)))
        ]
        if payable
        else []
    )
    return documents, payments


def journal(documents: Sequence[Document], payments: Sequence[Payment] = ()) -> list[JournalLine]:
    """The lines of all months."""
    return [line for month in MONTHS for line in build_journal(documents, payments, CODES, month)]


@given(books())
def test_debits_equal_credits_and_the_sums_are_those_of_the_accounts(drawn: Books) -> None:
    documents, payments = drawn
    balances: Counter[tuple[str, str, str]] = Counter()
    lines = journal(documents, payments)
    for line in lines:
        assert line.amount > 0
        balances[line.client, line.currency, line.debit] += line.amount
        balances[line.client, line.currency, line.credit] -= line.amount
    assert sum(balances.values()) == 0
    for account in build_accounts(documents, payments):
        owner = account.client, account.currency
        debtor = "10001" if account.client == "beta" else "1400"
        assert balances[*owner, debtor] == account.open + account.carried
        entries = account.entries
        signed = [
            -entry.document.gross
            if entry.document.kind is DocumentKind.CREDIT
            else entry.document.gross
            for entry in entries
        ]
        assert balances[*owner, "8400"] == -sum(signed)
        assert balances[*owner, "1200"] == sum(entry.paid for entry in entries)
    assert {(line.debit, line.credit) for line in lines} <= {
        pair
        for debtor in ("1400", "10001")
        for contra in ("1200", "8400")
        for pair in ((debtor, contra), (contra, debtor))
    }


@given(books())
def test_the_tax_of_the_lines_is_that_of_the_documents(drawn: Books) -> None:
    documents, payments = drawn
    taxes = {each.number: (each.vat, each.vat_rate) for each in documents if each.gross}
    lines = [line for line in journal(documents, payments) if line.tax_rate]
    assert {line.document: (line.tax, line.tax_rate) for line in lines} == taxes


def test_a_line_says_what_is_booked() -> None:
    note = document(2, DocumentKind.CREDIT, corrects="acme-0001", issued_on=date(2026, 11, 3))
    payment = Payment("acme", "acme-0001", 11_900, date(2026, 11, 2), "B-7")
    lines = journal([document(1), note], [payment])
    assert [(line.text, line.debit, line.credit, line.amount) for line in lines] == [
        ("Invoice for 2026-10", "1400", "8400", 11_900),
        ("Payment B-7", "1200", "1400", 11_900),
        ("Credit note on acme-0001 for 2026-10", "8400", "1400", 11_900),
    ]
    assert [(line.tax_code, line.tax_rate) for line in lines] == [
        ("3", "19"),
        ("", ""),
        ("3", "19"),
    ]


def test_money_that_was_returned_is_booked_the_other_way() -> None:
    (line,) = build_journal(
        [document(1)], [Payment("acme", "acme-0001", -500, date(2026, 12, 1))], CODES, "2026-12"
    )
    assert (line.text, line.debit, line.credit, line.amount) == (
        "Payment returned",
        "1400",
        "1200",
        500,
    )


def test_a_document_over_zero_has_no_line() -> None:
    assert journal([document(1, net=0, vat=0)]) == []


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (replace(CODES, revenue=""), "GATEPOST_REVENUE_ACCOUNT is not set"),
        (replace(CODES, bank=""), "GATEPOST_BANK_ACCOUNT is not set"),
        (replace(CODES, receivables=""), "no account for what acme owes: set GATEPOST_RECEIVABLES"),
        (replace(CODES, tax_codes={Decimal(7): "2"}), "no tax code for 19 % VAT: add it to GATEP"),
    ],
)
def test_a_missing_code_is_named_in_one_line(codes: AccountCodes, message: str) -> None:
    payments = [Payment("acme", "acme-0001", 500, FIRST)]
    with pytest.raises(Refused, match=message) as caught:
        build_journal([document(1)], payments, codes, "2026-11")
    assert "\n" not in str(caught.value)
    assert build_journal([document(1)], payments, codes, "2026-10") == []
