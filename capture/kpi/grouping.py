"""Groups and periods of figures, and the sums of each group."""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from capture.intake.gate import FORM
from capture.kpi.sums import Sums
from capture.ledger.types import LeadForKpi

NOT_KNOWN: Final = "not known any more"
"""The person's data was erased."""
NOT_GIVEN: Final = "not told"
"""The browser sent nothing, or the lead did not come by a browser."""
NO_LEAD: Final = "no lead of these"
"""Money of documents whose lead is outside the period or is a test lead."""
OTHERS: Final = "others"
MAX_GROUPS: Final = 1000
"""Browsers can send any number of values; further groups are counted together."""


class By(StrEnum):
    """The possible groupings."""

    CAMPAIGN = "campaign"
    MONTH = "month"
    POST = "post"
    SOURCE = "source"


GROUPINGS: Final[Mapping[By | None, Sequence[str]]] = {
    None: (),
    By.CAMPAIGN: ("campaign",),
    By.MONTH: ("month",),
    By.POST: ("first touch", "last touch"),
    By.SOURCE: ("source",),
}
"""The tables of each grouping. A lead is in one group of each table."""


def by_lead(by: By | None) -> bool:
    """Whether the grouping needs the lead of each bill line."""
    return by in {By.POST, By.SOURCE}


def groups_of(by: By | None, campaign: str, month: str, one: LeadForKpi | None) -> tuple[str, ...]:
    """The group in each table; `month` is the month of the counted fact."""
    match by:
        case By.CAMPAIGN:
            return (campaign,)
        case By.MONTH:
            return (month,)
        case By.POST:
            return (NO_LEAD, NO_LEAD) if one is None else _posts(one)
        case By.SOURCE:
            return (NO_LEAD,) if one is None else (_source(one),)
        case _:
            return ()


def _posts(one: LeadForKpi) -> tuple[str, str]:
    if one.touches is None:
        return NOT_KNOWN, NOT_KNOWN
    first, last = one.touches
    return _path(first), _path(last)


def _path(touch: Mapping[str, str]) -> str:
    path = touch.get("path", "")
    return path if path.startswith("/") else NOT_GIVEN


def _source(one: LeadForKpi) -> str:
    source = one.lead.source
    if source != FORM:
        return source
    if one.touches is None:
        return f"{FORM}: {NOT_KNOWN}"
    text = next((touch["utm_source"] for touch in one.touches if touch.get("utm_source")), "")
    return f"{FORM}, utm_source {text}" if text else FORM


# Periods: days and months in the campaign's time zone.


@dataclass(frozen=True, slots=True)
class Period:
    """From `first` to `last`, both included; None leaves that end open."""

    first: date | None = None
    last: date | None = None

    @classmethod
    def of_month(cls, month: str) -> "Period":
        """The complete month, such as `2026-11`."""
        first = date.fromisoformat(f"{month}-01")
        return cls(first, first.replace(day=_days(first)))

    @property
    def is_whole_months(self) -> bool:
        """Whether it consists of complete months; an open end counts as complete."""
        return (self.first is None or self.first.day == 1) and (
            self.last is None or self.last.day == _days(self.last)
        )

    @property
    def is_open(self) -> bool:
        """Whether both ends are open."""
        return self.first is None and self.last is None

    def holds(self, day: date) -> bool:
        """Whether the day is in the period."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def holds_month(self, month: str) -> bool:
        """Whether the first day of the month is in the period."""
        return self.holds(date.fromisoformat(f"{month}-01"))


ALWAYS: Final = Period()


def month_before(month: str, back: int = 1) -> str:
    """The month `back` months before `month`, which is written as `2026-11`."""
    first = date.fromisoformat(f"{month}-01")
    for _ in range(back):
        first = (first - timedelta(days=1)).replace(day=1)
    return f"{first:%Y-%m}"


def _days(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


# Sums by currency and group.


@dataclass(frozen=True, slots=True)
class CurrencyFigures:
    """The sums of all campaigns of one currency."""

    currency: str
    campaigns: Sequence[str]
    whole: Sums
    groupings: Mapping[str, Mapping[str, Sums]]
    """Sums by table and group name, in order of first use."""


class Book:
    """Collects the sums of one currency: the total, and each group."""

    def __init__(self, currency: str, by: By | None, *, whole_months: bool, no_costs: str) -> None:
        self._currency = currency
        self._whole_months = whole_months
        self._no_costs = no_costs
        self.whole = self._new()
        self.groupings: dict[str, dict[str, Sums]] = {name: {} for name in GROUPINGS[by]}

    def sums(self, groups: Sequence[str]) -> list[Sums]:
        """The total, and the group of each table."""
        named = zip(self.groupings.values(), groups, strict=True)
        return [self.whole, *(self._group(known, name) for known, name in named)]

    def cost(self, groups: Sequence[str], amount: int) -> None:
        """Adds the agency's costs to the total and, if named, to the groups."""
        for sums in self.sums(groups) if groups else [self.whole]:
            sums.costs += amount

    def no_costs(self, reason: str, group: str = "") -> None:
        """Marks costs as unknown in the total and in the group; without one, in all groups."""
        self.whole.no_costs = self.whole.no_costs or reason
        for known in self.groupings.values():
            for name, sums in known.items():
                if group in {"", name}:
                    sums.no_costs = sums.no_costs or reason

    def _group(self, known: dict[str, Sums], name: str) -> Sums:
        if name not in known and len(known) >= MAX_GROUPS:
            name = OTHERS
        if name not in known:
            known[name] = self._new()
        return known[name]

    def _new(self) -> Sums:
        return Sums(self._currency, whole_months=self._whole_months, no_costs=self._no_costs)
