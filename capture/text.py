"""Texts that look empty though characters stand in them."""

import json
import re
import unicodedata
from typing import Any, Final

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


def trim_invisible(text: str) -> str:
    """The text without spaces around it; empty if a reader would see nothing."""
    return "" if is_blank(text) else text.strip()


# Numbers with their noun, as people read them.


def count_noun(number: int, one: str, many: str = "") -> str:
    """`1 lead`, `2 leads`, `1,000 leads`; `many` where the plural is more than an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


# Canonical JSON: one text for one value, always the same, so that it can be hashed and compared.
#
# Sorted keys, no white space, UTF-8 and no floats: for our data (strings, integers, booleans,
# null, lists, objects) that is the form of RFC 8785.


_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


def canonical(value: Any) -> str:
    """The value's text. Raises ValueError for a float that is no number, TypeError for others."""
    return _encode(value)
