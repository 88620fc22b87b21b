"""The parts of a report, and its charts as self-contained SVG.

pygal adds a script, a style sheet, tooltips, links and a date to each SVG. These are removed. The
page's style sheet uses pygal's classes, so that charts follow light, dark and print. The same
numbers give the same bytes.
"""

import math
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import Element, tostring

import pygal
from markupsafe import Markup
from pygal.etree import etree
from pygal.style import Style


@dataclass(frozen=True, slots=True)
class Row:
    """A figure of the report: its text for the reported month and for the month before."""

    name: str
    value: str
    previous: str
    change: str
    formula: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under columns; the first cell of a row names it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty_text: str
    """The text that replaces the table if there are no rows."""


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
    is_horizontal: bool = False
    """One horizontal bar per label. Otherwise stacked vertical bars by month."""


@dataclass(frozen=True, slots=True)
class Report:
    """One month of one campaign, for the client. No costs of the agency, no personal data."""

    title: str
    subtitle: str
    client: str
    agency: str
    status: str
    """Whether the month is closed by a statement or still open."""
    sentences: tuple[str, ...]
    rows: tuple[Row, ...]
    charts: tuple[Chart, ...]
    posts: tuple[Table, ...]
    definitions: tuple[tuple[str, str], ...]
    campaign: str
    created_on: str


_UNUSED_TAGS: Final = frozenset({"defs", "desc", "title"})
_STYLE: Final = Style(font_family="inherit", label_font_size=14)
_WIDTH: Final = 460
_MAX_LABEL: Final = 24
"""Characters of a bar's label; the table has the complete text."""

etree.to_etree()  # never lxml, even if it is installed: the same output everywhere


def draw_chart(chart: Chart) -> Markup:
    """The chart as an inline `<svg>` element with title and description."""
    plot = _horizontal_bars(chart) if chart.is_horizontal else _stacked_bars(chart)
    for name, numbers in chart.series:
        plot.add(name, list(numbers[::-1] if chart.is_horizontal else numbers))
    root: Element = plot.render_tree()
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
        element = Element(tag, {"id": f"{chart.key}-{tag}"})
        element.text = text
        root.insert(0, element)
    return Markup(tostring(root, encoding="unicode"))  # noqa: S704 - the writer escapes all text


def _horizontal_bars(chart: Chart) -> Any:
    """Horizontal bars, the first at the top; each label contains its number."""
    plot = pygal.HorizontalBar(
        **_common_options(), height=40 * len(chart.labels) + 16, show_x_labels=False
    )
    ((_, numbers),) = chart.series
    labels = [
        f"{_short_label(label)}: {number:,}"
        for label, number in zip(chart.labels, numbers, strict=True)
    ]
    plot.x_labels = labels[::-1]
    return plot


def _stacked_bars(chart: Chart) -> Any:
    plot = pygal.StackedBar(**_common_options(), height=280)
    plot.x_labels = chart.labels
    columns = zip(*(numbers for _, numbers in chart.series), strict=True)
    plot.y_labels = _scale(max((sum(parts) for parts in columns), default=0))
    return plot


def _short_label(label: str) -> str:
    return label if len(label) <= _MAX_LABEL else f"{label[: _MAX_LABEL - 1]}…"


def _scale(highest: int) -> list[int]:
    """Whole numbers from 0 to beyond the tallest bar, in about five steps."""
    step = max(1, math.ceil(highest / 5))
    if step > 5:
        step = math.ceil(step / 5) * 5
    return list(range(0, highest + step, step))


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
        if not isinstance(child.tag, str) or child.tag in _UNUSED_TAGS or _is_tooltip(child):
            parent.remove(child)
        else:
            _strip(child)


def _is_tooltip(child: Element) -> bool:
    return "tooltip-overlay" in child.attrib.get("class", "")
