"""The values of the desk's bar charts, which `_chart.html` draws as inline SVG."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, and the row of the chart's table with its figures."""

    label: str
    value: float
    part: float = 0
    """The part of the value that has a stronger colour."""
    shown: str = ""
    """The value as text, or the reason why there is none."""
