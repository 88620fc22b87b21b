"""What was typed, made fit to keep: NFC, without control characters and stray spaces.

A text without a visible character is no answer. Controls, lone surrogates, direction overrides and
characters that XML forbids are left out of the answer: they come from pasting or from attacks,
never from a wish. The field shows the typed text again as it was.
"""

import re
import unicodedata
from typing import Final

from capture.text import trim_invisible

_SPACES: Final = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
_LINE_ENDS: Final = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_UNFIT: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls but tab and line ends
    "\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff"  # unseen, and overrides of direction
    "\ud800-\udfff\ufffe\uffff]"  # no characters at all
)
_MAX_COMBINING_MARKS: Final = 30


def cleaned_line(typed: str) -> str:
    """One line of text; a pasted tab or line end is a space."""
    if typed.isascii() and typed.isprintable():
        return typed.strip()
    text = _UNFIT.sub("", _SPACES.sub(" ", typed))
    return trim_invisible(_normal(text))


def cleaned_text(typed: str) -> str:
    """A text of several lines, each ended by a plain line feed."""
    text = _UNFIT.sub("", _LINE_ENDS.sub("\n", typed))
    return trim_invisible(_normal(text))


def _normal(text: str) -> str:
    """NFC, of no more than 30 marks on one letter (UAX #15, Stream-Safe Text Format).

    Normalising longer runs takes time quadratic in their length: 0.7 s for one body of 64 KiB.
    """
    if len(text) > _MAX_COMBINING_MARKS and not text.isascii():
        kept, marks = [], 0
        for character in text:
            marks = marks + 1 if unicodedata.combining(character) else 0
            if marks <= _MAX_COMBINING_MARKS:
                kept.append(character)
        text = "".join(kept)
    return unicodedata.normalize("NFC", text)


def displayable(typed: str) -> str:
    """The typed text as it can be sent to a browser: all of it, but for lone surrogates."""
    if typed.isascii():
        return typed
    return typed.encode("utf-8", "replace").decode("utf-8")


# What a field says to a visitor who has to mend an answer: it names the field and the mend.


_TRAILING: Final = re.compile(r"\s*(\((optional|required)\)|[:*])\s*$", re.IGNORECASE)
_OWNERS: Final = frozenset({"a", "an", "my", "our", "the", "your"})
_QUESTIONS: Final = frozenset(
    "are can do does have how i is what when where which who why will".split()  # noqa: SIM905 # reads
)
_MAX_PHRASE_LENGTH: Final = 50


def request_sentence(verb: str, label: str, rest: str = "") -> str:
    """A sentence that asks for the field, such as "Enter your work e-mail as name@company.com."

    A label that is a question or a long sentence stands by itself, before what is asked.
    """
    label = _TRAILING.sub("", label).strip() or label
    first = label.split(" ", 1)[0]
    ends = label.endswith(("?", ".", "!"))
    if ends or len(label) > _MAX_PHRASE_LENGTH or first.casefold() in _QUESTIONS:
        return (
            f"{label} {verb} an answer{rest}."
            if ends
            else f"{label}: {verb.lower()} an answer{rest}."
        )
    if first[1:].islower() or len(first) == 1:
        label = label[0].lower() + label[1:]
    return f"{verb} {label if first.casefold() in _OWNERS else f'your {label}'}{rest}."
