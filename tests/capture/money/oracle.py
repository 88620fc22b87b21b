"""What a campaign may bill, worked out from plain acts in the order in which they were recorded.

Written from docs/rules.md alone: nothing of the product is imported. `Oracle.does(act)` takes an
act or raises `Refusal`; `Oracle.months` holds the lines of each closed month, `Oracle.credits`
what was given back. A lead is named by the id that the product gave it (rule 9 sorts by it).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from tests.capture.money.oracle_life import Due, Life, Payment, Refusal, Sale, Terms, rounded


@dataclass(frozen=True)
class Act:
    """One thing that somebody did: when it was recorded, what, about which lead."""

    at: datetime
    what: str
    lead: str = ""
    by: str = ""
    client: bool = False
    on: datetime | None = None  # when it happened, if not at `at`
    meeting: datetime | None = None
    amount: int | None = None
    period: date | None = None
    months: int = 1
    reason: str = ""
    email: str = ""
    answer: str = ""
    qualifies: bool = True
    month: str = ""
    terms: Terms | None = None

    @property
    def happened(self) -> datetime:
        """Rule 25 keeps both times."""
        return self.on or self.at


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
    refund: bool


FREE_MAIL: Final = ("gmail.com",)
PENDING: Final = ("scheduled",)


class Oracle:
    """The rules' own book of one campaign."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.lives: dict[str, Life] = {}
        self.months: dict[str, Month] = {}
        self.credits: list[Credit] = []
        self.acts: dict[str, Callable[[Act], None]] = {
            "submitted": self._submitted,
            "edited": self._edited,
            "closed": self._closed,
            "credited": self._credited,
            "told": self._told,
            **{name: getattr(self, f"_{name}") for name in LEAD_ACTS},
        }

    def does(self, act: Act) -> None:
        """Takes one act.

        Raises:
            Refusal: the rules do not allow it now; nothing has changed.

        """
        if act.what in LEAD_ACTS:
            self.lives[act.lead].settle(act.at)
        self.acts[act.what](act)

    # The door (rules 2, 3, 7, 8) and the terms

    def _edited(self, act: Act) -> None:
        self.terms = act.terms

    def _submitted(self, act: Act) -> None:
        terms = self.terms
        life = Life(act.lead, terms, act.at, act.email, act.answer, "qualified")
        for other in self.lives.values():
            other.settle(act.at)
        earlier = [
            other
            for other in self.lives.values()
            if other.email == act.email
            and (
                terms.window_days is None
                or act.at - other.received <= timedelta(days=terms.window_days)
            )
        ]
        self.lives[act.lead] = life
        if any(other.blocks for other in earlier):
            life.stage = "duplicate"
        elif not act.qualifies:
            life.stage = "disqualified"
        else:
            before = [other.answer for other in earlier if other.stage == "disqualified"]
            life.explicit = any(answer != act.answer for answer in before)
            self._cap(life)
        if life.stage == "qualified" and not terms.notice and not life.explicit:
            life.deadline = terms.window_end(act.at)

    def _cap(self, life: Life) -> None:
        terms = self.terms
        same = [
            other
            for other in self.lives.values()
            if other is not life
            and other.fills_a_place
            and terms.month(other.received) == terms.month(life.received)
        ]
        domain = life.email.partition("@")[2]
        company = [other for other in same if other.email.partition("@")[2] == domain]
        over = (terms.leads_a_month is not None and len(same) >= terms.leads_a_month) or (
            terms.leads_a_company is not None
            and domain not in FREE_MAIL
            and len(company) >= terms.leads_a_company
        )
        if over and terms.over == "free":
            life.free = True
        elif over:
            life.stage = "over_cap"

    def _told(self, act: Act) -> None:
        for life in self.lives.values():
            if life.stage == "qualified" and life.terms.notice and life.deadline is None:
                undecided = life.accepted is None and life.rejected is None
                if undecided and not life.explicit:
                    life.deadline = life.terms.window_end(act.at)

    # Review (rules 10 to 13)

    def _open(self, act: Act) -> Life:
        life = self.lives[act.lead]
        if life.stage != "qualified" or life.accepted or life.rejected:
            raise Refusal
        return life

    def _accepted(self, act: Act) -> None:
        life = self._open(act)
        life.accepted = act.at
        life.undo = (act.by, act.at)

    def _rejected(self, act: Act) -> None:
        life = self._open(act)
        if act.reason not in life.terms.reasons:
            raise Refusal
        life.rejected = act.at
        life.undo = (act.by, act.at)
        if life.appointment in PENDING:
            life.appointment, life.suspended = "cancelled", life.booked or act.at
            life.booked = life.booked if life.earned else None

    def _withdrawn(self, act: Act) -> None:
        life = self.lives[act.lead]
        if life.undo is None or life.undo[0] != act.by:
            raise Refusal
        if act.at - life.undo[1] > timedelta(seconds=10):
            raise Refusal
        if life.suspended and life.rejected:
            life.appointment, life.booked = "scheduled", life.suspended
        life.accepted = life.rejected = life.undo = life.suspended = None
        life.settle(act.at)

    def _disputed(self, act: Act) -> None:
        life = self.lives[act.lead]
        if life.rejected is None or life.disputed:
            raise Refusal
        life.disputed, life.undo = True, None

    def _settled(self, act: Act) -> None:
        life = self.lives[act.lead]
        if not life.disputed:
            raise Refusal
        life.disputed, life.rejected, life.accepted = False, None, act.at

    def _corrected(self, act: Act) -> None:
        life = self.lives[act.lead]
        undecided = life.accepted is None and life.rejected is None
        if life.stage not in ("qualified", "disqualified") or not undecided:
            raise Refusal
        life.answer = act.answer
        if not act.qualifies:
            life.stage = "disqualified"
            if life.appointment in PENDING:
                life.appointment, life.booked = "cancelled", None
            return
        life.explicit, life.deadline = True, None
        if life.stage == "disqualified":
            life.stage = "qualified"
            if any(
                other is not life and other.blocks and other.email == life.email
                for other in self.lives.values()
            ):
                life.stage = "duplicate"

    # Outcomes (rules 10, 14, 21 to 23)

    def _living(self, act: Act) -> Life:
        life = self.lives[act.lead]
        if life.stage != "qualified" or life.rejected:
            raise Refusal
        return life

    def _final(self, life: Life, act: Act, *, pays: bool) -> datetime:
        if act.client or not pays:
            return act.happened
        life.waits = act.at + timedelta(hours=life.terms.hours)
        return life.waits

    def _scheduled(self, act: Act) -> None:
        life = self._living(act)
        if life.appointment not in ("none", "no_show", "cancelled"):
            raise Refusal
        pays = life.terms.billable == "scheduled"
        life.appointment, life.meeting = "scheduled", act.meeting
        if not life.earned:
            life.booked = self._final(life, act, pays=pays)

    def _moved(self, act: Act) -> None:
        life = self._living(act)
        if life.appointment != "scheduled":
            raise Refusal
        life.meeting = act.meeting

    def _held(self, act: Act) -> None:
        life = self._living(act)
        if life.appointment != "scheduled" or act.happened < life.meeting:
            raise Refusal
        life.appointment = "held"
        life.held = self._final(life, act, pays=life.terms.billable == "held")

    def _no_show(self, act: Act) -> None:
        life = self._living(act)
        objects = life.appointment == "held" and self._may_object(life, act)
        if not objects and life.appointment != "scheduled":
            raise Refusal
        if act.happened < life.meeting:
            raise Refusal
        life.appointment, life.held = "no_show", None
        life.earned = life.booked is not None

    def _cancelled(self, act: Act) -> None:
        life = self._living(act)
        if life.appointment != "scheduled":
            raise Refusal
        life.appointment = "cancelled"
        life.booked = life.booked if life.earned else None

    def _may_object(self, life: Life, act: Act) -> bool:
        return act.client and life.waits is not None and act.at < life.waits

    def _contested(self, act: Act) -> None:
        life = self._living(act)
        if act.reason not in life.terms.reasons:
            raise Refusal
        silent = life.appointment == "scheduled" and life.meeting <= act.at
        if life.terms.billable == "held" and act.client and silent:
            life.appointment = "none"
            return
        if not self._may_object(life, act):
            raise Refusal
        life.waits = None
        match life.terms.billable:
            case "scheduled":
                life.appointment, life.booked, life.earned = "none", None, False
            case "held":
                life.appointment, life.held = "scheduled", None
            case "won":
                life.sale_state, life.sale = "none", None
            case "revenue":
                life.payments[-1].void = True

    def _won(self, act: Act) -> None:
        life = self._living(act)
        if life.sale_state == "won":
            raise Refusal
        final = self._final(life, act, pays=life.terms.billable == "won")
        life.sale_state, life.sale = "won", Sale(act.happened, final, act.amount)

    def _lost(self, act: Act) -> None:
        life = self._living(act)
        if life.sale_state != "none":
            raise Refusal
        life.sale_state = "lost"

    def _sold(self, act: Act) -> Life:
        life = self._living(act)
        if life.sale_state != "won":
            raise Refusal
        return life

    def _revenue(self, act: Act) -> None:
        life = self._sold(act)
        final = self._final(life, act, pays=life.terms.billable == "revenue")
        life.payments.append(Payment(final, act.period, act.amount, act.months))

    def _churned(self, act: Act) -> None:
        life = self._sold(act)
        life.sale.churned = life.terms.day(act.happened)

    def _refunded(self, act: Act) -> None:
        life = self._sold(act)
        sale = life.sale
        back = sum(amount for _, amount in sale.refunds)
        if sale.amount is None or back + act.amount > sale.amount:
            raise Refusal
        sale.refunds.append((act.happened, act.amount))
        line = self.line_of(act.lead, "")
        if life.terms.model == "cpa" and line and not line.free and life.in_time(act.happened):
            self._give_back(life, line)

    # Months and documents (rules 9, 20, 25, 27)

    def line_of(self, lead: str, period: str) -> Line | None:
        """The line that billed it, in whatever month."""
        for month in self.months.values():
            for line in month.lines:
                if (line.lead, line.period) == (lead, period):
                    return line
        return None

    def credited(self, lead: str, period: str) -> int:
        """All that was given back on a line."""
        return sum(one.amount for one in self.credits if (one.lead, one.period) == (lead, period))

    def _give_back(self, life: Life, line: Line) -> None:
        """In proportion to all refunds so far, so that a whole refund leaves nothing."""
        sale = life.sale
        back = sum(amount for on, amount in sale.refunds if life.in_time(on))
        should = rounded(Decimal(line.amount) * back / sale.amount)
        before = sum(one.amount for one in self.credits if one.lead == line.lead and one.refund)
        left = line.amount - self.credited(line.lead, line.period)
        amount = min(should - before, left)
        if amount > 0:
            self.credits.append(Credit(line.lead, line.period, amount, refund=True))

    def _credited(self, act: Act) -> None:
        period = "" if act.period is None else act.period.isoformat()
        line = self.line_of(act.lead, period)
        if line is None or act.amount > line.amount - self.credited(act.lead, period):
            raise Refusal
        self.credits.append(Credit(act.lead, period, act.amount, refund=False))

    def _closed(self, act: Act) -> None:
        if act.month in self.months:
            return
        if act.month != self.next_month() or act.at < self.end(act.month):
            raise Refusal
        self.months[act.month] = self._drawn(act.month, act.at)

    def next_month(self) -> str | None:
        """The earliest open one; months begin with that of the first lead."""
        if self.months:
            return _after(max(self.months))
        received = [self.terms.month(life.received) for life in self.lives.values()]
        return min(received, default=None)

    def end(self, month: str) -> datetime:
        """The first moment that belongs to the next."""
        return self.terms.midnight(date.fromisoformat(f"{_after(month)}-01"))

    def _drawn(self, month: str, at: datetime) -> Month:
        found = [due for life in self.lives.values() for due in life.owed(at)]
        lines = [
            due
            for due in found
            if due.due < self.end(month) and self.line_of(due.lead, due.period) is None
        ]
        lines.sort(key=lambda due: (due.due, due.lead, due.period))
        received = [x for x in self.lives.values() if self.terms.month(x.received) == month]
        return Month(
            lines=self._under_cap(lines, month),
            in_review=sum(
                life.stage == "qualified" and not life.accepted and not life.rejected
                for life in self.lives.values()
            ),
            over_cap_refused=sum(life.stage == "over_cap" for life in received),
            over_cap_free=sum(life.free for life in received),
        )

    def _under_cap(self, dues: list[Due], month: str) -> list[Line]:
        """Rule 9: by the version of the month's newest line; what would cross is wholly free."""
        cap = self.lives[dues[-1].lead].terms.money_a_month if dues else None
        lines, total = [], 0
        for due in dues:
            late = self.terms.month(due.due) != month
            line = Line(due.lead, due.period, due.amount, free=False, late=late, due=due.due)
            if cap is not None and total + due.amount > cap:
                line = replace(line, amount=0, free=True)
            total += line.amount
            lines.append(line)
        return lines


LEAD_ACTS: Final = (
    "accepted rejected withdrawn disputed settled corrected scheduled moved held no_show "
    "cancelled contested won lost revenue churned refunded"
).split()


def _after(month: str) -> str:
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]), 12)
    return f"{year:04}-{number + 1:02}"
