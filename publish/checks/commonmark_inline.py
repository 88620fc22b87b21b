"""How the text of a paragraph, heading or table cell is read, by `check` and by the page alike."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pyromark

from publish.checks.commonmark import Event, FindReference, split_event

_INLINE_OPTIONS: Final = pyromark.Options.ENABLE_FOOTNOTES | pyromark.Options.ENABLE_STRIKETHROUGH
_LEAD: Final = ". "
"""Put before a text, so that it is a paragraph whatever it begins with."""
_BACKSLASH: Final = ord("\\")
_NEXT_LINE: Final = "\n    "
"""A line that is indented by four blanks continues its paragraph, whatever it begins with."""


_FOOTNOTE: Final = re.compile(r"(?<!\\)\[\^[^\[\]\s\\]+\](?![(\[])")
_HIDDEN_MARKS: Final = dict(zip(map(ord, "*_~"), "\ufdd0\ufdd1\ufdd2", strict=True))
"""Marks in labels of footnotes, which are no emphasis, by characters that no text has."""
_SHOWN_MARKS: Final = {ord(hidden): chr(mark) for mark, hidden in _HIDDEN_MARKS.items()}


def read_inline(text: str, find_reference: FindReference) -> Iterator[tuple[Any, str]]:
    """The events of a text without blank lines, each with its source."""
    hidden = text
    if "[^" in text:
        hidden = _FOOTNOTE.sub(lambda mark: mark[0].translate(_HIDDEN_MARKS), text)
    events = _read_inline(hidden, find_reference)
    if hidden == text:
        yield from events
        return
    for event, source in events:
        kind, name, data = split_event(event)
        shown = {name: data.translate(_SHOWN_MARKS)} if name in {"Text", "Code"} else event
        if kind == "Start" and name in {"Link", "Image"}:
            address, title = (data[key].translate(_SHOWN_MARKS) for key in ("dest_url", "title"))
            shown = {kind: {name: {**data, "dest_url": address, "title": title}}}
        yield shown, source.translate(_SHOWN_MARKS)


def _read_inline(text: str, find_reference: FindReference) -> Iterator[tuple[Any, str]]:
    source = f"{_LEAD}{text}".replace("\n", _NEXT_LINE)
    raw = source.encode()
    is_ascii = len(raw) == len(source)
    events: Iterator[Event] = pyromark.events_with_range(
        source,
        options=_INLINE_OPTIONS,
        broken_link_callback=lambda link: find_reference(link["reference"]),
    )
    done = 0  # where the last event ends, or begins if it has others inside
    for event, place in events:
        start, end = place["start"], place["end"]
        is_text = isinstance(event, dict) and "Text" in event
        is_escaped = is_text and done < start and raw[start - 1] == _BACKSLASH
        done = start if isinstance(event, dict) and "Start" in event else end
        if start < len(_LEAD):  # the paragraph itself, or its first words
            if is_text and len(event["Text"]) > len(_LEAD):
                words = event["Text"][len(_LEAD) :]
                yield {"Text": words}, words
            continue
        start -= is_escaped
        piece = source[start:end] if is_ascii else raw[start:end].decode()
        yield event, piece.replace(_NEXT_LINE, "\n")


def code_text(source: str) -> str:
    """The text of a code span."""
    ticks = len(source) - len(source.lstrip("`"))
    text = source[ticks:-ticks].replace("\n", " ")
    has_blanks = text.startswith(" ") and text.endswith(" ") and bool(text.strip(" "))
    return text[1:-1] if has_blanks else text
