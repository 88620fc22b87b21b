"""Suggestions for a name that does not exist: the known names with a similar spelling."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final

_CUTOFF: Final = 0.75
"""The least similarity, from 0 to 1, of a name that is suggested, and of the ends of two paths."""
_MOST: Final = 10
"""Similar names whose last parts are compared too."""
_LONG_WORD: Final = 8
"""The letters of a word in which two typing errors are likely."""
_DIGITS: Final = re.compile(r"\d+")
_WORD: Final = re.compile(r"[^\W_]+")
_TYPO_LENGTH: Final = 3
"""Letters of the shortest word in which one wrong letter is a mistake: `b` is no wrong `a`."""


@dataclass(frozen=True)
class NearName:
    """A suggestion for messages, and the name if it is the only one with a similar spelling."""

    hint: str
    only: str
    """Empty too if the numbers in it differ: `report-2024` is no misspelling of `report-2025`."""
    word: str = ""

    @property
    def sure(self) -> str:
        """The only name, if its letters are the same or one in one of its words differs."""
        words, others = (_WORD.findall(_plain(name)) for name in (self.word, self.only))
        if not self.only or "".join(words) == "".join(others):
            return self.only
        wrong = [pair for pair in zip(words, others, strict=False) if pair[0] != pair[1]]
        is_typo = (
            len(words) == len(others)
            and len(wrong) == 1
            and max(map(len, wrong[0])) >= _TYPO_LENGTH
            and _errors(*wrong[0]) <= 1
        )
        return self.only if is_typo else ""

    @property
    def typo_of(self) -> str:
        """The only name if it differs by one letter, in long words by two; else empty."""
        allowed = 1 if len(self.word) < _LONG_WORD else 2
        is_typo = self.only and _errors(_plain(self.word), _plain(self.only)) <= allowed
        return self.only if is_typo else ""


# Importing rapidfuzz takes 20 ms, which a project without mistakes does not need.


def _errors(word: str, other: str) -> int:
    """The letters that are wrong, missing, too many or exchanged."""
    from rapidfuzz.distance import OSA  # noqa: PLC0415

    return OSA.distance(word, other)


def _similarity(word: str, other: str) -> float:
    """From 0 to 1."""
    from rapidfuzz.distance import Indel  # noqa: PLC0415

    return Indel.normalized_similarity(word, other)


def near_name(word: str, known: Iterable[str], fallback: str, prefix: str = "") -> NearName:
    """The hint is `; did you mean x?` for the most similar other name; else `fallback`.

    Capital letters and Unicode forms count as equal.
    """
    names = {name: _plain(name) for name in known}
    names.pop(word, None)
    wanted = _plain(word)
    close = [name for name, plain in names.items() if plain == wanted] or _similar(wanted, names)
    if not close:
        return NearName(fallback, "")
    hint = f"; did you mean `{prefix}{close[0]}`?{_invisible_difference(word, close[0])}"
    is_sure = len(close) == 1 and _DIGITS.findall(word) == _DIGITS.findall(close[0])
    return NearName(hint, close[0] if is_sure else "", word)


def _similar(word: str, names: Mapping[str, str]) -> list[str]:
    """The names whose plain form is similar, the most similar first."""
    from rapidfuzz.distance import Indel  # noqa: PLC0415
    from rapidfuzz.process import extract  # noqa: PLC0415

    similar = extract(
        word,
        names,
        scorer=Indel.normalized_similarity,
        score_cutoff=_CUTOFF,
        limit=_MOST,
    )
    # Two paths in one long folder are similar whatever their last parts are.
    return [name for plain, _, name in similar if _have_similar_ends(word, plain)]


@lru_cache(maxsize=10_000)
def _plain(name: str) -> str:
    """The name without what readers hardly see: capital letters and Unicode forms."""
    return unicodedata.normalize("NFC", name).casefold()


def _have_similar_ends(one: str, other: str) -> bool:
    ends = PurePosixPath(one).name, PurePosixPath(other).name
    return _similarity(*ends) >= _CUTOFF


def _invisible_difference(word: str, name: str) -> str:
    """What differs in two names that look alike; empty if they do not."""
    composed, other = (unicodedata.normalize("NFC", text) for text in (word, name))
    if composed == other:
        return " It has the same letters in another Unicode form: copy it from there"
    if len(composed) != len(other):
        return ""
    for letter, expected in zip(composed, other, strict=True):
        scripts = {unicodedata.name(sign, "").split(" ")[0] for sign in (letter, expected)}
        if letter.isalpha() and expected.isalpha() and len(scripts) > 1:
            return f" Its `{letter}` is {unicodedata.name(letter)}"
    return ""
