"""Amounts as spreadsheets and CRMs write them."""

from decimal import Decimal

import pytest

from capture.errors import Refused
from capture.outcomes.revenue import read_amount


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
def test_an_unambiguous_amount_is_read(text: str, amount: str) -> None:
    assert read_amount(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["1,234", "12,345,678", "999,000"])
def test_an_ambiguous_amount_is_refused_with_both_readings(text: str) -> None:
    with pytest.raises(Refused, match="its comma may separate thousands or decimals; write "):
        read_amount(text)


@pytest.mark.parametrize("text", ["9" * 16, "1,2,3", "12,34.5"])
def test_wrong_groups_of_digits_and_too_many_digits_are_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"write digits with a point before the decimals"):
        read_amount(text)


@pytest.mark.parametrize(
    "text",
    ["$5", "5 USD", "-5", "1e3", "NaN", "1.2.3", "1,23,456.00", "\u0665", "5.", ".5", "1 000.00"],
)
def test_text_that_is_no_plain_amount_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"write digits with a point before the decimals"):
        read_amount(text)
