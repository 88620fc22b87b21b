"""The acts on one lead on the three tracks of rule 10, written from the rules alone.

Each function changes a life or raises `Refusal` before it changes anything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product
from typing import Final

from tests.capture.billing.oracle_life import (
    Absence,
    Life,
    Outcome,
    Refund,
    Refusal,
    Terms,
    months_later,
    split,
)


@dataclass(frozen=True)
class Act:
    """One thing that somebody did: when it was recorded, what, about which lead."""

    at: datetime
    what: str
    lead: str = ""
    by: str = "Carol"
    client: bool = False
    entered: bool = False  # the agency enters it for the client
    on: datetime | None = None  # when it happened, if not at `at`
    meeting: datetime | None = None
    amount: int | None = None
    period: date | None = None
    months: int = 1
    reason: str = ""
    email: str = ""
    answer: str = ""
    test: bool = False
    month: str = ""
    terms: Terms | None = None

    @property
    def happened(self) -> datetime:
        """Rule 25 keeps both times."""
        return self.on or self.at


def _must(holds: object) -> None:
    if not holds:
        raise Refusal


# Review (rules 10 to 13)


def _objects(history: Life, act: Act) -> bool:
    """Rule 41: to a rejection that the agency entered the client may object until it is final."""
    entered = history.stage == "qualified" and history.rejected and history.entered
    return entered and not act.entered and act.at < history.deadline


def _reviewed(history: Life, act: Act) -> None:
    history.before = (history.entered, history.deadline, history.rejected)
    history.undo, history.entered = (act.by, act.at), act.entered
    if act.entered:
        history.deadline = history.terms.window_end(act.at)


def accepted(history: Life, act: Act) -> None:
    _must(history.undecided or _objects(history, act))
    if act.entered:  # silence makes it final, so it is refused where silence accepts nothing
        _must(not history.explicit and history.deadline and not history.entered)
        _reviewed(history, act)
        return
    _reviewed(history, act)
    history.accepted, history.rejected, history.disputed = act.at, None, False


def rejected(history: Life, act: Act) -> None:
    _must(history.undecided and act.reason in history.terms.reasons)
    _reviewed(history, act)
    history.rejected, history.before_rejection = act.at, history.booked
    history.lost_meeting = _lose_meeting(history)


def withdrawn(history: Life, act: Act) -> None:
    _must(history.undo and history.undo[0] == act.by and history.entered == act.entered)
    _must(act.at - history.undo[1] <= timedelta(seconds=10))
    entered, deadline, earlier = history.before
    if history.rejected and history.lost_meeting:
        history.appointment, history.booked = "scheduled", history.before_rejection
    history.entered, history.deadline, history.rejected = entered, deadline, earlier
    history.accepted = history.undo = None
    history.disputed = False


def _is_own_word(history: Life, act: Act) -> bool:
    """Rule 41: whether the client itself recorded a paying outcome."""
    paying = ("held", "won", "revenue", history.terms.billable)
    return act.client and act.what in paying


def _accepts(history: Life, act: Act) -> None:
    """A client that records a paying outcome accepts the lead and cannot undo that."""
    if _is_own_word(history, act):
        if history.accepted is None:
            history.accepted, history.rejected = act.at, None
            history.entered = history.disputed = False
        history.undo = None


def disputed(history: Life, act: Act) -> None:  # noqa: ARG001
    _must(history.rejected and not history.disputed)
    history.disputed = True


def settled(history: Life, act: Act) -> None:
    _must(history.disputed)
    history.disputed, history.rejected, history.undo, history.accepted = False, None, None, act.at


def _lose_meeting(history: Life) -> bool:
    """Cancels a pending meeting; a booking that stays billable is kept."""
    if history.appointment != "scheduled":
        return False
    history.appointment, history.booked = "cancelled", history.missed
    return True


# Appointment (rules 10, 14, 21)


def _stands(history: Life, act: Act) -> None:
    """The client has the lead and did not reject it, and the act lies in the past."""
    again = _is_own_word(history, act) and _objects(history, act)
    _must(history.stage == "qualified" and (history.rejected is None or again))
    _must(history.received <= act.happened <= act.at)


def _outcome(history: Life, act: Act, amount: int = 0) -> Outcome:
    """Final at once by the client's word; by the agency's when the client's time is over."""
    pays = history.terms.billable == act.what
    final = history.terms.window_end(act.at) if pays and not act.client else act.happened
    return Outcome(act.happened, final, amount)


def _may_object(outcome: Outcome | None, act: Act) -> None:
    _must(act.client and outcome is not None and act.at < outcome.final)


def _meet(history: Life, act: Act) -> None:
    _must(history.received <= act.meeting)
    history.appointment, history.meeting = "scheduled", act.meeting
    history.silent = history.terms.window_end(max(act.meeting, act.at))


def scheduled(history: Life, act: Act) -> None:
    _stands(history, act)
    _must(history.appointment in ("none", "no_show", "cancelled", "objected"))
    _meet(history, act)
    history.booked = history.missed or _outcome(history, act)
    _accepts(history, act)


def moved(history: Life, act: Act) -> None:
    _stands(history, act)
    _must(history.appointment == "scheduled" and act.meeting != history.meeting)
    _must(history.received <= act.meeting)
    _charge_if_late(history, act)
    _meet(history, act)


def held(history: Life, act: Act) -> None:
    _stands(history, act)
    _must(history.appointment in ("scheduled", "objected") and act.happened >= history.meeting)
    history.appointment, history.held = "held", _outcome(history, act)
    _accepts(history, act)


def no_show(history: Life, act: Act) -> None:
    _stands(history, act)
    _must(history.appointment in ("scheduled", "held") and act.happened >= history.meeting)
    if history.appointment == "held":
        _may_object(history.held, act)
    history.appointment, history.held, history.missed = "no_show", None, history.booked


def cancelled(history: Life, act: Act) -> None:
    _stands(history, act)
    _must(history.appointment == "scheduled")
    _charge_if_late(history, act)
    _lose_meeting(history)


def _charge_if_late(history: Life, act: Act) -> None:
    """Rule 42: without charge until the meeting's time; then the booking stands for good."""
    if act.happened >= history.meeting:
        history.missed = history.booked


# Sale (rules 10, 14, 22, 23, 37, 42)


def won(history: Life, act: Act) -> None:
    _stands(history, act)
    _must(history.sale in ("none", "lost", "objected", "churned") and act.amount > 0)
    if history.sale == "churned":  # a return: no second acquisition, and the months do not restart
        day = history.terms.day(act.happened)
        _must(day >= history.absences[-1].left)
        history.sale, history.absences[-1].back = "won", day
        _accepts(history, act)
        return
    history.sale, history.won = "won", _outcome(history, act, act.amount)
    _accepts(history, act)


def lost(history: Life, act: Act) -> None:
    _stands(history, act)
    _must(history.sale in ("none", "objected"))
    history.sale = "lost"


def revenue(history: Life, act: Act) -> None:
    """A payment for several months is split by month; a month of the term is paid for once.

    Once by its first day: more amounts of that very month add up.
    """
    _stands(history, act)
    _must(history.sale in ("won", "churned", "refunded") and act.amount > 0)
    days = named_months(act)
    if history.terms.billable == "revenue":
        _must(act.period >= history.terms.day(history.won.on))
        standing = [
            day
            for day in history.revenue
            if history.is_within_term(day) and history.net_revenue(day)
        ]
        for day, other in product(filter(history.is_within_term, days), standing):
            first, second = sorted((day, other))
            _must(day == other or months_later(first, 1) <= second)
    for day, part in zip(days, split(act.amount, act.months), strict=True):
        history.revenue.setdefault(day, []).append(_outcome(history, act, part))
    _accepts(history, act)


def named_months(act: Act) -> list[date]:
    """The first day of each month that it is for."""
    return [months_later(act.period, number) for number in range(act.months)]


def churned(history: Life, act: Act) -> None:
    _stands(history, act)
    _must(history.sale == "won")
    day = history.terms.day(act.happened)
    since = history.absences[-1].back if history.absences else history.terms.day(history.won.on)
    _must(day >= since)
    history.sale = "churned"
    history.absences.append(Absence(day))


def refunded(history: Life, act: Act) -> None:
    _stands(history, act)
    _must(history.sale in ("won", "churned") and act.amount > 0)
    _must(history.terms.day(act.happened) >= history.terms.day(history.won.on))
    if history.terms.billable != "revenue":
        _must(act.period is None)
        left = history.won.amount - _refunded(history) - act.amount
        _must(left >= 0)
        parts = [Refund(act.happened, act.amount)]
    elif act.period is None:
        _must(act.amount in sums_in_full(history))
        left, parts = 0, [Refund(act.happened, act.amount)]
    else:
        amounts = zip(named_months(act), split(act.amount, act.months), strict=True)
        left, parts = 1, [Refund(act.happened, part, day) for day, part in amounts]
        _must(all(0 < one.amount <= history.net_revenue(one.period) for one in parts))
    history.refunds += parts
    if left == 0:
        history.sale = "refunded"


def _refunded(history: Life) -> int:
    return sum(one.amount for one in history.refunds)


def sums_in_full(history: Life) -> list[int]:
    """What a refund in full is: all revenue that there is, or the sale if that is no less."""
    paid = sum(one.amount for amounts in history.revenue.values() for one in amounts)
    sums = [paid] if paid > history.won.amount else [paid, history.won.amount]
    return [one - _refunded(history) for one in sums if one > 0]


def objected(history: Life, act: Act) -> None:
    """An objection in time removes the outcome; it may be recorded again."""
    _stands(history, act)
    _must(act.reason in history.terms.reasons)
    match history.terms.billable:
        case "scheduled":
            _must(history.appointment in ("scheduled", "held", "no_show"))
            _may_object(history.booked, act)
        case "held":
            _must(history.appointment in ("scheduled", "held"))
            begun = history.meeting <= act.happened
            pending = Outcome(history.meeting, history.silent) if begun else None
            _may_object(pending if history.appointment == "scheduled" else history.held, act)
        case "won":
            _must(history.sale in ("won", "churned", "refunded"))
            _may_object(history.won, act)
            history.sale, history.won, history.refunds, history.absences = "objected", None, [], []
            return
        case "revenue":
            _must(history.sale in ("won", "churned", "refunded"))
            _contest_month(history, act)
            return
        case _:
            raise Refusal
    history.appointment, history.booked, history.missed, history.held = "objected", None, None, None


def _contest_month(history: Life, act: Act) -> None:
    """Removes the month's amounts that are not final, and its refunds if none remains."""
    amounts = history.revenue.get(act.period, [])
    _may_object(max(amounts, key=lambda one: one.final, default=None), act)
    final = [one for one in amounts if one.final <= act.at]
    if final:
        history.revenue[act.period] = final
        return
    del history.revenue[act.period]
    history.refunds = [one for one in history.refunds if one.period != act.period]


ON_A_LEAD: Final[Mapping[str, Callable[[Life, Act], None]]] = {
    one.__name__: one
    for one in (
        accepted,
        rejected,
        withdrawn,
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
