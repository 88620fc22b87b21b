"""Suggestions for a name that does not exist: the known names with a similar spelling."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

_CUTOFF: Final = 0.75
"""The least similarity, from 0 to 1, of a name that is suggested, and of the ends of two paths."""
_MOST: Final = 10
"""Similar names whose last parts are compared too."""


@dataclass(frozen=True)
class NearName:
    """A suggestion for messages, and the name if it is the only one with a similar spelling."""

    hint: str
    only: str


def near_name(word: str, known: Iterable[str], fallback: str, prefix: str = "") -> NearName:
    """The hint is `; did you mean x?` for the most similar other name; else `fallback`."""
    others = dict.fromkeys(name for name in known if name != word)
    similar = difflib.get_close_matches(word, others, n=_MOST, cutoff=_CUTOFF)
    # Two paths in one long folder are similar whatever their last parts are.
    close = [name for name in similar if _have_similar_ends(word, name)]
    hint = f"; did you mean `{prefix}{close[0]}`?" if close else fallback
    return NearName(hint, close[0] if len(close) == 1 else "")


def _have_similar_ends(one: str, other: str) -> bool:
    ends = PurePosixPath(one).name, PurePosixPath(other).name
    return difflib.SequenceMatcher(None, *ends).ratio() >= _CUTOFF
