"""Finds what is nested more deeply than the page shows."""

from collections.abc import Iterator
from typing import Final

from publish.checks.commonmark import MAX_DEPTH, Blocks, Event
from publish.checks.outline_parts import TextProblem

_MESSAGE: Final = (
    f"more than {MAX_DEPTH} lists, quotes or marks of emphasis are around this: the page shows the "
    "inner ones as one, so put fewer inside each other"
)


def nesting_problems(blocks: Blocks, first_line: int) -> Iterator[TextProblem]:
    """The problem of a text whose first line is `first_line`, if it is nested too deeply."""
    deep = _first_deep_part(blocks.events)
    if deep is not None:
        line = first_line + blocks.text.encode().count(b"\n", 0, deep)
        yield TextProblem(line, _MESSAGE)


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
