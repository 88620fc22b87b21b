"""One lead's life as the rules of money see it, worked out without the product's own code.

Written from the rules alone (docs/rules.md) on the standard library alone, so that where the two
agree, two readings of the same sentences agree. Amounts are minor units; times are aware.
"""

import calendar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

ZERO = Fraction(0)


class Refusal(Exception):
    """The rules do not allow this act now."""


@dataclass(frozen=True)
class Terms:
    """The billing terms of one campaign version."""

    model: str
    billable: str
    zone: str = "America/New_York"
    currency: str = "USD"
    decimals: int = 2
    at_least: int = 101
    rate: int | None = None
    percent: Decimal | None = None
    months: int | None = None
    refund_days: int = 0
    hours: int = 48
    working_days: bool = False
    holidays: tuple[date, ...] = ()
    notice: bool = False
    reasons: tuple[str, ...] = ("too_small",)
    window_days: int | None = None
    leads_a_month: int | None = None
    leads_a_company: int | None = None
    over: str = "refuse"
    money_a_month: int | None = None

    def qualifies(self, answer: str) -> bool:
        """Whether a company's size, such as 51-100, is large enough."""
        return int(answer.rstrip("+").partition("-")[0]) >= self.at_least

    def day(self, moment: datetime) -> date:
        """The day that the campaign's zone has."""
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def month(self, moment: datetime) -> str:
        """The month that the campaign's zone has."""
        return self.day(moment).isoformat()[:7]

    def midnight(self, day: date) -> datetime:
        """The first moment of a day, in UTC, so that differences are hours that pass."""
        return datetime.combine(day, time(), ZoneInfo(self.zone)).astimezone(UTC)

    def window_end(self, message: datetime) -> datetime:
        """Rule 11: so many hours pass; with working days only those of working days count."""
        left, now = timedelta(hours=self.hours), message.astimezone(UTC)
        while self.working_days:
            day = self.day(now)
            ends = self.midnight(day + timedelta(days=1))
            if day.weekday() < 5 and day not in self.holidays:
                if now + left <= ends:
                    break
                left -= ends - now
            now = ends
        return now + left


def months_later(day: date, count: int) -> date:
    """The same day so many months later, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def rounded(amount: Fraction) -> int:
    """Rule 24: a half goes to the even neighbour, which is how Python rounds a fraction."""
    return round(amount)


def split(amount: int, months: int) -> list[int]:
    """Rule 22: the remainder goes to the first months, one unit each."""
    each, over = divmod(amount, months)
    return [each + 1 if number < over else each for number in range(months)]


@dataclass
class Outcome:
    """A paying outcome: when it is final (rule 14), and the money that it names."""

    on: datetime
    final: datetime
    amount: int = 0


@dataclass(frozen=True)
class Refund:
    """A refund to the customer: of the sale, or of one month."""

    on: datetime
    amount: int
    period: date | None = None


@dataclass
class Absence:
    """The customer left on a day, and perhaps came back on another."""

    left: date
    back: date | None = None


@dataclass(frozen=True)
class Due:
    """What is due for a lead at some time, before caps and earlier bills."""

    lead: str
    period: str
    due: datetime
    exact: Fraction

    @property
    def amount(self) -> int:
        """Rounded once, at the end."""
        return rounded(self.exact)


@dataclass
class Life:
    """A lead and its whole history. `stage` is the result of intake; times give the review."""

    lead: str
    terms: Terms
    received: datetime
    email: str
    answer: str
    stage: str = "qualified"
    free: bool = False
    explicit: bool = False
    told: bool = False
    deadline: datetime | None = None
    accepted: datetime | None = None
    rejected: datetime | None = None
    disputed: bool = False
    undo: tuple[str, datetime] | None = None
    entered: bool = False  # the last review is the agency's entry for the client (rule 41)
    before: tuple[bool, datetime | None, datetime | None] = (False, None, None)
    appointment: str = "none"
    meeting: datetime | None = None
    silent: datetime | None = None  # when a meeting of which nobody speaks is taken as held
    booked: Outcome | None = None  # the booking that stands
    missed: Outcome | None = None  # one that a no-show made stand for good
    before_rejection: Outcome | None = None
    lost_meeting: bool = False
    held: Outcome | None = None
    sale: str = "none"
    won: Outcome | None = None
    refunds: list[Refund] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    revenue: dict[date, list[Outcome]] = field(default_factory=dict)

    @property
    def undecided(self) -> bool:
        """Delivered, and neither accepted nor rejected yet."""
        return self.stage == "qualified" and self.accepted is None and self.rejected is None

    def settle(self, now: datetime) -> None:
        """What silence has decided by now: rules 12 and 14."""
        if self.undecided and not self.explicit and self.deadline and self.deadline <= now:
            self.accepted, self.undo = self.deadline, None
        living = self.stage == "qualified" and self.rejected is None
        if living and self.appointment == "scheduled" and self.silent <= now:
            self.appointment, self.held = "held", Outcome(self.silent, self.silent)

    def owed(self, now: datetime) -> list[Due]:
        """Rules 20 to 24: what has fallen due by now."""
        self.settle(now)
        if self.stage != "qualified" or self.free or self.accepted is None:
            return []
        found = [
            Due(self.lead, period, max(self.accepted, event), self.costs(period))
            for period, event in self._events()
        ]
        return [one for one in found if one.due <= now and one.exact > 0]

    def _events(self) -> list[tuple[str, datetime]]:
        match self.terms.billable:
            case "accepted":
                return [("", self.accepted)]
            case "scheduled" if self.booked:
                return [("", self.booked.final)]
            case "held" if self.held:
                return [("", self.held.final)]
            case "won" if self.won:
                return [("", self.won.final)]
            case "revenue" if self.won:  # a month's line waits for all of its amounts
                return [
                    (day.isoformat(), max(self.terms.midnight(day), *(one.final for one in paid)))
                    for day, paid in self.revenue.items()
                ]
        return []

    def costs(self, period: str) -> Fraction:
        """What is owed for the sale, or for one month of it, as everything stands now."""
        terms = self.terms
        if terms.billable == "revenue":
            day = date.fromisoformat(period)
            return (
                Fraction(terms.percent) * self.net_revenue(day) / 100
                if self.pays_for(day)
                else ZERO
            )
        if terms.billable != "won":
            return Fraction(terms.rate)
        kept = self.won.amount - self.refunded_amount()
        if terms.percent is not None:
            return Fraction(terms.percent) * kept / 100
        return Fraction(terms.rate * kept, self.won.amount)

    def refunded_amount(self) -> int:
        """Rule 23: within so many days of the sale, days as the campaign's zone has them."""
        last = self.terms.day(self.won.on) + timedelta(days=self.terms.refund_days)
        return sum(one.amount for one in self.refunds if self.terms.day(one.on) <= last)

    def net_revenue(self, period: date) -> int:
        """Rule 42: several amounts of a month add up; 37: a refund in part reduces its month."""
        paid = sum(one.amount for one in self.revenue.get(period, ()))
        return max(0, paid - sum(one.amount for one in self.refunds if one.period == period))

    def is_within_term(self, period: date) -> bool:
        """Rules 22 and 37: the months count from the first sale, whoever returns when."""
        if self.terms.months is None or self.won is None:
            return False
        won = self.terms.day(self.won.on)
        return won <= period < months_later(won, self.terms.months)

    def pays_for(self, period: date) -> bool:
        """Rule 37: not from a refund in full on, nor so many days before it, nor while away."""
        within = timedelta(days=self.terms.refund_days)
        in_full = [self.terms.day(one.on) for one in self.refunds if one.period is None]
        ended = any(period >= day or day - period <= within for day in in_full)
        away = any(
            one.left <= period and (one.back is None or period < one.back) for one in self.absences
        )
        return self.is_within_term(period) and not ended and not away
