"""Finds what is nested more deeply than the page shows."""

from collections.abc import Iterator
from typing import Final

from publish.checks.commonmark import MAX_DEPTH, Blocks, Event, split_event
from publish.checks.cuts import MAX_ELEMENTS
from publish.checks.markdown_in_html import MARKDOWN_ELEMENT
from publish.checks.notes import Syntax
from publish.checks.outline_parts import TextProblem

_MESSAGE: Final = (
    f"more than {MAX_DEPTH} lists, quotes or marks of emphasis are around this: the page shows the "
    "inner ones as one, so put fewer inside each other"
)


_ELEMENTS: Final = (
    f"more than {MAX_ELEMENTS} elements with Markdown are inside each other: the page takes "
    "them for plain HTML, so put fewer inside each other"
)


def nesting_problems(blocks: Blocks, first_line: int, syntax: Syntax) -> Iterator[TextProblem]:
    """The problems of a text whose first line is `first_line`, if it is nested too deeply."""
    source = blocks.text.encode()
    deep = _first_deep_part(blocks.events)
    if deep is not None:
        yield TextProblem(first_line + source.count(b"\n", 0, deep), _MESSAGE)
    if syntax.has_markdown_in_html and "markdown" in blocks.text:
        element = _first_raw_element(source, blocks.events)
        if element is not None:
            yield TextProblem(first_line + source.count(b"\n", 0, element), _ELEMENTS)


def _first_raw_element(source: bytes, events: list[Event]) -> int | None:
    """The offset in bytes of the first element with Markdown that stayed raw HTML."""
    for event, place in events:
        if split_event(event)[:2] == ("Start", "HtmlBlock"):
            html = source[place["start"] : place["end"]].decode()
            if MARKDOWN_ELEMENT.match(html.lstrip()):
                return int(place["start"])
    return None


def _first_deep_part(events: list[Event]) -> int | None:
    """The offset in bytes of the first part that more than `MAX_DEPTH` others are around."""
    if len(events) <= 2 * MAX_DEPTH:  # nearly every text
        return None
    depth = 0
    for event, place in events:
        if isinstance(event, dict):
            depth += ("Start" in event) - ("End" in event)
            if depth > MAX_DEPTH:
                return int(place["start"])
    return None
