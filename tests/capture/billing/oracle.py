"""The oracle: a second implementation of billing, to test the product against.

Written from docs/rules.md alone and on the standard library alone. It imports nothing of the
product, so both agree only if both read the rules in the same way. `Oracle.apply` takes acts in the
order in which they were recorded; `months` holds the lines and counts of each closed month,
`credits` the credit notes. A lead has the id that the product gave it, since rule 9 sorts by it.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Final

from tests.capture.billing.oracle_acts import ACTS_ON_A_LEAD, Act, periods_of
from tests.capture.billing.oracle_history import DueLine, LeadHistory, Refusal, Terms, rounded

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
        """The sum of its lines."""
        return sum(line.amount for line in self.lines)


@dataclass(frozen=True)
class Credit:
    """A credit note on a line."""

    lead: str
    period: str
    amount: int
    is_automatic: bool
    """Whether it followed from a refund or churn, and was not issued by hand."""


class Oracle:
    """One campaign, billed by the rules alone."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.leads: dict[str, LeadHistory] = {}
        self.months: dict[str, Month] = {}
        self.credits: list[Credit] = []
        self.debits: list[tuple[str, str, int]] = []  # lead, period, amount
        self.billed_fees: dict[tuple[str, str], Fraction] = {}  # by lead and period
        self.manual_credits: set[tuple[str, str, int, date]] = set()  # the same only once a day

    def apply(self, act: Act) -> None:
        """Applies one act. Raises `Refusal`, and changes nothing, if the rules do not allow it."""
        for history in self.leads.values():
            history.settle(act.at)
        match act.kind:
            case "submitted":
                self._submit(act)
            case "edited":
                self.terms = act.terms
            case "notified":
                self._notify(act)
            case "corrected":
                self._correct(self.leads[act.lead], act)
            case "closed":
                self._close(act)
            case "credited":
                self._credit(act)
            case "debited":
                self._debit(act)
            case kind:
                if kind == "revenue":
                    self._check_unbilled(act)
                ACTS_ON_A_LEAD[kind](self.leads[act.lead], act)
        if act.kind in ("refunded", "churned"):
            self._credit_sale_lines(self.leads[act.lead])

    # Intake (rules 2, 3, 5, 7, 8, 15)

    def _submit(self, act: Act) -> None:
        history = LeadHistory(act.lead, self.terms, act.at, act.email, act.answer)
        if act.test:  # a test lead changes nothing here
            return
        self._judge(history)
        if history.stage == "qualified" and not history.terms.notice:
            self._start_window(history, act.at)
        self.leads[act.lead] = history

    def _judge(self, history: LeadHistory) -> None:
        """Sets the stage: duplicate, disqualified, over a cap or qualified."""
        others = [other for other in self.leads.values() if other is not history]
        days = history.terms.window_days
        since = None if days is None else history.received - timedelta(days=days)
        similar = [
            other
            for other in others
            if other.email == history.email and (since is None or other.received >= since)
        ]
        old_answers = [other.answer for other in similar if other.stage == "disqualified"]
        if any(other.stage == "qualified" for other in similar):
            history.stage = "duplicate"
        elif not history.terms.qualifies(history.answer):
            history.stage = "disqualified"
        else:
            history.stage = "qualified"
            history.needs_explicit_acceptance |= any(
                answer != history.answer for answer in old_answers
            )
            self._apply_lead_caps(history, others)

    def _apply_lead_caps(self, history: LeadHistory, others: list[LeadHistory]) -> None:
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

    def _notify(self, act: Act) -> None:
        for history in self.leads.values():
            if history.is_undecided and not history.notified:
                self._start_window(history, act.at)

    def _start_window(self, history: LeadHistory, now: datetime) -> None:
        history.notified = True
        if not history.silence_never_accepts:
            history.deadline = history.terms.window_end(now)

    def _correct(self, history: LeadHistory, act: Act) -> None:
        """Judges the lead again under the terms of its receipt; silence no longer accepts it."""
        if history.stage != "disqualified" and not history.is_undecided:
            raise Refusal
        if act.answer == history.answer:
            raise Refusal
        history.answer, history.needs_explicit_acceptance, history.deadline = act.answer, True, None
        history.notified = history.entered = False
        history.undo = None
        self._judge(history)
        if history.stage != "qualified" and history.appointment == "scheduled":
            history.appointment, history.booked = "cancelled", history.missed

    # Months and documents (rules 9, 20, 23, 25, 27)

    def line_of(self, lead: str, period: str = "") -> Line | None:
        """The line on a statement of any month; None if it is not billed."""
        for month in self.months.values():
            for line in month.lines:
                if (line.lead, line.period) == (lead, period):
                    return line
        return None

    def credited(self, line: Line) -> int:
        """The sum of the credits on a line."""
        return sum(
            credit.amount
            for credit in self.credits
            if (credit.lead, credit.period) == (line.lead, line.period)
        )

    def amount_with_debits(self, line: Line) -> int:
        """The line's amount plus its debit notes."""
        debits = sum(
            amount
            for lead, period, amount in self.debits
            if (lead, period) == (line.lead, line.period)
        )
        return line.amount + debits

    def _check_unbilled(self, act: Act) -> None:
        """Raises `Refusal` for more revenue of a month that is billed: it takes a debit note."""
        if any(self.line_of(act.lead, day.isoformat()) for day in periods_of(act)):
            raise Refusal

    def _credit_sale_lines(self, history: LeadHistory) -> None:
        """Credits every line of a sale down to its fee of now.

        Debits on the line are reduced in the same proportion. The result is rounded once.
        """
        if history.terms.billable not in ("won", "revenue"):
            return
        lines = [line for month in self.months.values() for line in month.lines]
        for line in sorted(lines, key=lambda line: line.period):
            old_fee = self.billed_fees[line.lead, line.period]
            if line.lead != history.lead or (new_fee := history.fee(line.period)) >= old_fee:
                continue
            total = self.amount_with_debits(line)
            exact_total = total - line.amount + (0 if line.free else old_fee)
            credited = sum(
                credit.amount
                for credit in self.credits
                if (credit.lead, credit.period) == (line.lead, line.period) and credit.is_automatic
            )
            amount = total - rounded(exact_total * new_fee / old_fee) - credited
            amount = min(amount, total - self.credited(line))
            if amount > 0:
                self.credits.append(Credit(history.lead, line.period, amount, is_automatic=True))

    def _debit(self, act: Act) -> None:
        """The agency proposes a debit on a line, and the client approves it."""
        line = self.line_of(act.lead, act.period.isoformat() if act.period else "")
        if line is None or act.amount <= 0:
            raise Refusal
        self.debits.append((line.lead, line.period, act.amount))

    def _credit(self, act: Act) -> None:
        line = self.line_of(act.lead, act.period.isoformat() if act.period else "")
        if line is None or act.amount <= 0:
            raise Refusal
        if act.amount > self.amount_with_debits(line) - self.credited(line):
            raise Refusal
        credit = (line.lead, line.period, act.amount, self.terms.day(act.at))
        if credit in self.manual_credits:
            raise Refusal
        self.manual_credits.add(credit)
        self.credits.append(Credit(line.lead, line.period, act.amount, is_automatic=False))

    def _close(self, act: Act) -> None:
        if act.month in self.months:
            return
        if act.month != self.next_month() or act.at < self.end(act.month) + UNDO:
            raise Refusal
        self.months[act.month] = self._draw(act.month, act.at)

    def next_month(self) -> str | None:
        """The earliest open month; months begin with that of the first lead."""
        if self.months:
            return _next_month(max(self.months))
        received = [self.terms.month(history.received) for history in self.leads.values()]
        return min(received, default=None)

    def end(self, month: str) -> datetime:
        """The first moment of the next month."""
        return self.terms.midnight(date.fromisoformat(f"{_next_month(month)}-01"))

    def _draw(self, month: str, at: datetime) -> Month:
        lines = [
            line
            for history in self.leads.values()
            for line in history.due_lines(at)
            if line.due_at < self.end(month) and self.line_of(line.lead, line.period) is None
        ]
        lines.sort(key=lambda line: (line.due_at, line.lead, line.period))
        received_in_month = [
            history
            for history in self.leads.values()
            if self.terms.month(history.received) == month
        ]
        return Month(
            lines=self._apply_money_cap(lines, month),
            in_review=sum(
                history.is_undecided
                and not history.free
                and self.terms.month(history.received) <= month
                for history in self.leads.values()
            ),
            over_cap_refused=sum(history.stage == "over_cap" for history in received_in_month),
            over_cap_free=sum(history.free for history in received_in_month),
        )

    def _apply_money_cap(self, due_lines: list[DueLine], month: str) -> list[Line]:
        """Makes each line free that would cross the cap of the newest lead's terms (rule 9)."""
        newest = max((self.leads[due.lead] for due in due_lines), key=_received, default=None)
        cap = None if newest is None else newest.terms.money_a_month
        lines, total = [], 0
        for due in due_lines:
            late = self.terms.month(due.due_at) != month
            self.billed_fees[due.lead, due.period] = due.exact_fee
            line = Line(due.lead, due.period, due.amount, free=False, late=late, due=due.due_at)
            if cap is not None and total + due.amount > cap:
                line = replace(line, amount=0, free=True)
            total += line.amount
            lines.append(line)
        return lines


def _received(history: LeadHistory) -> tuple[datetime, str]:
    return history.received, history.lead


def _next_month(month: str) -> str:
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]), 12)
    return f"{year:04}-{number + 1:02}"
