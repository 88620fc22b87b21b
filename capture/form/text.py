"""What was typed, made fit to keep: NFC, without control characters and stray spaces.

A text without a visible character is no answer. Controls, lone surrogates, direction overrides and
characters that XML forbids are left out of the answer: they come from pasting or from attacks,
never from a wish. The field shows the typed text again as it was.
"""

import re
import unicodedata
from typing import Final

from capture.visible import trimmed

_SPACES: Final = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
_LINE_ENDS: Final = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_UNFIT: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls but tab and line ends
    "\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff"  # unseen, and overrides of direction
    "\ud800-\udfff\ufffe\uffff]"  # no characters at all
)
_MOST_MARKS: Final = 30


def cleaned_line(typed: str) -> str:
    """One line of text; a pasted tab or line end is a space."""
    if typed.isascii() and typed.isprintable():
        return typed.strip()
    text = _UNFIT.sub("", _SPACES.sub(" ", typed))
    return trimmed(_normal(text))


def cleaned_text(typed: str) -> str:
    """A text of several lines, each ended by a plain line feed."""
    text = _UNFIT.sub("", _LINE_ENDS.sub("\n", typed))
    return trimmed(_normal(text))


def _normal(text: str) -> str:
    """NFC, of no more than 30 marks on one letter (UAX #15, Stream-Safe Text Format).

    Normalising longer runs takes time quadratic in their length: 0.7 s for one body of 64 KiB.
    """
    if len(text) > _MOST_MARKS and not text.isascii():
        kept, marks = [], 0
        for character in text:
            marks = marks + 1 if unicodedata.combining(character) else 0
            if marks <= _MOST_MARKS:
                kept.append(character)
        text = "".join(kept)
    return unicodedata.normalize("NFC", text)


def showable(typed: str) -> str:
    """The typed text as it can be sent to a browser: all of it, but for lone surrogates."""
    if typed.isascii():
        return typed
    return typed.encode("utf-8", "replace").decode("utf-8")
