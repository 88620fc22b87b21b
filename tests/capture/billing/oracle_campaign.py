"""The oracle's campaign: what it makes of submissions, and the lines of its months.

Written from docs/rules.md alone and on the standard library alone, without the product's code.
"""

from collections.abc import Container, Iterable, Set
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Final

from tests.capture.billing.oracle_acts import Act
from tests.capture.billing.oracle_history import ZERO, DueLine, LeadHistory, Refusal, Terms
from tests.capture.billing.oracle_waiting import HELD

FREE_MAIL: Final = ("gmail.com",)
KNOWN_TO_CLIENT: Final = ("qualified", "held_back")
"""Stages of a lead that is delivered, whatever its review."""
CORRECTABLE: Final = (
    *("disqualified", "quarantined", "held_back", "discarded", "unconfirmed", "expired"),
)
"""Stages in which rule 15 lets the agency correct a lead, besides an undecided qualified one."""
LINK: Final = timedelta(days=7)
"""How long a confirmation letter's link works."""
IN_REFUSING_CAP: Final = timedelta(hours=2)
"""How long an unconfirmed lead keeps its place under a cap that refuses leads."""


@dataclass(frozen=True)
class Line:
    """A line of a closed month."""

    lead: str
    period: str
    amount: int
    free: bool
    late: bool
    due: datetime
    exact_fee: Fraction = field(default=ZERO, compare=False)
    """The fee of that time, neither rounded nor capped."""


@dataclass
class Part:
    """A campaign's part of a closed month."""

    lines: list[Line]
    parked: Set[str]
    """The leads with a line that could not be computed."""
    in_review: int
    over_cap_refused: int
    over_cap_free: int

    @property
    def total(self) -> int:
        """The sum of its lines."""
        return sum(line.amount for line in self.lines)

    @property
    def is_empty(self) -> bool:
        """Whether a document leaves it out."""
        counts = (self.in_review, self.over_cap_refused, self.over_cap_free)
        return not (self.lines or self.parked or any(counts))


class OracleCampaign:
    """One campaign; its leads are those that it took."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.leads: dict[str, LeadHistory] = {}

    # Intake (rules 2, 3, 5, 7, 8, 15, 36)

    def submit(self, act: Act, client_leads: Iterable[LeadHistory]) -> None:
        history = LeadHistory(
            act.lead, self.terms, act.at, act.email, act.answer, imported=act.imported
        )
        if act.test:  # a test lead changes nothing here
            return
        self._judge(history, client_leads, act.at, suspicious=act.suspicious)
        self.leads[act.lead] = history

    def _judge(
        self,
        history: LeadHistory,
        client_leads: Iterable[LeadHistory],
        now: datetime,
        *,
        suspicious: bool = False,
    ) -> None:
        """Sets the stage: the first that applies, in the order of rule 36.

        `client_leads` are those of all campaigns of the client. An earlier answer counts only if it
        was given to the same campaign.
        """
        others = [other for other in self.leads.values() if other is not history]
        similar = self._similar_leads(history, client_leads)
        if self._is_duplicate(history, similar):
            history.stage = "duplicate"
            return
        if not history.terms.qualifies(history.answer):
            history.stage = "disqualified"
            return
        history.needs_explicit_acceptance |= any(
            other.erased or other.answer != history.answer
            for other in similar
            if other.stage == "disqualified" and other.lead in self.leads
        )
        if suspicious:
            history.stage = "quarantined"
            return
        if self._is_over_cap(history, others, now):
            if history.terms.over == "refuse":
                history.stage = "over_cap"
                return
            history.free = True
        if history.terms.confirm and not history.confirmed and not history.imported:
            history.stage, history.link_ends = "unconfirmed", now + LINK
            return
        history.stage = "qualified"
        # Nobody can prove the address of an imported lead, since it gets no letter.
        history.needs_explicit_acceptance |= history.terms.confirm and not history.confirmed
        if not (history.terms.notice or history.needs_explicit_acceptance):
            self._start_window(history, now)

    def _similar_leads(
        self, history: LeadHistory, client_leads: Iterable[LeadHistory]
    ) -> list[LeadHistory]:
        """The other leads of the person in the scope and the window (rule 2)."""
        candidates = client_leads if history.terms.scope == "client" else self.leads.values()
        days = history.terms.window_days
        since = None if days is None else history.received - timedelta(days=days)
        return [
            other
            for other in candidates
            if other is not history
            and other.email == history.email
            and (since is None or other.received >= since)
        ]

    def _is_duplicate(self, history: LeadHistory, similar: Iterable[LeadHistory]) -> bool:
        """Whether the client has a lead of the person, or one waits for the person's proof.

        The person of an unconfirmed lead of this campaign gets its letter again. That does not
        matter for a person who has confirmed this one.
        """
        return any(
            other.stage in KNOWN_TO_CLIENT
            or (other.stage == "unconfirmed" and other.lead in self.leads and not history.confirmed)
            for other in similar
        )

    @staticmethod
    def _is_over_cap(history: LeadHistory, others: Iterable[LeadHistory], now: datetime) -> bool:
        terms, domain = history.terms, history.email.partition("@")[2]
        places = [
            other
            for other in others
            if terms.month(other.received) == terms.month(history.received)
            and not other.free
            and _takes_place(other, terms, now)
        ]
        company = [other for other in places if other.email.partition("@")[2] == domain]
        return (terms.leads_a_month is not None and len(places) >= terms.leads_a_month) or (
            terms.leads_a_company is not None
            and domain not in FREE_MAIL
            and len(company) >= terms.leads_a_company
        )

    def notify(self, act: Act) -> None:
        for history in self.leads.values():
            if history.is_undecided and not history.notified:
                self._start_window(history, act.at)

    def _start_window(self, history: LeadHistory, now: datetime) -> None:
        history.notified = True
        if not history.silence_never_accepts:
            history.deadline = history.terms.window_end(now)

    def judge_again(
        self, history: LeadHistory, act: Act, client_leads: Iterable[LeadHistory]
    ) -> None:
        """Judges a lead that is corrected, confirmed or released."""
        judge = {
            "corrected": self._correct,
            "confirmed": self._confirm,
            "released": self._release,
        }[act.kind]
        judge(history, act, client_leads)

    def _correct(self, history: LeadHistory, act: Act, client_leads: Iterable[LeadHistory]) -> None:
        """Judges the lead again under the terms of its receipt; silence no longer accepts it.

        A correction is no consent, so a lead remains ended after a withdrawal (rule 35).
        """
        if history.stage not in CORRECTABLE and not history.is_undecided:
            raise Refusal
        answer, email = act.answer or history.answer, act.email or history.email
        is_unchanged = (answer, email) == (history.answer, history.email)
        is_rescued = history.stage == "discarded"  # also with the same answers
        if (is_unchanged and not is_rescued) or history.erased or history.consent_withdrawn:
            raise Refusal
        if email != history.email:  # at the new address nothing bounced, and nobody proved it
            history.bounced = history.confirmed = False
        history.answer, history.email = answer, email
        history.needs_explicit_acceptance, history.deadline = True, None
        history.notified = history.entered = False
        history.undo = None
        self._judge(history, client_leads, act.at)
        if history.stage != "qualified" and history.appointment == "scheduled":
            history.appointment, history.booked = "cancelled", history.missed

    def _confirm(self, history: LeadHistory, act: Act, client_leads: Iterable[LeadHistory]) -> None:
        """The person proves the address. A quarantined lead stays in quarantine."""
        if history.erased or history.link_ends is None or history.link_ends <= act.at:
            return
        if history.stage in ("unconfirmed", "quarantined"):
            history.confirmed = True
        if history.stage == "unconfirmed":
            self._judge(history, client_leads, act.at)

    def _release(self, history: LeadHistory, act: Act, client_leads: Iterable[LeadHistory]) -> None:
        """The agency ends the quarantine; a lead that the client knows gets a full window."""
        if history.stage not in HELD or history.erased:
            raise Refusal
        if history.stage == "quarantined":
            self._judge(history, client_leads, act.at)
            return
        history.stage = "qualified"
        self._start_window(history, act.at)

    # Months (rules 9, 20, 25)

    def first_month(self) -> str | None:
        """The month of the first lead; None without a lead."""
        return min(map(self._month_of, self.leads.values()), default=None)

    def end(self, month: str) -> datetime:
        """The first moment of the next month."""
        return self.terms.midnight(date.fromisoformat(f"{next_month(month)}-01"))

    def draw(
        self, month: str, at: datetime, billed: Container[tuple[str, str]], impossible: Set[str]
    ) -> Part:
        """The month's part, without billed lines and those of leads that cannot be computed."""
        due_lines = [
            line
            for history in self.leads.values()
            for line in history.due_lines(at)
            if line.due_at < self.end(month) and (line.lead, line.period) not in billed
        ]
        parked = {line.lead for line in due_lines} & impossible
        lines = [line for line in due_lines if line.lead not in parked]
        lines.sort(key=lambda line: (line.due_at, line.lead, line.period))
        received_in_month = [
            history for history in self.leads.values() if self._month_of(history) == month
        ]
        return Part(
            lines=self._apply_money_cap(lines, month),
            parked=parked,
            in_review=sum(
                history.is_undecided and not history.free and self._month_of(history) <= month
                for history in self.leads.values()
            ),
            over_cap_refused=sum(history.stage == "over_cap" for history in received_in_month),
            over_cap_free=sum(
                history.free and history.stage in KNOWN_TO_CLIENT for history in received_in_month
            ),
        )

    def _month_of(self, history: LeadHistory) -> str:
        return self.terms.month(history.received)

    def _apply_money_cap(self, due_lines: list[DueLine], month: str) -> list[Line]:
        """Makes each line free that would cross the cap of the newest lead's terms (rule 9)."""
        newest = max((self.leads[due.lead] for due in due_lines), key=_received, default=None)
        cap = None if newest is None else newest.terms.money_a_month
        lines, total = [], 0
        for due in due_lines:
            late = self.terms.month(due.due_at) != month
            line = Line(due.lead, due.period, due.amount, False, late, due.due_at, due.exact_fee)
            if cap is not None and total + due.amount > cap:
                line = replace(line, amount=0, free=True)
            total += line.amount
            lines.append(line)
        return lines


def _takes_place(history: LeadHistory, terms: Terms, now: datetime) -> bool:
    """Whether a lead counts in a cap of these terms (rule 7)."""
    if history.stage == "unconfirmed":
        return terms.over == "free" or now - history.received < IN_REFUSING_CAP
    return history.stage in KNOWN_TO_CLIENT and history.rejected is None


def next_month(month: str) -> str:
    """The month after a month."""
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]), 12)
    return f"{year:04}-{number + 1:02}"


def _received(history: LeadHistory) -> tuple[datetime, str]:
    return history.received, history.lead
