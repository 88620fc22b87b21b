"""Suggestions for a name that does not exist: the known names with a similar spelling."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_CUTOFF: Final = 0.75
"""The least similarity, from 0 to 1, of a name that is suggested."""


@dataclass(frozen=True)
class NearName:
    """A suggestion for messages, and the name if it is the only one with a similar spelling."""

    hint: str
    only: str


def near_name(word: str, known: Iterable[str], fallback: str, prefix: str = "") -> NearName:
    """The hint is `; did you mean x?` for the most similar other name; else `fallback`."""
    others = dict.fromkeys(name for name in known if name != word)
    close = difflib.get_close_matches(word, others, n=2, cutoff=_CUTOFF)
    hint = f"; did you mean `{prefix}{close[0]}`?" if close else fallback
    return NearName(hint, close[0] if len(close) == 1 else "")
