"""The parts of a report, and its charts as self-contained SVG.

pygal adds a script, a style sheet, tooltips, links and a date to each SVG. These are removed. The
page's style sheet uses pygal's classes, so that charts follow light, dark and print. The same
numbers give the same bytes.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import Element, tostring

import pygal
from markupsafe import Markup
from pygal.etree import etree
from pygal.style import Style


@dataclass(frozen=True, slots=True)
class Row:
    """A figure in this month and in the month before."""

    name: str
    now: str
    before: str
    change: str
    formula: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under columns; the first cell of a row names it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    none: str
    """The text shown if there are no rows."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its description, and the same numbers as a table."""

    key: str
    """Prefix of the ids in the page."""
    title: str
    description: str
    """Text for screen readers."""
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[int, ...]], ...]
    table: Table
    sideways: bool = False
    """Horizontal bars, for a few named things. Otherwise stacked vertical bars by month."""


@dataclass(frozen=True, slots=True)
class Report:
    """One month of one campaign, for the client. No costs of the agency, no personal data."""

    title: str
    subtitle: str
    client: str
    agency: str
    standing: str
    """Whether the month is closed by a statement or still open."""
    sentences: tuple[str, ...]
    rows: tuple[Row, ...]
    charts: tuple[Chart, ...]
    posts: tuple[Table, ...]
    words: tuple[tuple[str, str], ...]
    campaign: str
    made_on: str


_DROPPED: Final = frozenset({"defs", "desc", "title"})
_STYLE: Final = Style(font_family="inherit", label_font_size=14)
_WIDTH: Final = 460
_LONGEST: Final = 24
"""Most characters of a bar's label; the table has the complete one."""

etree.to_etree()  # never lxml, even if it is installed: the same output everywhere


def draw_chart(chart: Chart) -> Markup:
    """The chart as an inline `<svg>` element with title and description."""
    drawn = _sideways(chart) if chart.sideways else _upright(chart)
    for name, numbers in chart.series:
        drawn.add(name, list(numbers[::-1] if chart.sideways else numbers))
    root: Element = drawn.render_tree()
    _strip(root)
    size = root.attrib["viewBox"]
    root.attrib.clear()
    root.attrib |= {
        "class": "chart",
        "viewBox": size,
        "role": "img",
        "aria-labelledby": f"{chart.key}-title {chart.key}-desc",
    }
    for tag, text in (("desc", chart.description), ("title", chart.title)):
        message = Element(tag, {"id": f"{chart.key}-{tag}"})
        message.text = text
        root.insert(0, message)
    return Markup(tostring(root, encoding="unicode"))  # noqa: S704 - the writer escapes all text


def _sideways(chart: Chart) -> Any:
    """Horizontal bars, the first on top; each label has its number."""
    drawn = pygal.HorizontalBar(
        **_common_options(), height=40 * len(chart.labels) + 16, show_x_labels=False
    )
    ((_, numbers),) = chart.series
    messages = [
        f"{_short(label)}: {number:,}" for label, number in zip(chart.labels, numbers, strict=True)
    ]
    drawn.x_labels = messages[::-1]
    return drawn


def _upright(chart: Chart) -> Any:
    drawn = pygal.StackedBar(**_common_options(), height=280)
    drawn.x_labels = chart.labels
    drawn.y_labels = _scale(
        max((sum(parts) for parts in zip(*_numbers(chart), strict=True)), default=0)
    )
    return drawn


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"


def _numbers(chart: Chart) -> Iterator[tuple[int, ...]]:
    return (numbers for _, numbers in chart.series)


def _scale(most: int) -> list[int]:
    """Whole numbers from 0 to beyond the tallest bar, in about five steps."""
    step = max(1, math.ceil(most / 5))
    if step > 5:
        step = math.ceil(step / 5) * 5
    return list(range(0, most + step, step))


def _common_options() -> dict[str, Any]:
    return {
        "width": _WIDTH,
        "js": [],
        "style": _STYLE,
        "show_legend": False,
        "margin": 8,
        "rounded_bars": 2,
        "disable_xml_declaration": True,
        "value_formatter": lambda number: f"{number:,.0f}",
    }


def _strip(parent: Element) -> None:
    """Removes everything but shapes and their labels."""
    for child in list(parent):
        if not isinstance(child.tag, str) or child.tag in _DROPPED or _is_tooltip(child):
            parent.remove(child)
        else:
            _strip(child)


def _is_tooltip(child: Element) -> bool:
    return "tooltip-overlay" in child.attrib.get("class", "")
