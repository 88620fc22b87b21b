"""No amount and no sum exceeds its limit, from any kind of input.

The limit of an amount is `LARGEST` minor units; SQLite's integers end at 9.2e18.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.billing.lines import minor_units
from capture.cli.options import Amount
from capture.closing.credit import CorrectionRequest, billed_line, issue_credit
from capture.closing.debit import approve_debit, propose_debit
from capture.closing.payments import PaymentRequest, record_payment
from capture.errors import FileErrors, Refused
from capture.lead.events import EventKind
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.money import LARGEST, MAX_SUM, from_minor
from tests.capture.desk import DAY, SHARE, WON, Desk
from tests.capture.outcomes.desk import ANN
from tests.capture.outcomes.desk import Desk as ImportDesk
from tests.samples import CAMPAIGN, NOW, campaign

CURRENCIES = ("JPY", "USD", "KWD", "CLF")  # 0, 2, 3 and 4 decimals
OVER_LIMIT = "is over 10,000,000,000,000.00 USD, the maximum; check its digits"
CLOSED = NOW + 9 * DAY


@given(minor=st.integers(-LARGEST * 10_000, LARGEST * 10_000), currency=st.sampled_from(CURRENCIES))
def test_an_amount_up_to_the_limit_is_exact_and_a_larger_one_is_refused(
    minor: int, currency: str
) -> None:
    amount = from_minor(minor, currency)
    if abs(minor) <= LARGEST:
        assert minor_units(amount, currency) == minor
    else:
        with pytest.raises(Refused, match=f"{currency}, the maximum"):
            minor_units(amount, currency)


@given(digits=st.integers(1, 10**40), exponent=st.integers(-(10**17), 10**17))
def test_every_decimal_becomes_an_amount_or_a_short_refusal(digits: int, exponent: int) -> None:
    try:
        minor = minor_units(Decimal(f"{digits}e{exponent}"), "USD")
    except Refused as refused:
        message = str(refused)
    else:
        message = str(minor)
        assert abs(minor) <= LARGEST
    assert len(message) < 200


@pytest.mark.parametrize(
    "text",
    [
        "1e400",
        "1e3",
        "NaN",
        "Infinity",
        "-inf",
        "sNaN",
        "1_000",
        "١٢",
        "\uff11\uff12",
        " 12",
        "12 ",
        "",
    ],
)
def test_an_option_refuses_anything_but_plain_digits(text: str) -> None:
    with pytest.raises(click.BadParameter, match=r"write an amount such as 1200\.00"):
        Amount().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "amount"), [("1200.00", "1200"), ("-5", "-5"), ("0.05", "0.05"), ("-0", "0")]
)
def test_an_option_accepts_a_plain_amount(text: str, amount: str) -> None:
    assert Amount().convert(text, None, None) == Decimal(amount)


def check_refused(call: Callable[[], object]) -> None:
    with pytest.raises(Refused, match=OVER_LIMIT):
        call()


HUGE = Decimal("10000000000000.01")


def test_no_outcome_may_exceed_the_largest_amount(desk: Desk) -> None:
    lead = desk.take(WON)
    check_refused(lambda: desk.report(lead, EventKind.WON, NOW + DAY, amount=HUGE))
    desk.report(lead, EventKind.WON, NOW + DAY, amount=HUGE - Decimal("0.01"))
    check_refused(lambda: desk.report(lead, EventKind.REFUNDED, NOW + DAY, amount=HUGE))
    other = desk.take(SHARE, email="bob@other.example")
    desk.report(other, EventKind.WON, NOW + DAY, amount=Decimal(1))
    check_refused(
        lambda: desk.report(
            other, EventKind.REVENUE, NOW + DAY, amount=HUGE, period=NOW.date() + DAY, months=12
        )
    )


def test_the_sum_of_a_periods_amounts_over_the_limit_is_refused(desk: Desk) -> None:
    lead = desk.take(SHARE)
    desk.report(lead, EventKind.WON, NOW, amount=Decimal(1))
    most, day = from_minor(LARGEST, "USD"), NOW.date() + DAY
    desk.report(lead, EventKind.REVENUE, NOW + DAY, amount=most, period=day)
    with pytest.raises(Refused, match=r"the revenue of 2026-11-24 is over 10,000,000,000,000\.00"):
        desk.report(lead, EventKind.REVENUE, NOW + 2 * DAY, amount=Decimal(1), period=day)


def test_no_row_of_a_table_may_exceed_the_largest_amount(ledger: Ledger) -> None:
    importer = ImportDesk(ledger)
    importer.receive_lead()
    row = f"{ANN},won,2026-12-01T09:00,,{'9' * 15}.00"
    assert importer.faults(row) == [f'2: amount = "{"9" * 15}.00": the amount {OVER_LIMIT}']


def test_a_credit_debit_or_payment_over_the_limit_is_refused(desk: Desk) -> None:
    lead = desk.take(WON)
    desk.client(lead, EventKind.WON, NOW + DAY, amount=Decimal(1000))
    desk.close("2026-11", CLOSED)
    request = CorrectionRequest("acme-0001", lead.lead_id, "goodwill", amount=HUGE)

    def writing(work: Callable[[WriteTransaction], object]) -> Callable[[], object]:
        return lambda: desk.ledger.transact(work)

    check_refused(writing(lambda records: issue_credit(records, request, "Ada", CLOSED)))
    check_refused(writing(lambda records: propose_debit(records, request, "Ada", CLOSED)))
    check_refused(
        writing(
            lambda records: record_payment(
                records, PaymentRequest("acme-0001", HUGE, CLOSED.date()), CLOSED, by="Ada"
            )
        )
    )


def test_debits_never_raise_a_line_over_the_limit(desk: Desk) -> None:
    lead = desk.take(WON)
    desk.client(lead, EventKind.WON, NOW + DAY, amount=Decimal(1000))
    desk.close("2026-11", CLOSED)
    request = CorrectionRequest(
        "acme-0001", lead.lead_id, "wrong_rate", amount=HUGE - Decimal("0.01")
    )
    with pytest.raises(Refused, match="the line with its debits is over"):
        desk.ledger.transact(lambda records: propose_debit(records, request, "Ada", CLOSED))
    largest_request = replace(request, amount=HUGE - Decimal("100.01"))
    desk.ledger.transact(lambda records: propose_debit(records, largest_request, "Ada", CLOSED))
    desk.ledger.transact(
        lambda records: approve_debit(
            records, billed_line(records, "acme-0001", lead.lead_id), "Carol", CLOSED
        )
    )


def test_a_month_whose_sum_is_over_its_limit_cannot_be_closed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = desk.take(WON)
    desk.client(lead, EventKind.WON, NOW + DAY, amount=Decimal(1000))
    monkeypatch.setattr("capture.closing.close.MAX_SUM", 9_999)
    with pytest.raises(Refused, match=r"the sum of 2026-11 is over 99\.99 USD, the maximum"):
        desk.close("2026-11", CLOSED)
    monkeypatch.undo()
    assert desk.close("2026-11", CLOSED).total == 10_000


def test_the_largest_sum_with_tax_fits_the_databases_integers() -> None:
    assert LARGEST < MAX_SUM < MAX_SUM * 2 < 2**63


@pytest.mark.parametrize(
    "text", ['"١٢"', '"1_000"', '" 12"', '"1e2"', '"NaN"', "nan", "inf", "1e400"]
)
def test_a_campaign_file_refuses_anything_but_plain_amounts(text: str) -> None:
    with pytest.raises(FileErrors, match=r"price.rate = .*: must be (an amount such|1000000000)"):
        campaign(text=CAMPAIGN.replace("rate = 50", f"rate = {text}"))


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "0x" + "f" * 5000, "-" + "9" * 20])
@pytest.mark.parametrize("key", ["at_least = 101", "hours = 48"])
def test_a_campaign_file_refuses_an_integer_of_too_many_digits(key: str, number: str) -> None:
    with pytest.raises(FileErrors, match=r"too many digits|more than 64 bits|must be"):
        campaign(text=CAMPAIGN.replace(key, f"{key.split(maxsplit=1)[0]} = {number}"))
