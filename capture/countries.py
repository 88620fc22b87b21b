"""The countries of the world: ISO 3166-1 codes and English names (Unicode CLDR, by Babel)."""

import unicodedata

from babel import Locale

# CLDR names these two-letter codes too; they are groups, outposts or tests, not ISO countries.
_NOT_COUNTRIES = frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ")
)


def _by_name(entry: tuple[str, str]) -> str:
    """Åland goes with A: people look there."""
    return unicodedata.normalize("NFKD", entry[1]).encode("ascii", "ignore").decode().casefold()


COUNTRIES: dict[str, str] = dict(
    sorted(
        (
            (code, name)
            for code, name in Locale.parse("en").territories.items()
            if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
        ),
        key=_by_name,
    )
)
"""Code to English name, in the order of the names. XK (Kosovo) is here: people live there."""


def country_name(code: str) -> str:
    """The English name, or the code itself where it is none of ours."""
    return COUNTRIES.get(code.upper(), code)
