"""The words of titles and tags, as far as readers tell them apart."""

import re
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_STOP_WORDS: Final = frozenset(
    _WORD.findall(
        "a an and are as at be by for from how in is it its of on or that the this to what when "
        "where which who why will with you your"
    )
)
_NO_PLURALS: Final = frozenset({"means", "news", "sales", "series"})


def key_words(title: str) -> frozenset[str]:
    """The words that make a title different from others; all if it has only common ones."""
    words = frozenset(map(stem_of, words_of(title)))
    return (words - _STOP_WORDS) or words


def words_of(text: str) -> list[str]:
    """The words of a text, in small letters."""
    return [word.casefold() for word in _WORD.findall(text)]


def stem_of(word: str) -> str:
    """The word without the common endings of an English plural."""
    if word in _NO_PLURALS:
        return word
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
