"""The values of the desk's bar charts, which `_chart.html` draws as inline SVG."""

from dataclasses import dataclass
from typing import Final

_MOST_LINES: Final = 4
"""Lines of a scale above zero."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, and the row of the chart's table with its figures."""

    label: str
    value: float
    part: float = 0
    """The part of the value that has a stronger colour."""
    shown: str = ""
    """The value as text, or the reason why there is none."""


def scale(highest: int) -> list[int]:
    """The numbers beside a chart of counts: round, in equal steps from zero up to `highest`."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if highest <= _MOST_LINES * step:
                return list(range(0, highest + 1, step))
        power *= 10
