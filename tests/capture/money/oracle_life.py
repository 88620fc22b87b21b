"""One lead's life as the rules of money see it, worked out without the product's own code.

Written from the rules alone (docs/rules.md) on the standard library alone, so that where the two
agree, two readings of the same sentences agree. Amounts are minor units; times are aware.
"""

import calendar
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo


class Refusal(Exception):
    """The rules do not allow this act now."""


@dataclass(frozen=True)
class Terms:
    """One version of an agreement, as far as money goes."""

    zone: str
    model: str
    billable: str
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

    def day(self, moment: datetime) -> date:
        """The day that the campaign's zone has."""
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def month(self, moment: datetime) -> str:
        """The month that the campaign's zone has."""
        return self.day(moment).isoformat()[:7]

    def midnight(self, day: date) -> datetime:
        """The first moment of a day."""
        return datetime.combine(day, time(), ZoneInfo(self.zone))

    def window_end(self, told: datetime) -> datetime:
        """Rule 11: so many hours pass; with working days only those of working days count."""
        left = timedelta(hours=self.hours)
        if not self.working_days:
            return told + left
        day, now = self.day(told), told
        while True:
            ends = self.midnight(day + timedelta(days=1))
            if day.weekday() < 5 and day not in self.holidays:
                today = ends.timestamp() - now.timestamp()
                if left.total_seconds() <= today:
                    return told.fromtimestamp(now.timestamp(), told.tzinfo) + left
                left -= timedelta(seconds=today)
            day, now = day + timedelta(days=1), ends


def months_later(day: date, count: int) -> date:
    """The same day so many months later, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def rounded(amount: Decimal) -> int:
    """Rule 24: a half goes to the even neighbour."""
    return int(amount.quantize(Decimal(1), ROUND_HALF_EVEN))


def split(amount: int, months: int) -> list[int]:
    """Rule 22: what does not divide goes to the first months, one unit each."""
    each, over = divmod(amount, months)
    return [each + 1 if number < over else each for number in range(months)]


@dataclass
class Payment:
    """Revenue as it came in: for one month or several from `period`."""

    final: datetime
    period: date
    amount: int
    months: int
    void: bool = False


@dataclass
class Sale:
    """A sale that was won."""

    on: datetime
    final: datetime
    amount: int | None
    refunds: list[tuple[datetime, int]] = field(default_factory=list)
    churned: date | None = None


@dataclass(frozen=True)
class Due:
    """What a lead owes at some time: nobody billed it yet, no cap was looked at."""

    lead: str
    period: str
    due: datetime
    amount: int


@dataclass
class Life:
    """A lead that the client was to see, and all that became of it. `stage` is the door's word."""

    lead: str
    terms: Terms
    received: datetime
    email: str
    answer: str
    stage: str
    free: bool = False
    explicit: bool = False
    deadline: datetime | None = None
    accepted: datetime | None = None
    rejected: datetime | None = None
    disputed: bool = False
    undo: tuple[str, datetime] | None = None
    meeting: datetime | None = None
    appointment: str = "none"
    suspended: datetime | None = None  # the meeting that a rejection cancelled
    booked: datetime | None = None  # when the booking that stands is final
    earned: bool = False  # a no-show made the booking stand for good
    held: datetime | None = None  # when the meeting that was held is final
    waits: datetime | None = None  # until when the client may object to an outcome
    sale_state: str = "none"
    sale: Sale | None = None
    payments: list[Payment] = field(default_factory=list)

    def settle(self, now: datetime) -> None:
        """What silence has decided by now: rules 12 and 14."""
        if self.stage != "qualified":
            return
        open_ = self.accepted is None and self.rejected is None
        if open_ and not self.explicit and self.deadline and self.deadline <= now:
            self.accepted, self.undo = self.deadline, None
        if self.appointment == "scheduled" and self.meeting is not None:
            silent = self.meeting + timedelta(hours=self.terms.hours)
            if silent <= now:
                self.appointment, self.held = "held", silent

    @property
    def blocks(self) -> bool:
        """Rule 2: qualified, accepted or rejected."""
        return self.stage == "qualified"

    @property
    def fills_a_place(self) -> bool:
        """Rule 7."""
        return self.stage == "qualified" and not self.free and self.rejected is None

    def owed(self, now: datetime) -> list[Due]:
        """Rules 20 to 24: what has fallen due by now."""
        self.settle(now)
        if self.stage != "qualified" or self.free or self.accepted is None:
            return []
        found = [
            Due(self.lead, period, max(self.accepted, event), amount)
            for period, event, amount in self._events()
        ]
        return [one for one in found if one.due <= now]

    def _events(self) -> list[tuple[str, datetime, int]]:
        terms = self.terms
        if terms.model == "cpl":
            return [("", self.accepted, terms.rate)]
        if terms.model == "cpap":
            event = self.booked if terms.billable == "scheduled" else self.held
            return [] if event is None else [("", event, terms.rate)]
        if self.sale is None:
            return []
        if terms.model == "cpa":
            return self._sold(self.sale)
        return [share for paid in self.payments if not paid.void for share in self._shares(paid)]

    def _sold(self, sale: Sale) -> list[tuple[str, datetime, int]]:
        back = sum(amount for on, amount in sale.refunds if self.in_time(on))
        if back and back == sale.amount:
            return []
        return [("", sale.final, rounded(self.price_of(sale.amount, back)))]

    def in_time(self, refunded: datetime) -> bool:
        """Rule 23: within so many days of the sale, days as the campaign's zone has them."""
        days = self.terms.day(refunded) - self.terms.day(self.sale.on)
        return days <= timedelta(days=self.terms.refund_days)

    def price_of(self, amount: int | None, back: int = 0) -> Decimal:
        """What a sale costs of which so much was given back, before rounding."""
        if self.terms.percent is not None:
            return self.terms.percent * (amount - back) / 100
        whole = Decimal(self.terms.rate)
        return whole * (amount - back) / amount if back else whole

    def _shares(self, paid: Payment) -> list[tuple[str, datetime, int]]:
        won = self.terms.day(self.sale.on)
        ends = months_later(won, self.terms.months)
        found = []
        for number, part in enumerate(split(paid.amount, paid.months)):
            period = months_later(paid.period, number)
            gone = self.sale.churned is not None and period >= self.sale.churned
            if won <= period < ends and not gone:
                due = max(paid.final, self.terms.midnight(period))
                found.append((period.isoformat(), due, rounded(self.terms.percent * part / 100)))
        return found
