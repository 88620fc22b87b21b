"""By what figures are parted, and to which group a lead belongs."""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from capture.intake.gate import FORM
from capture.kpi.sums import Sums
from capture.ledger.facts import LeadForKpi

NOT_KNOWN: Final = "not known any more"
"""The person's data was erased."""
NOT_GIVEN: Final = "not told"
"""The browser said nothing, or there was none."""
NO_LEAD: Final = "no lead of these"
"""Money of documents whose lead is not in the period or is a test."""
OTHERS: Final = "others"
MAX_GROUPS: Final = 1000
"""What visitors' browsers say has no end; further groups are counted together."""


class By(StrEnum):
    """What the figures can be parted by."""

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
"""The tables that each makes: a lead is in one group of each."""


def by_lead(by: By | None) -> bool:
    """Whether a line of a bill must be laid to its own lead to be parted so."""
    return by in {By.POST, By.SOURCE}


def groups_of(by: By | None, campaign: str, month: str, one: LeadForKpi | None) -> tuple[str, ...]:
    """The group in each grouping; `month` is that of the fact that is counted."""
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


# From which day to which: days and months of the campaign's own zone.


@dataclass(frozen=True, slots=True)
class Period:
    """Both days included; None is open. Without either it is all that ever was."""

    first: date | None = None
    last: date | None = None

    @classmethod
    def of_month(cls, month: str) -> "Period":
        """A whole month such as `2026-11`."""
        first = date.fromisoformat(f"{month}-01")
        return cls(first, first.replace(day=_days(first)))

    @property
    def is_whole_months(self) -> bool:
        """Whether it begins with a month's first day and ends with a last one, where it does."""
        return (self.first is None or self.first.day == 1) and (
            self.last is None or self.last.day == _days(self.last)
        )

    @property
    def is_open(self) -> bool:
        """Whether it leaves nothing out."""
        return self.first is None and self.last is None

    def holds(self, day: date) -> bool:
        """Whether a day lies in it."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def holds_month(self, month: str) -> bool:
        """Whether a month's first day lies in it."""
        return self.holds(date.fromisoformat(f"{month}-01"))


ALWAYS: Final = Period()


def month_before(month: str, back: int = 1) -> str:
    """The month so many before one such as `2026-11`."""
    first = date.fromisoformat(f"{month}-01")
    for _ in range(back):
        first = (first - timedelta(days=1)).replace(day=1)
    return f"{first:%Y-%m}"


def _days(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


# Sums by currency and group, while leads are walked.


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

    def no_costs(self, reason: str, group: str = "") -> None:
        """Costs that are not known leave the whole unknown, and the group if one is named."""
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
