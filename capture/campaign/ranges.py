"""The numbers that the words of a choice stand for: "51-200" is 51 to 200, "1001+" has no end.

A visitor chooses words and a criterion compares numbers; this is the one place that joins them.
"""

import re
from collections.abc import Callable

_GROUPING_SPACE = re.compile(r"(?<=[0-9])[\u00a0\u202f\u2009](?=[0-9]{3}(?![0-9]))")
_NUMBER = r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,12})"
_UNIT = r"(?: (?:employees|people|staff|persons|seats|users))?"
_DASH = r"(?:-|\u2010|\u2011|\u2012|\u2013|\u2014|\u2212| to )"

Range = tuple[int, int | None]

_FORMS: tuple[tuple[re.Pattern[str], Callable[[list[int]], Range]], ...] = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (_NUMBER + _UNIT, lambda n: (n[0], n[0])),
        (rf"{_NUMBER} ?{_DASH} ?{_NUMBER}{_UNIT}", lambda n: (n[0], n[1])),
        (rf"(?:between|from) {_NUMBER} (?:and|to) {_NUMBER}{_UNIT}", lambda n: (n[0], n[1])),
        (rf"{_NUMBER} ?\+{_UNIT}", lambda n: (n[0], None)),
        (rf"{_NUMBER}{_UNIT} (?:or|and) (?:more|over|above|up)", lambda n: (n[0], None)),
        (rf"(?:at least|from|>=|\u2265) ?{_NUMBER}{_UNIT}", lambda n: (n[0], None)),
        (rf"(?:more than|over|above|>) ?{_NUMBER}{_UNIT}", lambda n: (n[0] + 1, None)),
        (rf"{_NUMBER}{_UNIT} (?:or|and) (?:less|fewer|under|below)", lambda n: (0, n[0])),
        (rf"(?:up to|at most|no more than|<=|\u2264) ?{_NUMBER}{_UNIT}", lambda n: (0, n[0])),
        (rf"(?:under|below|less than|fewer than|<) ?{_NUMBER}{_UNIT}", lambda n: (0, n[0] - 1)),
    )
)


def number_range(text: str) -> Range | None:
    """First and last whole number that the words take, both included; no last one gives None.

    "51-200", "51 to 200", "1,001+", "under 50", "more than 1000" and "10" are numbers; other
    words, and ranges that hold no number, give None.
    """
    words = " ".join(_GROUPING_SPACE.sub(",", text).lower().split())
    for pattern, meaning in _FORMS:
        if found := pattern.fullmatch(words):
            low, high = meaning([int(group.replace(",", "")) for group in found.groups()])
            return (low, high) if high is None or low <= high else None
    return None
