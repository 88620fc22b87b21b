"""The countries of the world: ISO 3166-1 codes and English names (Unicode CLDR, by Babel)."""

import unicodedata
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from babel import Locale

# CLDR also names these two-letter codes: groups, remote territories or test codes, not countries.
_NOT_COUNTRIES = frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ")
)


def _sort_key(entry: tuple[str, str]) -> str:
    """Sort key: Åland is sorted under A."""
    return unicodedata.normalize("NFKD", entry[1]).encode("ascii", "ignore").decode().casefold()


@cache
def countries() -> Mapping[str, str]:
    """Code to English name, sorted by name. Includes XK (Kosovo), which ISO has not assigned.

    Reading all names takes 30 ms, so it is done only when somebody asks.
    """
    names = (
        (code, name)
        for code, name in Locale.parse("en").territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    )
    return MappingProxyType(dict(sorted(names, key=_sort_key)))


def country_name(code: str) -> str:
    """The English name, or the code itself if it is unknown."""
    return countries().get(code.upper(), code)
