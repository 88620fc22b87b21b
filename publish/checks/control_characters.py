"""Finds control characters, which no page may contain.

They are errors in HTML, and XML 1.0 forbids most of them, so one of them breaks a feed for all its
readers. https://www.w3.org/TR/xml/#charsets, https://html.spec.whatwg.org/#preprocessing-the-input-stream
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyromark

from capture.campaign.problems import KeyPath

CONTROL: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
"""All but tab and the two line breaks."""
_REFERENCE: Final = re.compile(
    r"&#(?:x0*(?:[0-8bcef]|1[0-9a-f]|7f)|0*(?:[0-8]|1[124-9]|2\d|3[01]|127));", re.IGNORECASE
)
"""A control character as HTML writes it; browsers read 128 to 159 as letters of Windows."""
_SUBSTITUTE: Final = "\ufffd"


def control_problem(text: str) -> str:
    """The message about the first control character of a text; empty if it has none."""
    found = CONTROL.search(text)
    if not found:
        return ""
    code = ord(found[0])
    try:
        windows = bytes([code]).decode("cp1252") if 0x80 <= code <= 0x9F else ""
    except UnicodeDecodeError:
        windows = ""
    hint = f"write `{windows}`, for which Windows uses it" if windows else "delete it"
    return f"has the control character U+{code:04X}, which no page may contain: {hint}"


def control_problems(text: str) -> Iterator[tuple[int, str]]:
    """The line of each line with a control character, counted from 1, and the message."""
    if CONTROL.search(text):
        for number, line in enumerate(re.split("\r\n|\r|\n", text), 1):
            if message := control_problem(line):
                yield number, message


def control_problems_of_values(value: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """The key of each value of the front matter with a control character, and the message.

    YAML can write one as an escape, such as `"\\x07"`.
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from control_problems_of_values(inner, (*path, str(key)))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from control_problems_of_values(inner, (*path, number))
    elif isinstance(value, str) and (message := control_problem(value)):
        yield path, message


def without_control_characters(text: str) -> str:
    """The text with U+FFFD in place of each control character."""
    return CONTROL.sub(_SUBSTITUTE, text)


def control_references(markdown: str) -> Iterator[tuple[int, str]]:
    """The line of each reference to a control character, such as `&#7;`, outside code, and itself.

    Lines are counted from 0.
    """
    if not _REFERENCE.search(markdown):  # as in nearly every text
        return
    content = markdown.encode()
    code = bytearray(content)
    for event, place in pyromark.events_with_range(markdown):
        if _is_code(event):
            span = slice(place["start"], place["end"])
            code[span] = re.sub(rb"[^\n]", b" ", content[span])
    prose = code.decode(errors="replace")
    for found in _REFERENCE.finditer(prose):
        yield prose.count("\n", 0, found.start()), found[0]


def _is_code(event: Any) -> bool:
    start = event.get("Start") if isinstance(event, dict) else None
    return isinstance(event, dict) and ("Code" in event or "CodeBlock" in (start or ()))
