"""A figure: a number with its formula, or the words that stand where there is none."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from capture.money import from_minor, show_money, to_minor

_TENTH: Final = Decimal("0.1")
_HUNDREDTH: Final = Decimal("0.01")


class Unit(StrEnum):
    """What a figure's number counts."""

    COUNT = "count"
    MONEY = "minor units"
    PERCENT = "percent"
    RATIO = "ratio"
    SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. Exactly one of number and sentence is told; `shown` is always fit to print."""

    key: str
    name: str
    unit: Unit
    number: int | Decimal | None
    shown: str
    """`3.3 %`, or why there is no number: `no leads yet`."""
    formula: str
    """In words: `closed deals / leads x 100`."""
    worked: str
    """With the numbers put in: `4 / 120 x 100 = 3.3 %`; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A figure without its value."""

    key: str
    name: str
    unit: Unit
    formula: str

    def missing(self, why: str) -> Figure:
        """No number, and why."""
        return Figure(self.key, self.name, self.unit, None, why, self.formula, "")

    def of(self, number: int | Decimal, worked: str, currency: str, note: str = "") -> Figure:
        """A number, `worked` being what stands before the equals sign; empty if it was counted."""
        shown = show(number, self.unit, currency)
        return Figure(
            self.key,
            self.name,
            self.unit,
            number,
            f"{shown}{note}",
            self.formula,
            f"{worked} = {shown}" if worked else "",
        )


def percent(part: int, whole: int) -> Decimal:
    """To a tenth, half to even."""
    return _rounded(Fraction(part * 100, whole), _TENTH)


def ratio(part: int, whole: int) -> Decimal:
    """To a hundredth, half to even."""
    return _rounded(Fraction(part, whole), _HUNDREDTH)


def share(amount: int, parts: Fraction | int, currency: str) -> int:
    """An amount divided, in whole minor units, half to even (rule 24)."""
    each = Fraction(amount) / parts
    exact = from_minor(1, currency) * each.numerator / each.denominator
    return to_minor(exact, currency)


def show(number: int | Decimal, unit: Unit, currency: str) -> str:
    """For people: `1,200`, `$50.00`, `3.3 %`, `2.40`, `5 h 20 min`."""
    match unit:
        case Unit.MONEY:
            return show_money(int(number), currency)
        case Unit.PERCENT:
            return f"{number:,} %"
        case Unit.SECONDS:
            return _duration(int(number))
        case _:
            return f"{number:,}"


def _duration(seconds: int) -> str:
    minutes = seconds // 60
    if minutes < 1:
        return "under a minute"
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else ""]
    return " ".join(part for part in [*parts, f"{minutes} min" if minutes else ""] if part)


def _rounded(exact: Fraction, to: Decimal) -> Decimal:
    scale = int(1 / to)
    whole = Decimal(round(exact * scale))  # of a fraction: exact, half to even
    return (whole / scale).quantize(to, rounding=ROUND_HALF_EVEN)
