"""Counts how each criterion came out, then and now."""

from collections import Counter
from collections.abc import Callable, Iterable

from capture.backtest.comparing import NOT_ASKED, NOT_OFFERED, Compared
from capture.backtest.findings import CriterionCount
from capture.campaign import Campaign

_Row = tuple[str, str | None, str | None]
"""A criterion's id, its rule then and its rule now."""
_Came = tuple[bool | None, bool | None, str]
"""Met then, met now, and what does not fit."""


class CriteriaTally:
    """Adds up outcomes. It grows with the wordings that there were, never with the leads."""

    def __init__(self, draft: Campaign) -> None:
        self._places = {name: place for place, name in enumerate(draft.criteria)}
        self._seen: dict[_Row, Counter[_Came]] = {}

    def add(self, outcomes: Iterable[Compared]) -> None:
        """Counts the criteria of one lead."""
        for one in outcomes:
            row = one.id, one.rule_then, one.rule_now
            counts = self._seen.get(row)
            if counts is None:
                counts = self._seen[row] = Counter()
            counts[one.met_then, one.met_now, one.flaw] += 1

    def counts(self) -> list[CriterionCount]:
        """In the draft's order, then what it no longer asks, each in the order of first use."""
        rows = sorted(
            self._seen.items(), key=lambda row: self._places.get(row[0][0], len(self._places))
        )
        return [_counted(row, counts) for row, counts in rows]


def _counted(row: _Row, counts: Counter[_Came]) -> CriterionCount:
    def leads(which: Callable[[_Came], bool]) -> int:
        return sum(number for came, number in counts.items() if which(came))

    name, then, now = row
    both = then is not None and now is not None
    return CriterionCount(
        id=name,
        rule_then=then,
        rule_now=now,
        leads=counts.total(),
        met_then=leads(lambda came: came[0] is True) if then is not None else None,
        met_now=leads(lambda came: came[1] is True) if now is not None else None,
        no_longer_met=leads(lambda came: came[:2] == (True, False)) if both else None,
        newly_met=leads(lambda came: came[:2] == (False, True)) if both else None,
        not_asked=leads(lambda came: came[2] == NOT_ASKED),
        not_offered=leads(lambda came: came[2] == NOT_OFFERED),
    )
