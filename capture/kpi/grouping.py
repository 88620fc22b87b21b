"""Groups and periods of key figures, and the sums of each group."""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from capture.intake.submission import FORM
from capture.kpi.sums import Sums
from capture.ledger.types import LeadForKpi

ERASED: Final = "erased"
"""The group of leads whose personal data was erased."""
NOT_GIVEN: Final = "not given"
"""The group of leads for which the browser sent no page, or that did not come from a browser."""
OTHER_LEADS: Final = "leads outside the period"
"""The group of money whose lead is not counted in the period."""
OTHERS: Final = "others"
"""The group of all values after the first `MAX_GROUPS`."""
MAX_GROUPS: Final = 1000
"""Limits the memory, since browsers can send any number of values."""


class Grouping(StrEnum):
    """The possible groupings."""

    CAMPAIGN = "campaign"
    MONTH = "month"
    POST = "post"
    SOURCE = "source"


TABLES: Final[Mapping[Grouping | None, Sequence[str]]] = {
    None: (),
    Grouping.CAMPAIGN: ("campaign",),
    Grouping.MONTH: ("month",),
    Grouping.POST: ("first touch", "last touch"),
    Grouping.SOURCE: ("source",),
}
"""The names of the tables of each grouping. A lead is in one group of each table."""


def needs_leads(grouping: Grouping | None) -> bool:
    """Whether the grouping needs the lead of each bill line."""
    return grouping in {Grouping.POST, Grouping.SOURCE}


def groups_of(
    grouping: Grouping | None, campaign: str, month: str, lead: LeadForKpi | None
) -> tuple[str, ...]:
    """The group in each table of the grouping.

    `month` is the month of what is counted; `lead` is None if the lead is not counted.
    """
    match grouping:
        case Grouping.CAMPAIGN:
            return (campaign,)
        case Grouping.MONTH:
            return (month,)
        case Grouping.POST:
            return (OTHER_LEADS, OTHER_LEADS) if lead is None else _posts(lead)
        case Grouping.SOURCE:
            return (OTHER_LEADS,) if lead is None else (_source(lead),)
        case _:
            return ()


def _posts(lead: LeadForKpi) -> tuple[str, str]:
    if lead.touches is None:
        return ERASED, ERASED
    first, last = lead.touches
    return path_group(first.get("path")), path_group(last.get("path"))


def path_group(path: str | None) -> str:
    """The group of a visit by the path that the browser sent."""
    return path if path and path.startswith("/") else NOT_GIVEN


def _source(lead: LeadForKpi) -> str:
    source = lead.lead.source
    if source != FORM:
        return source
    if lead.touches is None:
        return f"{FORM}: {ERASED}"
    utm_source = next(
        (touch["utm_source"] for touch in lead.touches if touch.get("utm_source")), ""
    )
    return f"{FORM}, utm_source {utm_source}" if utm_source else FORM


# Periods: days and months in the campaign's time zone.


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `first` to `last`, both included; None leaves that end open."""

    first: date | None = None
    last: date | None = None

    @classmethod
    def of_month(cls, month: str) -> "Period":
        """The complete month, such as `2026-11`."""
        first = date.fromisoformat(f"{month}-01")
        return cls(first, first.replace(day=_month_length(first)))

    @property
    def is_whole_months(self) -> bool:
        """Whether it consists of complete months; an open end counts as complete."""
        return (self.first is None or self.first.day == 1) and (
            self.last is None or self.last.day == _month_length(self.last)
        )

    @property
    def is_open(self) -> bool:
        """Whether both ends are open."""
        return self.first is None and self.last is None

    def contains(self, day: date) -> bool:
        """Whether the day is in the period."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def contains_month(self, month: str) -> bool:
        """Whether the first day of the month is in the period."""
        return self.contains(date.fromisoformat(f"{month}-01"))


ALL_TIME: Final = Period()


def month_before(month: str, count: int = 1) -> str:
    """The month `count` months before a month such as `2026-11`."""
    first = date.fromisoformat(f"{month}-01")
    for _ in range(count):
        first = (first - timedelta(days=1)).replace(day=1)
    return f"{first:%Y-%m}"


def month_days(month: str) -> list[date]:
    """Every day of a month such as `2026-11`."""
    first = date.fromisoformat(f"{month}-01")
    return [first.replace(day=number + 1) for number in range(_month_length(first))]


def _month_length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


# Sums by currency and group.


@dataclass(frozen=True, slots=True)
class CurrencyFigures:
    """The sums of all campaigns of one currency."""

    currency: str
    campaigns: Sequence[str]
    total: Sums
    tables: Mapping[str, Mapping[str, Sums]]
    """Sums by table and group name, in order of first use."""


class CurrencySums:
    """Collects the sums of one currency: the total, and each group of each table."""

    def __init__(
        self,
        currency: str,
        grouping: Grouping | None,
        *,
        whole_months: bool,
        costs_unknown: str,
    ) -> None:
        self._currency = currency
        self._whole_months = whole_months
        self._costs_unknown = costs_unknown
        self.total = self._new_sums()
        self.tables: dict[str, dict[str, Sums]] = {name: {} for name in TABLES[grouping]}

    def sums_of(self, groups: Sequence[str]) -> list[Sums]:
        """The sums of the total and of the group in each table."""
        pairs = zip(self.tables.values(), groups, strict=True)
        return [self.total, *(self._group_sums(table, name) for table, name in pairs)]

    def add_costs(self, groups: Sequence[str], amount: int) -> None:
        """Adds the agency's costs to the total and, if `groups` is not empty, to the groups."""
        for sums in self.sums_of(groups) if groups else [self.total]:
            sums.costs += amount

    def mark_costs_unknown(self, reason: str, group: str = "") -> None:
        """Marks costs as unknown in the total and in a group; without a name, in all groups."""
        self.total.costs_unknown = self.total.costs_unknown or reason
        for table in self.tables.values():
            for name, sums in table.items():
                if group in {"", name}:
                    sums.costs_unknown = sums.costs_unknown or reason

    def _group_sums(self, table: dict[str, Sums], name: str) -> Sums:
        if name not in table and len(table) >= MAX_GROUPS:
            name = OTHERS
        if name not in table:
            table[name] = self._new_sums()
        return table[name]

    def _new_sums(self) -> Sums:
        return Sums(
            self._currency, whole_months=self._whole_months, costs_unknown=self._costs_unknown
        )
