"""A client's open amounts and credit (rules 27, 29 and 30): arithmetic only."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from capture.billing.account import Account, Document, DocumentKind, Payment, build_accounts

DUE = date(2026, 12, 31)


def statement(number: str, gross: int, currency: str = "USD") -> Document:
    return _document(number, DocumentKind.INVOICE, gross, currency=currency, due_on=DUE)


def credit_note(number: str, corrects: str, gross: int) -> Document:
    return _document(number, DocumentKind.CREDIT, gross, corrects=corrects)


def _document(  # noqa: PLR0913 - the fields that differ
    number: str,
    kind: DocumentKind,
    gross: int,
    *,
    currency: str = "USD",
    corrects: str = "",
    due_on: date | None = None,
) -> Document:
    return Document(
        number=number,
        kind=kind,
        client="acme",
        campaigns=("guide",),
        time_zone="America/New_York",
        month="2026-11",
        corrects=corrects,
        currency=currency,
        net=gross,
        vat=0,
        vat_rate="0",
        issued_on=DUE,
        due_on=due_on,
    )


def payment(number: str, amount: int) -> Payment:
    return Payment("acme", number, amount, DUE)


def open_amounts(account: Account) -> list[int]:
    return [entry.open for entry in account.entries]


def test_a_credit_and_a_payment_reduce_their_statement() -> None:
    (account,) = build_accounts(
        [statement("1", 100), statement("2", 100), credit_note("3", "2", 30)], [payment("2", 50)]
    )
    assert (open_amounts(account), account.open, account.carried) == ([100, 20, 0], 120, 0)


def test_an_overpayment_settles_the_oldest_documents_and_the_rest_is_carried_forward() -> None:
    documents = [statement("1", 100), statement("2", 50), statement("3", 70)]
    (account,) = build_accounts(documents, [payment("2", 170)])
    assert (open_amounts(account), account.carried) == ([0, 0, 50], 0)
    (account,) = build_accounts(documents, [payment("2", 300)])
    assert (open_amounts(account), account.carried) == ([0, 0, 0], -80)


def test_a_statement_that_was_paid_and_then_credited_leaves_a_credit() -> None:
    (account,) = build_accounts(
        [statement("1", 100), credit_note("2", "1", 40)], [payment("1", 100)]
    )
    assert (open_amounts(account), account.carried) == ([0, 0], -40)
    (account,) = build_accounts(
        [statement("1", 100), credit_note("2", "1", 40), statement("3", 30)], [payment("1", 100)]
    )
    assert (open_amounts(account), account.carried) == ([0, 0, 0], -10)


def test_each_currency_has_its_own_account() -> None:
    dollars, euros = build_accounts(
        [statement("1", 100), statement("2", 70, "EUR")], [payment("1", 150)]
    )
    assert (dollars.carried, euros.carried, euros.open) == (-50, 0, 70)


def test_a_statement_is_overdue_from_the_day_after_its_due_day() -> None:
    (entry,) = build_accounts([statement("1", 100)], [])[0].entries
    assert entry.state(DUE) == "open"
    assert entry.state(date(2027, 1, 1)) == "overdue"
    (entry,) = build_accounts([statement("1", 100)], [payment("1", 100)])[0].entries
    assert entry.state(date(2027, 1, 1)) == "settled"


AMOUNTS = st.lists(st.integers(0, 500), min_size=1, max_size=6)
PARTS = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 900)), max_size=8)


@given(AMOUNTS, PARTS, PARTS)
def test_no_amount_is_lost_or_both_open_and_carried_forward(
    amounts: list[int], credit_parts: list[tuple[int, int]], paid_parts: list[tuple[int, int]]
) -> None:
    statements = [statement(str(index), gross) for index, gross in enumerate(amounts)]
    credit_notes = [
        credit_note(f"c{index}", str(place % len(statements)), gross)
        for index, (place, gross) in enumerate(credit_parts)
    ]
    payments = [payment(str(place % len(statements)), amount) for place, amount in paid_parts]
    (account,) = build_accounts([*statements, *credit_notes], payments)
    credited_and_paid = sum(amount for _, amount in [*credit_parts, *paid_parts])
    assert account.open + account.carried == sum(amounts) - credited_and_paid
    assert account.open == 0 or account.carried == 0
    assert account.carried <= 0
