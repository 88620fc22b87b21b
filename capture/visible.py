"""Texts that look empty though characters stand in them."""

import re
import unicodedata
from typing import Final

# Letters and signs without ink: the fillers of Hangul, the blank of Braille, a note without a head;
# and what Unicode keeps free for characters that are never drawn (Default_Ignorable_Code_Point).
_NO_INK: Final = re.compile(
    "[\u115f\u1160\u2065\u2800\u3164\uffa0\ufff0-\ufff8\U0001d159\U000e0000-\U000e0fff]"
)
_SHOW_NOTHING_ALONE: Final = frozenset({"Cc", "Cf", "Cs", "Mc", "Me", "Mn", "Zl", "Zp", "Zs"})


def is_blank(text: str) -> bool:
    """Whether a reader would see nothing: spaces, controls, joiners, fillers, lone marks."""
    if text.isascii():
        return not text.strip() or all(ord(character) < ord("!") for character in text)
    return not any(
        unicodedata.category(character) not in _SHOW_NOTHING_ALONE and not _NO_INK.match(character)
        for character in text
    )


def trimmed(text: str) -> str:
    """The text without spaces around it; empty if a reader would see nothing."""
    return "" if is_blank(text) else text.strip()
