"""Finds control characters, which no page may contain.

They are errors in HTML, and XML 1.0 forbids most of them, so one of them breaks a feed for all its
readers. https://www.w3.org/TR/xml/#charsets, https://html.spec.whatwg.org/#preprocessing-the-input-stream
"""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyromark

from capture.campaign.problems import KeyPath
from publish.checks.edit import BREAK, Edit

CONTROL: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
"""All but tab and the two line breaks."""
_ENDLESS: Final = re.compile("&#[0-9]{1000,}")
_ENDLESS_PROBLEM: Final = "has `&#` with a number of more than 1,000 digits: delete it"
_REFERENCE: Final = re.compile(r"&#(?:x[0-9a-f]+|[0-9]+);?", re.IGNORECASE)
"""A character by its number, as HTML writes it. Browsers need no semicolon."""
_LAST_FORBIDDEN: Final = 0xFFFF
_SUBSTITUTE: Final = "\ufffd"


def control_problem(text: str) -> str:
    """The message about the first control character of a text; empty if it has none."""
    found = CONTROL.search(text)
    if not found:
        return _ENDLESS_PROBLEM if _ENDLESS.search(text) else ""
    windows = _in_windows(found[0])
    hint = f"write `{windows}`, for which Windows uses it" if windows else "delete it"
    return f"has the control character U+{ord(found[0]):04X}, which no page may contain: {hint}"


def _in_windows(character: str) -> str:
    """The letter for which Windows uses a control character; empty if for none."""
    try:
        return bytes([ord(character)]).decode("cp1252") if "\x80" <= character <= "\x9f" else ""
    except UnicodeDecodeError:
        return ""


def control_problems(text: str) -> Iterator[tuple[int, str, tuple[Edit, ...]]]:
    """Line, message and edits for each line with a control character. Lines are counted from 1."""
    if CONTROL.search(text) or _ENDLESS.search(text):
        for number, line in enumerate(BREAK.split(text), 1):
            if message := control_problem(line):
                found = CONTROL.finditer(line)
                edits = (Edit(number, one.start(), one[0], _in_windows(one[0])) for one in found)
                yield number, message, tuple(edits)


def control_problems_of_values(value: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """The key of each value of the front matter with a control character, and the message.

    YAML can write one as an escape, such as `"\\x07"`; and plain texts are made of HTML, so one may
    be a reference, such as `&#7;`.
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from control_problems_of_values(inner, (*path, str(key)))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from control_problems_of_values(inner, (*path, number))
    elif isinstance(value, str) and (message := control_problem(value)):
        yield path, message
    elif isinstance(value, str):
        is_markdown = path[:1] == ("faq",)
        find = control_references_outside_code if is_markdown else control_references
        for _, reference in find(value):
            yield path, f"has `{reference}`, {reference_problem(reference)}"


def without_control_characters(text: str) -> str:
    """The text with U+FFFD in place of each control character; as long as before."""
    return without_endless_references(CONTROL.sub(_SUBSTITUTE, text))


def without_endless_references(text: str) -> str:
    """The text with U+FFFD in place of numbers that Python's parser of HTML refuses to read."""
    return _ENDLESS.sub(lambda found: _SUBSTITUTE * len(found[0]), text)


def control_references(text: str) -> Iterator[tuple[int, str]]:
    """The line of each reference to a control character, such as `&#7;`, and itself.

    Lines are counted from 0.
    """
    for found in _REFERENCE.finditer(text):
        if _is_forbidden(found[0]):
            yield text.count("\n", 0, found.start()), found[0]


def _is_forbidden(reference: str) -> bool:
    """Whether it is a control character. Numbers that are no character become U+FFFD.

    HTML reads most numbers from 128 to 159 as letters of Windows; Markdown does not.
    """
    digits = reference.strip("&#;").lower()
    number = int(digits[1:], 16) if digits.startswith("x") else int(digits)
    return number <= _LAST_FORBIDDEN and CONTROL.match(chr(number)) is not None


def reference_problem(reference: str) -> str:
    """The message for a reference to a control character: the mistake, and how to fix it."""
    letter = meant_letter(reference)
    hint = f"write `{letter}`" if letter else "delete it"
    return f"a control character, which no page may contain: {hint}"


def meant_letter(reference: str) -> str:
    """The letter for which Windows uses the number of a reference; empty if for none."""
    letter = html.unescape(f"{reference.rstrip(';')};")
    return letter if letter.isprintable() and letter != _SUBSTITUTE else ""


def control_references_outside_code(markdown: str) -> Iterator[tuple[int, str]]:
    """`control_references` of a text in Markdown, without those that it shows as code."""
    if any(map(_is_forbidden, _REFERENCE.findall(markdown))):  # as in few texts
        yield from control_references(_without_code(markdown))


def _without_code(markdown: str) -> str:
    """The text with blanks in place of code, but with the first lines of its blocks."""
    content = bytearray(markdown.encode())
    is_in_block = False
    for event, place in pyromark.events_with_range(markdown):
        name, value = next(iter(event.items())) if isinstance(event, dict) else (event, None)
        if name in {"Start", "End"}:
            is_in_block = name == "Start" and isinstance(value, dict) and "CodeBlock" in value
        elif name == "Code" or (name == "Text" and is_in_block):
            span = slice(place["start"], place["end"])
            content[span] = re.sub(rb"[^\n]", b" ", content[span])
    return content.decode(errors="replace")
