"""How the text of a paragraph, heading or table cell is read, by `check` and by the page alike."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pyromark

from publish.checks.commonmark import (
    FOOTNOTE_LABEL,
    Event,
    FindReference,
    split_event,
)
from publish.checks.math import hide_marks, show_marks

_INLINE_OPTIONS: Final = pyromark.Options.ENABLE_FOOTNOTES | pyromark.Options.ENABLE_STRIKETHROUGH
_LEAD: Final = ". "
"""Put before a text, so that it is a paragraph whatever it begins with."""
_BACKSLASH: Final = ord("\\")
_NEXT_LINE: Final = "\n    "
"""A line that is indented by four blanks continues its paragraph, whatever it begins with."""
_CODE_OR_LABEL: Final = re.compile(
    r"\\.|(?P<ticks>`+)(?!`)(?:.*?[^`])??(?P=ticks)(?!`)|`+"
    rf"|\[\^(?P<label>{FOOTNOTE_LABEL})\](?![(\[])",
    re.DOTALL,
)
"""Brackets in code, and escaped ones, are no label."""


def read_inline(text: str, find_reference: FindReference) -> Iterator[tuple[Any, str]]:
    """The events of a text without blank lines, each with its source.

    Marks in the label of `[^label]` are hidden: it is words.
    """
    hidden = _CODE_OR_LABEL.sub(_hide_label, text) if "[^" in text else text
    events = _read_inline(hidden, find_reference)
    if hidden == text:
        yield from events
        return
    for event, source in events:
        kind, name, data = split_event(event)
        shown = event
        if name == "Code":
            shown = {name: show_marks(data)}
        elif kind == "Start" and name in {"Link", "Image"}:
            address, title = (show_marks(data[key]) for key in ("dest_url", "title"))
            shown = {kind: {name: {**data, "dest_url": address, "title": title}}}
        yield shown, source if name == "Text" else show_marks(source)


def _hide_label(found: re.Match[str]) -> str:
    return f"[^{hide_marks(found['label'])}]" if found["label"] else found[0]


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
