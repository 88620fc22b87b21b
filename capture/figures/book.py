"""Sums by currency and group, while leads are walked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from capture.figures.grouping import GROUPINGS, MOST_GROUPS, OTHERS, By
from capture.metrics import Sums


@dataclass(frozen=True, slots=True)
class CurrencyFigures:
    """All that was counted of the campaigns of one currency."""

    currency: str
    campaigns: Sequence[str]
    whole: Sums
    groupings: Mapping[str, Mapping[str, Sums]]
    """By what is grouped, then by the group's name, in order of first use."""


class Book:
    """The sums of one currency. What is added to a group is added to the whole."""

    def __init__(self, currency: str, by: By | None, *, whole_months: bool, no_costs: str) -> None:
        self._currency = currency
        self._whole_months = whole_months
        self._no_costs = no_costs
        self.whole = self._new()
        self.groupings: dict[str, dict[str, Sums]] = {name: {} for name in GROUPINGS[by]}

    def sums(self, groups: Sequence[str]) -> list[Sums]:
        """The whole, and the group in each grouping."""
        named = zip(self.groupings.values(), groups, strict=True)
        return [self.whole, *(self._group(known, name) for known, name in named)]

    def cost(self, groups: Sequence[str], amount: int) -> None:
        """The agency's costs, of a group too where they can be laid to one."""
        for sums in self.sums(groups) if groups else [self.whole]:
            sums.costs += amount

    def no_costs(self, why: str, group: str = "") -> None:
        """Costs that are not known leave the whole unknown, and the group if one is named."""
        self.whole.no_costs = self.whole.no_costs or why
        for known in self.groupings.values():
            for name, sums in known.items():
                if group in {"", name}:
                    sums.no_costs = sums.no_costs or why

    def _group(self, known: dict[str, Sums], name: str) -> Sums:
        if name not in known and len(known) >= MOST_GROUPS:
            name = OTHERS
        if name not in known:
            known[name] = self._new()
        return known[name]

    def _new(self) -> Sums:
        return Sums(self._currency, whole_months=self._whole_months, no_costs=self._no_costs)
