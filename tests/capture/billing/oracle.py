"""What a campaign may bill, worked out from plain acts in the order in which they were recorded.

Written from docs/rules.md alone, on the standard library alone: nothing of the product is
imported, so the two can only agree if both read the rules alike. `Oracle.does(act)` takes an act
or raises `Refusal`; `months` holds each closed month's lines and counts, `credits` what was given
back. A lead is named by the id that the product gave it, since rule 9 sorts by it.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Final

from tests.capture.billing.oracle_acts import ON_A_LEAD, Act, named_months
from tests.capture.billing.oracle_life import Due, Life, Refusal, Terms, rounded

FREE_MAIL: Final = ("gmail.com",)
UNDO: Final = timedelta(seconds=10)


@dataclass(frozen=True)
class Line:
    """A line of a closed month."""

    lead: str
    period: str
    amount: int
    free: bool
    late: bool
    due: datetime


@dataclass
class Month:
    """A closed month."""

    lines: list[Line]
    in_review: int
    over_cap_refused: int
    over_cap_free: int

    @property
    def total(self) -> int:
        """What the client owes for it."""
        return sum(line.amount for line in self.lines)


@dataclass(frozen=True)
class Credit:
    """What was given back on a line."""

    lead: str
    period: str
    amount: int
    by_itself: bool
    """After a refund or churn, and not by hand."""


class Oracle:
    """The rules' own book of one campaign."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.lives: dict[str, Life] = {}
        self.months: dict[str, Month] = {}
        self.credits: list[Credit] = []
        self.debits: list[tuple[str, str, int]] = []  # lead, period, amount: the client agreed
        self.cost: dict[tuple[str, str], Fraction] = {}  # of each line when it was billed
        self.given: set[tuple[str, str, int, date]] = set()  # by hand: the same once a day

    def does(self, act: Act) -> None:
        """Takes one act.

        Raises:
            Refusal: the rules do not allow it now; nothing has changed.

        """
        for history in self.lives.values():
            history.settle(act.at)
        match act.what:
            case "submitted":
                self._submitted(act)
            case "edited":
                self.terms = act.terms
            case "notified":
                self._told(act)
            case "corrected":
                self._corrected(self.lives[act.lead], act)
            case "closed":
                self._closed(act)
            case "credited":
                self._credited(act)
            case "debited":
                self._debited(act)
            case what:
                if what == "revenue":
                    self._check_unbilled(act)
                ON_A_LEAD[what](self.lives[act.lead], act)
        if act.what in ("refunded", "churned"):
            self._give_back(self.lives[act.lead])

    # The door (rules 2, 3, 5, 7, 8, 15)

    def _submitted(self, act: Act) -> None:
        history = Life(act.lead, self.terms, act.at, act.email, act.answer)
        if act.test:  # it goes the whole way and touches nothing here
            return
        self._judge(history)
        if history.stage == "qualified" and not history.terms.notice:
            history.told = True
            history.deadline = None if history.explicit else history.terms.window_end(act.at)
        self.lives[act.lead] = history

    def _judge(self, history: Life) -> None:
        """Duplicate, disqualified, over a cap or qualified: the first that fits."""
        others = [other for other in self.lives.values() if other is not history]
        days = history.terms.window_days
        since = None if days is None else history.received - timedelta(days=days)
        similar = [
            other
            for other in others
            if other.email == history.email and (since is None or other.received >= since)
        ]
        before = [other.answer for other in similar if other.stage == "disqualified"]
        if any(other.stage == "qualified" for other in similar):
            history.stage = "duplicate"
        elif not history.terms.qualifies(history.answer):
            history.stage = "disqualified"
        else:
            history.stage = "qualified"
            history.explicit |= any(answer != history.answer for answer in before)
            self._cap(history, others)

    def _cap(self, history: Life, others: list[Life]) -> None:
        terms, domain = history.terms, history.email.partition("@")[2]
        places = [
            other
            for other in others
            if other.stage == "qualified" and not other.free and other.rejected is None
            if terms.month(other.received) == terms.month(history.received)
        ]
        company = [other for other in places if other.email.partition("@")[2] == domain]
        over = (terms.leads_a_month is not None and len(places) >= terms.leads_a_month) or (
            terms.leads_a_company is not None
            and domain not in FREE_MAIL
            and len(company) >= terms.leads_a_company
        )
        if over and terms.over == "refuse":
            history.stage = "over_cap"
        history.free |= over and terms.over == "free"

    def _told(self, act: Act) -> None:
        for history in self.lives.values():
            if history.undecided and not history.told:
                history.told = True
                history.deadline = None if history.explicit else history.terms.window_end(act.at)

    def _corrected(self, history: Life, act: Act) -> None:
        """Judged again under the terms of its receipt; silence accepts it no more."""
        if history.stage != "disqualified" and not history.undecided:
            raise Refusal
        if act.answer == history.answer:
            raise Refusal
        history.answer, history.explicit, history.deadline = act.answer, True, None
        history.told = history.entered = False
        history.undo = None
        self._judge(history)
        if history.stage != "qualified" and history.appointment == "scheduled":
            history.appointment, history.booked = "cancelled", history.missed

    # Months and documents (rules 9, 20, 23, 25, 27)

    def line_of(self, lead: str, period: str = "") -> Line | None:
        """The line that billed it, in whatever month."""
        for month in self.months.values():
            for line in month.lines:
                if (line.lead, line.period) == (lead, period):
                    return line
        return None

    def credited(self, line: Line) -> int:
        """All that was given back on a line."""
        return sum(
            one.amount for one in self.credits if (one.lead, one.period) == (line.lead, line.period)
        )

    def raised(self, line: Line) -> int:
        """The line as debit notes raised it."""
        debits = sum(one[2] for one in self.debits if one[:2] == (line.lead, line.period))
        return line.amount + debits

    def _check_unbilled(self, act: Act) -> None:
        """Rule 20: more for a month that stands on a bill is a debit note."""
        if any(self.line_of(act.lead, day.isoformat()) for day in named_months(act)):
            raise Refusal

    def _give_back(self, history: Life) -> None:
        """Every line of a sale goes down to what it costs by now, as if it were billed only now.

        A line that was raised goes down in the same proportion. All of it is rounded once.
        """
        if history.terms.billable not in ("won", "revenue"):
            return
        lines = [line for month in self.months.values() for line in month.lines]
        for line in sorted(lines, key=lambda line: line.period):
            before = self.cost[line.lead, line.period]
            if line.lead != history.lead or (now := history.costs(line.period)) >= before:
                continue
            complete = self.raised(line) - line.amount + (0 if line.free else before)
            value = sum(
                one.amount
                for one in self.credits
                if (one.lead, one.period) == (line.lead, line.period) and one.by_itself
            )
            amount = self.raised(line) - rounded(complete * now / before) - value
            amount = min(amount, self.raised(line) - self.credited(line))
            if amount > 0:
                self.credits.append(Credit(history.lead, line.period, amount, by_itself=True))

    def _debited(self, act: Act) -> None:
        """The agency asks for more on a line, and the client agrees."""
        line = self.line_of(act.lead, act.period.isoformat() if act.period else "")
        if line is None or act.amount <= 0:
            raise Refusal
        self.debits.append((line.lead, line.period, act.amount))

    def _credited(self, act: Act) -> None:
        line = self.line_of(act.lead, act.period.isoformat() if act.period else "")
        if line is None or not 0 < act.amount <= self.raised(line) - self.credited(line):
            raise Refusal
        value = (line.lead, line.period, act.amount, self.terms.day(act.at))
        if value in self.given:
            raise Refusal
        self.given.add(value)
        self.credits.append(Credit(line.lead, line.period, act.amount, by_itself=False))

    def _closed(self, act: Act) -> None:
        if act.month in self.months:
            return
        if act.month != self.next_month() or act.at < self.end(act.month) + UNDO:
            raise Refusal
        self.months[act.month] = self._drawn(act.month, act.at)

    def next_month(self) -> str | None:
        """The earliest open one; months begin with that of the first lead."""
        if self.months:
            return _after(max(self.months))
        received = [self.terms.month(history.received) for history in self.lives.values()]
        return min(received, default=None)

    def end(self, month: str) -> datetime:
        """The first moment that belongs to the next."""
        return self.terms.midnight(date.fromisoformat(f"{_after(month)}-01"))

    def _drawn(self, month: str, at: datetime) -> Month:
        lines = [
            due
            for history in self.lives.values()
            for due in history.owed(at)
            if due.due < self.end(month) and self.line_of(due.lead, due.period) is None
        ]
        lines.sort(key=lambda due: (due.due, due.lead, due.period))
        of_month = [one for one in self.lives.values() if self.terms.month(one.received) == month]
        return Month(
            lines=self._under_cap(lines, month),
            in_review=sum(
                history.undecided
                and not history.free
                and self.terms.month(history.received) <= month
                for history in self.lives.values()
            ),
            over_cap_refused=sum(history.stage == "over_cap" for history in of_month),
            over_cap_free=sum(history.free for history in of_month),
        )

    def _under_cap(self, dues: list[Due], month: str) -> list[Line]:
        """Rule 9, by the terms of the newest lead on the bill; what would cross is wholly free."""
        newest = max((self.lives[due.lead] for due in dues), key=_received, default=None)
        cap = None if newest is None else newest.terms.money_a_month
        lines, total = [], 0
        for due in dues:
            late = self.terms.month(due.due) != month
            self.cost[due.lead, due.period] = due.exact
            line = Line(due.lead, due.period, due.amount, free=False, late=late, due=due.due)
            if cap is not None and total + due.amount > cap:
                line = replace(line, amount=0, free=True)
            total += line.amount
            lines.append(line)
        return lines


def _received(history: Life) -> tuple[datetime, str]:
    return history.received, history.lead


def _after(month: str) -> str:
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]), 12)
    return f"{year:04}-{number + 1:02}"
