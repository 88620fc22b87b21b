"""The oracle's acts on a lead, on the three tracks of rule 10 of docs/rules.md.

Written from the rules alone. Each function changes a history, or raises `Refusal` and changes
nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product
from typing import Final

from tests.capture.billing.oracle_history import (
    Absence,
    LeadHistory,
    Outcome,
    Refund,
    Refusal,
    Terms,
    months_later,
    split,
)


@dataclass(frozen=True)
class Act:
    """Something that somebody did about a lead or a month; `at` is when it was recorded."""

    at: datetime
    kind: str
    lead: str = ""
    by: str = "Carol"
    client: bool = False
    entered: bool = False  # the agency enters it for the client
    on: datetime | None = None  # when it happened; None: at `at`
    meeting: datetime | None = None
    amount: int | None = None
    period: date | None = None
    months: int = 1
    reason: str = ""
    email: str = ""
    answer: str = ""
    test: bool = False
    suspicious: bool = False  # a submission whose risk signals add up
    imported: bool = False  # a submission without a form
    campaign: str = "guide"  # of a submission, an edit and a notice
    terms: Terms | None = None
    month: str = ""
    even_if_empty: bool = False  # the month gets a document even without a line (rule 26)
    impossible: frozenset[str] = frozenset()  # leads whose lines a close cannot compute
    interrupted_at: int = 0  # the step at which a first try of the close is interrupted; 0: none
    number: str = ""  # of the document that is paid

    @property
    def happened(self) -> datetime:
        """When it happened (rule 25)."""
        return self.on or self.at


def require(condition: object) -> None:
    """Raises `Refusal` unless the condition holds."""
    if not condition:
        raise Refusal


# Review (rules 10 to 13)


def _may_accept_after_rejection(history: LeadHistory, act: Act) -> bool:
    """Whether the agency entered the rejection and it is not final yet (rule 41)."""
    is_entered = history.stage == "qualified" and history.rejected and history.entered
    return is_entered and not act.entered and act.at < history.deadline


def _record_review(history: LeadHistory, act: Act) -> None:
    history.state_before_review = (history.entered, history.deadline, history.rejected)
    history.undo, history.entered = (act.by, act.at), act.entered
    if act.entered:
        history.deadline = history.terms.window_end(act.at)


def accepted(history: LeadHistory, act: Act) -> None:
    require(history.is_undecided or _may_accept_after_rejection(history, act))
    if act.entered:  # silence makes it final, so it is refused if silence never accepts
        require(not history.silence_never_accepts and history.deadline and not history.entered)
        _record_review(history, act)
        return
    _record_review(history, act)
    history.accepted, history.rejected, history.disputed = act.at, None, False


def rejected(history: LeadHistory, act: Act) -> None:
    require(history.is_undecided and act.reason in history.terms.reasons)
    _record_review(history, act)
    history.rejected, history.booking_before_rejection = act.at, history.booked
    history.lost_meeting = lose_meeting(history)


def withdrawn(history: LeadHistory, act: Act) -> None:
    require(history.undo and history.undo[0] == act.by and history.entered == act.entered)
    require(act.at - history.undo[1] <= timedelta(seconds=10))
    entered, deadline, rejected_before = history.state_before_review
    if history.rejected and history.lost_meeting:
        history.appointment, history.booked = "scheduled", history.booking_before_rejection
    history.entered, history.deadline, history.rejected = entered, deadline, rejected_before
    history.accepted = history.undo = None
    history.disputed = False
    end_deadline_without_silence(history)


def bounced(history: LeadHistory, act: Act) -> None:  # noqa: ARG001
    history.bounced = True
    end_deadline_without_silence(history)


def end_deadline_without_silence(history: LeadHistory) -> None:
    """A lead in review has no deadline if its address bounced, its person withdrew the consent, or
    its data was erased (rules 35 and 36)."""
    if history.silence_has_ended and history.is_undecided:
        history.deadline = None


def _is_clients_outcome(history: LeadHistory, act: Act) -> bool:
    """Whether the client itself recorded an outcome that accepts the lead (rule 41)."""
    return act.client and act.kind in ("held", "won", "revenue", history.terms.billable)


def _accept_by_outcome(history: LeadHistory, act: Act) -> None:
    """Accepts the lead if the client itself recorded the outcome; this cannot be undone."""
    if _is_clients_outcome(history, act):
        if history.accepted is None:
            history.accepted, history.rejected = act.at, None
            history.entered = history.disputed = False
        history.undo = None


def disputed(history: LeadHistory, act: Act) -> None:  # noqa: ARG001
    require(history.rejected and not history.disputed)
    history.disputed = True


def settled(history: LeadHistory, act: Act) -> None:
    require(history.disputed)
    history.disputed, history.rejected, history.undo, history.accepted = False, None, None, act.at


def lose_meeting(history: LeadHistory) -> bool:
    """Cancels a pending meeting; a booking that stays billable is kept."""
    if history.appointment != "scheduled":
        return False
    history.appointment, history.booked = "cancelled", history.missed
    return True


# Appointment (rules 10, 14, 21)


def _check_open(history: LeadHistory, act: Act) -> None:
    """Raises `Refusal` for a rejected lead, or a time before receipt or in the future."""
    overrules = _is_clients_outcome(history, act) and _may_accept_after_rejection(history, act)
    require(history.stage == "qualified" and (history.rejected is None or overrules))
    require(history.received <= act.happened <= act.at)


def _outcome(history: LeadHistory, act: Act, amount: int = 0) -> Outcome:
    """The act's outcome. If the agency records a billable one, it is final later (rule 14)."""
    is_billable = history.terms.billable == act.kind
    waits = is_billable and not act.client
    final_at = history.terms.window_end(act.at) if waits else act.happened
    return Outcome(act.happened, final_at, amount)


def _check_objection(outcome: Outcome | None, act: Act) -> None:
    require(act.client and outcome is not None and act.at < outcome.final_at)


def _schedule(history: LeadHistory, act: Act) -> None:
    require(history.received <= act.meeting)
    history.appointment, history.meeting = "scheduled", act.meeting
    history.deemed_held_at = history.terms.window_end(max(act.meeting, act.at))


def scheduled(history: LeadHistory, act: Act) -> None:
    _check_open(history, act)
    require(history.appointment in ("none", "no_show", "cancelled", "objected"))
    _schedule(history, act)
    history.booked = history.missed or _outcome(history, act)
    _accept_by_outcome(history, act)


def moved(history: LeadHistory, act: Act) -> None:
    _check_open(history, act)
    require(history.appointment == "scheduled" and act.meeting != history.meeting)
    require(history.received <= act.meeting)
    _charge_if_late(history, act)
    _schedule(history, act)


def held(history: LeadHistory, act: Act) -> None:
    _check_open(history, act)
    require(history.appointment in ("scheduled", "objected") and act.happened >= history.meeting)
    history.appointment, history.held = "held", _outcome(history, act)
    _accept_by_outcome(history, act)


def no_show(history: LeadHistory, act: Act) -> None:
    _check_open(history, act)
    require(history.appointment in ("scheduled", "held") and act.happened >= history.meeting)
    if history.appointment == "held":
        _check_objection(history.held, act)
    history.appointment, history.held, history.missed = "no_show", None, history.booked


def cancelled(history: LeadHistory, act: Act) -> None:
    _check_open(history, act)
    require(history.appointment == "scheduled")
    _charge_if_late(history, act)
    lose_meeting(history)


def _charge_if_late(history: LeadHistory, act: Act) -> None:
    """Keeps the booking billable from the meeting's time on (rule 42)."""
    if act.happened >= history.meeting:
        history.missed = history.booked


# Sale (rules 10, 14, 22, 23, 37, 42)


def won(history: LeadHistory, act: Act) -> None:
    _check_open(history, act)
    require(history.sale in ("none", "lost", "objected", "churned") and act.amount > 0)
    if history.sale == "churned":  # a return: no second sale, and the months do not restart
        day = history.terms.day(act.happened)
        require(day >= history.absences[-1].left_on)
        history.sale, history.absences[-1].returned_on = "won", day
        _accept_by_outcome(history, act)
        return
    history.sale, history.won = "won", _outcome(history, act, act.amount)
    _accept_by_outcome(history, act)


def lost(history: LeadHistory, act: Act) -> None:
    _check_open(history, act)
    require(history.sale in ("none", "objected"))
    history.sale = "lost"


def revenue(history: LeadHistory, act: Act) -> None:
    """Splits a payment for several months by month.

    Several amounts for the same month add up; two months of the term must not overlap.
    """
    _check_open(history, act)
    require(history.sale in ("won", "churned", "refunded") and act.amount > 0)
    days = periods_of(act)
    if history.terms.billable == "revenue":
        require(act.period >= history.terms.day(history.won.occurred_at))
        paid_days = [
            day
            for day in history.revenue
            if history.is_within_term(day) and history.net_revenue(day)
        ]
        for day, other in product(filter(history.is_within_term, days), paid_days):
            first, second = sorted((day, other))
            require(day == other or months_later(first, 1) <= second)
    for day, part in zip(days, split(act.amount, act.months), strict=True):
        history.revenue.setdefault(day, []).append(_outcome(history, act, part))
    _accept_by_outcome(history, act)


def periods_of(act: Act) -> list[date]:
    """The first day of each month that the act names."""
    return [months_later(act.period, index) for index in range(act.months)]


def churned(history: LeadHistory, act: Act) -> None:
    _check_open(history, act)
    require(history.sale == "won")
    day = history.terms.day(act.happened)
    won_on = history.terms.day(history.won.occurred_at)
    require(day >= (history.absences[-1].returned_on if history.absences else won_on))
    history.sale = "churned"
    history.absences.append(Absence(day))


def refunded(history: LeadHistory, act: Act) -> None:
    _check_open(history, act)
    require(history.sale in ("won", "churned") and act.amount > 0)
    require(history.terms.day(act.happened) >= history.terms.day(history.won.occurred_at))
    if history.terms.billable != "revenue":
        require(act.period is None)
        left = history.won.amount - _refunded(history) - act.amount
        require(left >= 0)
        parts = [Refund(act.happened, act.amount)]
    elif act.period is None:
        require(act.amount in full_refunds(history))
        left, parts = 0, [Refund(act.happened, act.amount)]
    else:
        amounts = zip(periods_of(act), split(act.amount, act.months), strict=True)
        left, parts = 1, [Refund(act.happened, part, day) for day, part in amounts]
        require(all(0 < part.amount <= history.net_revenue(part.period) for part in parts))
    history.refunds += parts
    if left == 0:
        history.sale = "refunded"


def _refunded(history: LeadHistory) -> int:
    return sum(refund.amount for refund in history.refunds)


def full_refunds(history: LeadHistory) -> list[int]:
    """The amounts of a full refund: all revenue or, if that is no less, the sale."""
    revenue = sum(part.amount for amounts in history.revenue.values() for part in amounts)
    totals = [revenue] if revenue > history.won.amount else [revenue, history.won.amount]
    return [total - _refunded(history) for total in totals if total > 0]


def objected(history: LeadHistory, act: Act) -> None:
    """An objection in time removes the outcome; it may be recorded again."""
    _check_open(history, act)
    require(act.reason in history.terms.reasons)
    match history.terms.billable:
        case "scheduled":
            require(history.appointment in ("scheduled", "held", "no_show"))
            _check_objection(history.booked, act)
        case "held":
            require(history.appointment in ("scheduled", "held"))
            has_begun = history.meeting <= act.happened
            pending = Outcome(history.meeting, history.deemed_held_at) if has_begun else None
            _check_objection(pending if history.appointment == "scheduled" else history.held, act)
        case "won":
            require(history.sale in ("won", "churned", "refunded"))
            _check_objection(history.won, act)
            history.sale, history.won, history.refunds, history.absences = "objected", None, [], []
            return
        case "revenue":
            require(history.sale in ("won", "churned", "refunded"))
            _object_to_month(history, act)
            return
        case _:
            raise Refusal
    history.appointment, history.booked, history.missed, history.held = "objected", None, None, None


def _object_to_month(history: LeadHistory, act: Act) -> None:
    """Removes the month's amounts that are not final, and its refunds if none remains."""
    amounts = history.revenue.get(act.period, [])
    last = max(amounts, key=lambda amount: amount.final_at, default=None)
    _check_objection(last, act)
    final_amounts = [amount for amount in amounts if amount.final_at <= act.at]
    if final_amounts:
        history.revenue[act.period] = final_amounts
        return
    del history.revenue[act.period]
    history.refunds = [refund for refund in history.refunds if refund.period != act.period]


ACTS_ON_A_LEAD: Final[Mapping[str, Callable[[LeadHistory, Act], None]]] = {
    act.__name__: act
    for act in (
        accepted,
        rejected,
        withdrawn,
        bounced,
        disputed,
        settled,
        scheduled,
        moved,
        held,
        no_show,
        cancelled,
        won,
        lost,
        revenue,
        churned,
        refunded,
        objected,
    )
}
