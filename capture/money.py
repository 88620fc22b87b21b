"""Money as integers of the currency's minor unit; `Decimal` at the edges; one rounding rule.

The number of decimals follows ISO 4217, from CLDR data (JPY 0, USD 2, KWD 3).
"""

import re
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

from babel.numbers import format_currency, get_currency_precision, list_currencies

from capture.errors import Refused

LARGEST: Final = 10**15
"""The largest amount accepted, in minor units, positive or negative. Every input checks it."""
MAX_SUM: Final = 10**18
"""The largest sum of a statement, in minor units. With tax it stays below 2**63, the limit of the
database's integers. Sums for reports stay in Python, whose integers have no limit."""

_CODE_BEFORE_DIGIT = re.compile(r"[A-Z]{3}(?=\d)")
"""A currency without its own symbol: CLDR puts a space after the code, Babel omits it."""

CURRENCIES = frozenset(list_currencies())


def to_minor(amount: Decimal, currency: str) -> int:
    """An amount in major units as whole minor units, half to even (rule 24 of docs/rules.md)."""
    shifted = amount.scaleb(get_currency_precision(currency))
    return int(shifted.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def round_minor(exact: Fraction) -> int:
    """An exact amount of minor units, such as 10 % of 12.5 %, rounded half to even (rule 24)."""
    return round(exact)


def from_minor(minor: int, currency: str) -> Decimal:
    """The amount in major units, with the currency's number of decimals: 5000 in USD is 50.00."""
    return Decimal(minor).scaleb(-get_currency_precision(currency))


def percent_of(minor: int, percent: Decimal, currency: str) -> int:
    """A percentage of an amount, both in minor units: 19 percent of 5000 USD cents is 950."""
    return to_minor(from_minor(minor, currency) * percent / 100, currency)


def check_amount(
    amount: Decimal, currency: str, what: str = "the amount", most: int = LARGEST
) -> None:
    """Raises `Refused` if the amount is over `most` minor units, positive or negative.

    The message names the limit and not the amount, which may be thousands of digits long.
    """
    largest = from_minor(most, currency)
    if amount.copy_abs() > largest:  # abs() would overflow on 1e999999999999
        raise Refused(f"{what} is over {largest:,} {currency}, the maximum; check its digits")


def is_exact(amount: Decimal, currency: str) -> bool:
    """Whether the amount has no more decimals than its currency: 50.00 USD yes, 0.5 JPY no."""
    return from_minor(to_minor(amount, currency), currency) == amount


@lru_cache(maxsize=4096)  # a statement repeats few amounts on thousands of lines
def show_money(minor: int, currency: str) -> str:
    """The amount as text for people: `$50.00`, `¥5,000`, `KWD 5.000`."""
    text: str = format_currency(from_minor(minor, currency), currency, locale="en_US")
    return _CODE_BEFORE_DIGIT.sub(r"\g<0> ", text.replace("\xa0", " "))
