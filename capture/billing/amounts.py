"""Amounts as people type them, to the integers that we count in."""

from decimal import Decimal
from typing import Final

from capture.errors import Refused
from capture.money import is_exact, to_minor

_MOST_DIGITS: Final = 15
"""Before the point: beyond, an amount is no money, and no spreadsheet holds it exactly."""


def minor_units(amount: Decimal, currency: str) -> int:
    """Major units to minor ones. Raises `Refused` for more decimals than the currency has."""
    if amount.adjusted() >= _MOST_DIGITS:
        raise Refused(f"{amount} is no amount of money; write at most {_MOST_DIGITS} digits")
    if not is_exact(amount, currency):
        raise Refused(f"{amount} has more decimals than {currency}; write no more than that")
    return to_minor(amount, currency)
