"""Small functions on text: blank text, folded case, nouns, codes, durations, canonical JSON."""

import json
import re
import unicodedata
from datetime import timedelta
from typing import Any, Final

_MINUTE: Final = timedelta(minutes=1)
_LONGEST_WAIT_IN_SECONDS: Final = 90

# Letters and symbols that show nothing: Hangul fillers, the Braille blank, a musical null notehead;
# and the code points that Unicode reserves for invisible characters (Default_Ignorable_Code_Point).
_INVISIBLE: Final = re.compile(
    "[\u115f\u1160\u2065\u2800\u3164\uffa0\ufff0-\ufff8\U0001d159\U000e0000-\U000e0fff]"
)
_INVISIBLE_KINDS: Final = frozenset({"Cc", "Cf", "Cs", "Mc", "Me", "Mn", "Zl", "Zp", "Zs"})


def is_blank(text: str) -> bool:
    """Whether the text shows nothing: only spaces, controls, joiners, fillers or lone marks."""
    if text.isascii():
        return not text.strip() or all(ord(character) < ord("!") for character in text)
    return not any(
        unicodedata.category(character) not in _INVISIBLE_KINDS and not _INVISIBLE.match(character)
        for character in text
    )


def trim_invisible(text: str) -> str:
    """The text without surrounding spaces; "" if it is blank."""
    return "" if is_blank(text) else text.strip()


def fold_case(text: str) -> str:
    """The text in the form in which a search compares it: `Straße` and `STRASSE` are equal.

    Unicode's compatibility normal form (NFKC) with case folded.
    """
    if text.isascii():
        return text.lower()
    normal = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", normal)  # folding may leave another form


def count_noun(number: int, noun: str) -> str:
    """`1 lead`, `2 leads`, `1,000 leads`, of a noun with a regular plural."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def words_of_code(code: str) -> str:
    """A code as words: `too_small` is `too small`."""
    return code.replace("_", " ")


def duration_in_words(duration: timedelta) -> str:
    """The two largest units, rounded down: `1 day 23 hours`, `9 minutes`, `less than a minute`."""
    minutes = duration // _MINUTE
    if minutes < 1:
        return "less than a minute"
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    units = [(days, "day"), (hour, "hour"), (minute, "minute")]
    while not units[0][0]:
        units.pop(0)
    return " ".join(count_noun(number, unit) for number, unit in units[:2] if number)


def wait_in_words(seconds: int) -> str:
    """How long to wait: `1 second`, `90 seconds`, and above that in minutes, rounded up."""
    if seconds <= _LONGEST_WAIT_IN_SECONDS:
        return count_noun(seconds, "second")
    return count_noun(-(-seconds // 60), "minute")


# For our data (strings, integers, booleans, null, lists, objects) this is the form of RFC 8785:
# sorted keys, no white space, UTF-8.
_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


def canonical(value: Any) -> str:
    """The value as canonical JSON: equal values give equal text, to hash and to compare.

    Raises ValueError for NaN and infinity, TypeError for a value that JSON cannot hold.
    """
    return _encode(value)
