"""Amounts as spreadsheets and CRMs write them: taken where they have one reading only."""

import re
from decimal import Decimal
from typing import Final

from capture.errors import Refused

_POINT: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")
_COMMA: Final = re.compile(r"[0-9]{1,15},([0-9]{1,2}|[0-9]{4,6})")
_COMMA_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(,[0-9]{3}){1,4}\.[0-9]{1,6}")
_POINT_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{3}){1,4},[0-9]{1,6}")
_EITHER: Final = re.compile(r"[0-9]{1,3}(,[0-9]{3})+")


def read_amount(text: str) -> Decimal:
    """1234.50, 1,234.50, 1234,50 and 1.234,50 alike. Raises `Refused` for what is no such amount.

    A point alone always parts the decimals, as in every other place where we read an amount. A
    comma alone before three digits may part thousands or decimals: 1,234 is refused, since the
    two readings lie a factor of a thousand apart.
    """
    if _POINT.fullmatch(text):
        return Decimal(text)
    if _COMMA.fullmatch(text):
        return Decimal(text.replace(",", "."))
    if _COMMA_THOUSANDS.fullmatch(text):
        return Decimal(text.replace(",", ""))
    if _POINT_THOUSANDS.fullmatch(text):
        return Decimal(text.replace(".", "").replace(",", "."))
    if _EITHER.fullmatch(text):
        plain = text.replace(",", "")
        raise Refused(f"its comma may part thousands or decimals; write {plain} or {plain}.00")
    raise Refused("write digits with a point before the decimals, such as 1234.50")
