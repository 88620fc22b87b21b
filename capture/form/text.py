"""Cleans typed text (NFC, no control characters, no extra spaces) and builds field messages.

Text without a visible character is empty. Control characters, lone surrogates, direction overrides
and characters that XML forbids are removed: they come from pasting or from attacks. The field still
shows the typed text unchanged.
"""

import re
import unicodedata
from typing import Final

from capture.text import trim_invisible

_SPACES: Final = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
_LINE_ENDS: Final = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_NOT_STORED: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls except tab and line ends
    "\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff"  # invisible characters and direction overrides
    "\ud800-\udfff\ufffe\uffff]"  # surrogates and noncharacters
)
_MAX_COMBINING_MARKS: Final = 30


def cleaned_line(typed: str) -> str:
    """Cleans one line of text; a tab or line end becomes a space."""
    if typed.isascii() and typed.isprintable():
        return typed.strip()
    text = _NOT_STORED.sub("", _SPACES.sub(" ", typed))
    return trim_invisible(_normalize(text))


def cleaned_text(typed: str) -> str:
    """Cleans text of several lines; every line end becomes a line feed."""
    text = _NOT_STORED.sub("", _LINE_ENDS.sub("\n", typed))
    return trim_invisible(_normalize(text))


def _normalize(text: str) -> str:
    """NFC with at most 30 combining marks on a letter (UAX #15, Stream-Safe Text Format).

    Without the limit the time is quadratic in the number of marks: 0.7 s for 64 KiB.
    """
    if len(text) > _MAX_COMBINING_MARKS and not text.isascii():
        characters, marks = [], 0
        for character in text:
            marks = marks + 1 if unicodedata.combining(character) else 0
            if marks <= _MAX_COMBINING_MARKS:
                characters.append(character)
        text = "".join(characters)
    return unicodedata.normalize("NFC", text)


def displayable(typed: str) -> str:
    """The typed text with lone surrogates replaced, so that it can be encoded as UTF-8."""
    if typed.isascii():
        return typed
    return typed.encode("utf-8", "replace").decode("utf-8")


# Messages: a sentence that asks the visitor for a field.

_LABEL_ENDING: Final = re.compile(r"\s*(\((optional|required)\)|[:*])\s*$", re.IGNORECASE)
_DETERMINERS: Final = frozenset({"a", "an", "my", "our", "the", "your"})
_QUESTION_WORDS: Final = frozenset(
    "are can do does have how i is what when where which who why will".split()  # noqa: SIM905 # reads
)
_MAX_PHRASE_LENGTH: Final = 50


def request_sentence(verb: str, label: str, rest: str = "") -> str:
    """A sentence such as "Enter your work e-mail as name@company.com."

    If the label is a question or long, it comes first: "What you need: enter an answer."
    """
    label = _LABEL_ENDING.sub("", label).strip() or label
    first = label.split(" ", 1)[0]
    is_sentence = label.endswith(("?", ".", "!"))
    if is_sentence or len(label) > _MAX_PHRASE_LENGTH or first.casefold() in _QUESTION_WORDS:
        return (
            f"{label} {verb} an answer{rest}."
            if is_sentence
            else f"{label}: {verb.lower()} an answer{rest}."
        )
    if first[1:].islower() or len(first) == 1:
        label = label[0].lower() + label[1:]
    return f"{verb} {label if first.casefold() in _DETERMINERS else f'your {label}'}{rest}."
