"""Amounts as people type them, to the integers that we count in."""

from decimal import Decimal

from capture.errors import Refused
from capture.money import check_amount, is_exact, to_minor


def minor_units(amount: Decimal, currency: str) -> int:
    """Major units to minor ones.

    Raises `Refused` for more than we count with, or more decimals than the currency has.
    """
    check_amount(amount, currency)
    if not is_exact(amount, currency):
        raise Refused(f"{amount} has more decimals than {currency}; write no more than that")
    return to_minor(amount, currency)
