"""A client's open amounts and credit (rules 27, 29 and 30): arithmetic only."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from capture.billing.account import Account, Document, DocumentKind, Payment, build_accounts

DUE = date(2026, 12, 31)


def bill(number: str, gross: int, currency: str = "USD") -> Document:
    kind = DocumentKind.STATEMENT
    return Document(number, kind, "acme", "guide", "2026-11", "", currency, gross, 0, DUE, DUE)


def note(number: str, on: str, gross: int) -> Document:
    kind = DocumentKind.CREDIT
    return Document(number, kind, "acme", "guide", "2026-11", on, "USD", gross, 0, DUE, None)


def paid(number: str, amount: int) -> Payment:
    return Payment("acme", number, amount, DUE)


def opens(account: Account) -> list[int]:
    return [entry.open for entry in account.entries]


def test_a_credit_and_a_payment_reduce_their_statement() -> None:
    (found,) = build_accounts([bill("1", 100), bill("2", 100), note("3", "2", 30)], [paid("2", 50)])
    assert (opens(found), found.open, found.carried) == ([100, 20, 0], 120, 0)


def test_an_overpayment_settles_the_oldest_open_documents_first_and_then_is_carried() -> None:
    owed = [bill("1", 100), bill("2", 50), bill("3", 70)]
    (found,) = build_accounts(owed, [paid("2", 170)])
    assert (opens(found), found.carried) == ([0, 0, 50], 0)
    (found,) = build_accounts(owed, [paid("2", 300)])
    assert (opens(found), found.carried) == ([0, 0, 0], -80)


def test_a_statement_that_was_paid_and_then_credited_leaves_a_credit() -> None:
    (found,) = build_accounts([bill("1", 100), note("2", "1", 40)], [paid("1", 100)])
    assert (opens(found), found.carried) == ([0, 0], -40)
    (found,) = build_accounts([bill("1", 100), note("2", "1", 40), bill("3", 30)], [paid("1", 100)])
    assert (opens(found), found.carried) == ([0, 0, 0], -10)


def test_each_currency_has_its_own_account() -> None:
    dollars, euros = build_accounts([bill("1", 100), bill("2", 70, "EUR")], [paid("1", 150)])
    assert (dollars.carried, euros.carried, euros.open) == (-50, 0, 70)


def test_a_bill_is_overdue_the_day_after_it_was_due() -> None:
    (entry,) = build_accounts([bill("1", 100)], [])[0].entries
    assert entry.state(DUE) == "open"
    assert entry.state(date(2027, 1, 1)) == "overdue"
    (entry,) = build_accounts([bill("1", 100)], [paid("1", 100)])[0].entries
    assert entry.state(date(2027, 1, 1)) == "settled"


AMOUNTS = st.lists(st.integers(0, 500), min_size=1, max_size=6)
SHARES = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 900)), max_size=8)


@given(AMOUNTS, SHARES, SHARES)
def test_nothing_is_lost_and_nothing_is_both_open_and_carried(
    bills: list[int], credited: list[tuple[int, int]], came: list[tuple[int, int]]
) -> None:
    owed = [bill(str(place), gross) for place, gross in enumerate(bills)]
    notes = [note(f"c{i}", str(on % len(owed)), much) for i, (on, much) in enumerate(credited)]
    payments = [paid(str(on % len(owed)), much) for on, much in came]
    (found,) = build_accounts([*owed, *notes], payments)
    given_back = sum(much for _, much in [*credited, *came])
    assert found.open + found.carried == sum(bills) - given_back
    assert found.open == 0 or found.carried == 0
    assert found.carried <= 0
