"""The oracle's history of one lead: its terms, its outcomes and the lines that follow from them.

Written from docs/rules.md alone and on the standard library alone, without the product's code.
Amounts are minor units; times are aware.
"""

import calendar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

ZERO = Fraction(0)


class Refusal(Exception):
    """The rules do not allow this act at this time."""


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
    scope: str = "campaign"
    leads_a_month: int | None = None
    leads_a_company: int | None = None
    over: str = "refuse"
    money_a_month: int | None = None
    confirm: bool = False  # a lead waits until its person proves the address

    def qualifies(self, answer: str) -> bool:
        """Whether a company's size, such as 51-100, is large enough."""
        return int(answer.rstrip("+").partition("-")[0]) >= self.at_least

    def day(self, moment: datetime) -> date:
        """The date in the campaign's time zone."""
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def month(self, moment: datetime) -> str:
        """The month in the campaign's time zone."""
        return self.day(moment).isoformat()[:7]

    def midnight(self, day: date) -> datetime:
        """The first moment of a day, in UTC, so that differences are elapsed hours."""
        return datetime.combine(day, time(), ZoneInfo(self.zone)).astimezone(UTC)

    def window_end(self, start: datetime) -> datetime:
        """The end of the review window (rule 11); with working days only their hours count."""
        left, now = timedelta(hours=self.hours), start.astimezone(UTC)
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
    """The same day some months later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def rounded(amount: Fraction) -> int:
    """The amount, rounded half to even (rule 24), as Python rounds a fraction."""
    return round(amount)


def split(amount: int, months: int) -> list[int]:
    """Splits an amount over months; the remainder goes to the first months, one unit each."""
    share, remainder = divmod(amount, months)
    return [share + 1 if index < remainder else share for index in range(months)]


@dataclass
class Outcome:
    """A billable outcome with its amount; `final_at` is by rule 14."""

    occurred_at: datetime
    final_at: datetime
    amount: int = 0


@dataclass(frozen=True)
class Refund:
    """A refund to the customer: of the sale, or of one month."""

    occurred_at: datetime
    amount: int
    period: date | None = None


@dataclass
class Absence:
    """The time from a customer's churn to their return, if they returned."""

    left_on: date
    returned_on: date | None = None


@dataclass(frozen=True)
class DueLine:
    """A line of a lead that is due, before the money cap and whether or not it is billed."""

    lead: str
    period: str
    due_at: datetime
    exact_fee: Fraction

    @property
    def amount(self) -> int:
        """The fee, rounded once."""
        return rounded(self.exact_fee)


@dataclass
class LeadHistory:
    """A lead and its history.

    `stage` is the result of intake and of what holds or ends the delivery; the times `accepted` and
    `rejected` give the review of a qualified lead.
    """

    lead: str
    terms: Terms
    received: datetime
    email: str
    answer: str
    stage: str = "qualified"
    free: bool = False
    needs_explicit_acceptance: bool = False
    imported: bool = False  # not by a form: it gets no letter, so nobody proves its address
    confirmed: bool = False
    link_ends: datetime | None = None  # of an unconfirmed lead
    bounced: bool = False
    consent_withdrawn: bool = False
    erased: bool = False
    notified: bool = False
    deadline: datetime | None = None
    accepted: datetime | None = None
    rejected: datetime | None = None
    disputed: bool = False
    undo: tuple[str, datetime] | None = None
    entered: bool = False  # the last review is the agency's entry for the client (rule 41)
    state_before_review: tuple[bool, datetime | None, datetime | None] = (False, None, None)
    """The values of `entered`, `deadline` and `rejected` that an undo restores."""
    appointment: str = "none"
    meeting: datetime | None = None
    deemed_held_at: datetime | None = None  # when the meeting counts as held without a report
    booked: Outcome | None = None  # the booking that counts now
    missed: Outcome | None = None  # a booking that stays billable after a no-show
    booking_before_rejection: Outcome | None = None
    lost_meeting: bool = False
    held: Outcome | None = None
    sale: str = "none"
    won: Outcome | None = None
    refunds: list[Refund] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    revenue: dict[date, list[Outcome]] = field(default_factory=dict)

    @property
    def is_undecided(self) -> bool:
        """Delivered, and neither accepted nor rejected yet."""
        return self.stage == "qualified" and self.accepted is None and self.rejected is None

    @property
    def silence_never_accepts(self) -> bool:
        """Whether only an explicit acceptance makes it billable (rules 3, 15, 35 and 36)."""
        return self.needs_explicit_acceptance or self.silence_has_ended

    @property
    def silence_has_ended(self) -> bool:
        """Whether something happened after which no deadline counts (rules 35 and 36)."""
        return self.bounced or self.consent_withdrawn or self.erased

    def settle(self, now: datetime) -> None:
        """Applies expiries, acceptances by silence and deemed meetings (rules 7, 12 and 14)."""
        if self.stage == "unconfirmed" and self.link_ends <= now:
            self.stage = "expired"
        may_lapse = self.is_undecided and not self.silence_never_accepts
        if may_lapse and self.deadline and self.deadline <= now:
            self.accepted, self.undo = self.deadline, None
        is_active = self.stage == "qualified" and self.rejected is None
        if is_active and self.appointment == "scheduled" and self.deemed_held_at <= now:
            self.appointment, self.held = "held", Outcome(self.deemed_held_at, self.deemed_held_at)

    def due_lines(self, now: datetime) -> list[DueLine]:
        """The lines that have fallen due until now (rules 20 to 24)."""
        self.settle(now)
        if self.stage != "qualified" or self.free or self.accepted is None:
            return []
        lines = [
            DueLine(self.lead, period, max(self.accepted, final_at), self.fee(period))
            for period, final_at in self._final_times()
        ]
        return [line for line in lines if line.due_at <= now and line.exact_fee > 0]

    def _final_times(self) -> list[tuple[str, datetime]]:
        match self.terms.billable:
            case "accepted":
                return [("", self.accepted)]
            case "scheduled" if self.booked:
                return [("", self.booked.final_at)]
            case "held" if self.held:
                return [("", self.held.final_at)]
            case "won" if self.won:
                return [("", self.won.final_at)]
            case "revenue" if self.won:  # a month's line waits for all of its amounts
                return [
                    (
                        day.isoformat(),
                        max(self.terms.midnight(day), *(amount.final_at for amount in amounts)),
                    )
                    for day, amounts in self.revenue.items()
                ]
        return []

    def fee(self, period: str) -> Fraction:
        """The unrounded fee for the lead, or for one period of its revenue, after all its acts."""
        terms = self.terms
        if terms.billable == "revenue":
            day = date.fromisoformat(period)
            return (
                Fraction(terms.percent) * self.net_revenue(day) / 100
                if self.is_billable(day)
                else ZERO
            )
        if terms.billable != "won":
            return Fraction(terms.rate)
        net = self.won.amount - self.refunded_amount()
        if terms.percent is not None:
            return Fraction(terms.percent) * net / 100
        return Fraction(terms.rate * net, self.won.amount)

    def refunded_amount(self) -> int:
        """The sum of the refunds within `refund_days` of the sale (rule 23)."""
        last = self.terms.day(self.won.occurred_at) + timedelta(days=self.terms.refund_days)
        return sum(
            refund.amount for refund in self.refunds if self.terms.day(refund.occurred_at) <= last
        )

    def net_revenue(self, period: date) -> int:
        """The amounts of a month added up (rule 42), less its partial refunds (rule 37)."""
        gross = sum(amount.amount for amount in self.revenue.get(period, ()))
        refunded = sum(refund.amount for refund in self.refunds if refund.period == period)
        return max(0, gross - refunded)

    def is_within_term(self, period: date) -> bool:
        """Whether the month is in the term, which begins with the first sale (rules 22, 37)."""
        if self.terms.months is None or self.won is None:
            return False
        won_on = self.terms.day(self.won.occurred_at)
        return won_on <= period < months_later(won_on, self.terms.months)

    def is_billable(self, period: date) -> bool:
        """Whether neither a full refund nor churn excludes the month (rule 37)."""
        refund_days = timedelta(days=self.terms.refund_days)
        full_refunds = [
            self.terms.day(refund.occurred_at) for refund in self.refunds if refund.period is None
        ]
        is_refunded = any(period >= day or day - period <= refund_days for day in full_refunds)
        is_absent = any(
            absence.left_on <= period
            and (absence.returned_on is None or period < absence.returned_on)
            for absence in self.absences
        )
        return self.is_within_term(period) and not is_refunded and not is_absent
