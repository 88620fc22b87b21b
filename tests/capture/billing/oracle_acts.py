"""What may become of one lead, act by act: the three tracks of rule 10, read from the rules.

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


def _objects(life: Life, act: Act) -> bool:
    """Rule 41: to a rejection that the agency entered the client may object until it is final."""
    entered = life.stage == "qualified" and life.rejected and life.entered
    return entered and not act.entered and act.at < life.deadline


def _reviewed(life: Life, act: Act) -> None:
    life.before = (life.entered, life.deadline, life.rejected)
    life.undo, life.entered = (act.by, act.at), act.entered
    if act.entered:
        life.deadline = life.terms.window_end(act.at)


def accepted(life: Life, act: Act) -> None:
    _must(life.undecided or _objects(life, act))
    if act.entered:  # silence makes it final, so it is refused where silence accepts nothing
        _must(not life.explicit and life.deadline and not life.entered)
        _reviewed(life, act)
        return
    _reviewed(life, act)
    life.accepted, life.rejected, life.disputed = act.at, None, False


def rejected(life: Life, act: Act) -> None:
    _must(life.undecided and act.reason in life.terms.reasons)
    _reviewed(life, act)
    life.rejected, life.before_rejection = act.at, life.booked
    life.lost_meeting = _lose_meeting(life)


def withdrawn(life: Life, act: Act) -> None:
    _must(life.undo and life.undo[0] == act.by and life.entered == act.entered)
    _must(act.at - life.undo[1] <= timedelta(seconds=10))
    entered, deadline, earlier = life.before
    if life.rejected and life.lost_meeting:
        life.appointment, life.booked = "scheduled", life.before_rejection
    life.entered, life.deadline, life.rejected = entered, deadline, earlier
    life.accepted = life.undo = None
    life.disputed = False


def _is_own_word(life: Life, act: Act) -> bool:
    """Rule 41: that a lead paid, as the client itself says."""
    paying = ("held", "won", "revenue", life.terms.billable)
    return act.client and act.what in paying


def _accepts(life: Life, act: Act) -> None:
    """Who says that a lead paid accepts it, and takes that back no more."""
    if _is_own_word(life, act):
        if life.accepted is None:
            life.accepted, life.rejected = act.at, None
            life.entered = life.disputed = False
        life.undo = None


def disputed(life: Life, act: Act) -> None:  # noqa: ARG001
    _must(life.rejected and not life.disputed)
    life.disputed = True


def settled(life: Life, act: Act) -> None:
    _must(life.disputed)
    life.disputed, life.rejected, life.undo, life.accepted = False, None, None, act.at


def _lose_meeting(life: Life) -> bool:
    """Cancels a pending meeting; what a no-show made stand stands."""
    if life.appointment != "scheduled":
        return False
    life.appointment, life.booked = "cancelled", life.missed
    return True


# Appointment (rules 10, 14, 21)


def _stands(life: Life, act: Act) -> None:
    """The client has the lead and did not reject it, and the act lies in the past."""
    again = _is_own_word(life, act) and _objects(life, act)
    _must(life.stage == "qualified" and (life.rejected is None or again))
    _must(life.received <= act.happened <= act.at)


def _outcome(life: Life, act: Act, amount: int = 0) -> Outcome:
    """Final at once by the client's word; by the agency's when the client's time is over."""
    pays = life.terms.billable == act.what
    final = life.terms.window_end(act.at) if pays and not act.client else act.happened
    return Outcome(act.happened, final, amount)


def _may_object(outcome: Outcome | None, act: Act) -> None:
    _must(act.client and outcome is not None and act.at < outcome.final)


def _meet(life: Life, act: Act) -> None:
    _must(life.received <= act.meeting)
    life.appointment, life.meeting = "scheduled", act.meeting
    life.silent = life.terms.window_end(max(act.meeting, act.at))


def scheduled(life: Life, act: Act) -> None:
    _stands(life, act)
    _must(life.appointment in ("none", "no_show", "cancelled", "contested"))
    _meet(life, act)
    life.booked = life.missed or _outcome(life, act)
    _accepts(life, act)


def moved(life: Life, act: Act) -> None:
    _stands(life, act)
    _must(life.appointment == "scheduled" and act.meeting != life.meeting)
    _must(life.received <= act.meeting)
    _charge_if_late(life, act)
    _meet(life, act)


def held(life: Life, act: Act) -> None:
    _stands(life, act)
    _must(life.appointment in ("scheduled", "contested") and act.happened >= life.meeting)
    life.appointment, life.held = "held", _outcome(life, act)
    _accepts(life, act)


def no_show(life: Life, act: Act) -> None:
    _stands(life, act)
    _must(life.appointment in ("scheduled", "held") and act.happened >= life.meeting)
    if life.appointment == "held":
        _may_object(life.held, act)
    life.appointment, life.held, life.missed = "no_show", None, life.booked


def cancelled(life: Life, act: Act) -> None:
    _stands(life, act)
    _must(life.appointment == "scheduled")
    _charge_if_late(life, act)
    _lose_meeting(life)


def _charge_if_late(life: Life, act: Act) -> None:
    """Rule 42: without charge until the meeting's time; then the booking stands for good."""
    if act.happened >= life.meeting:
        life.missed = life.booked


# Sale (rules 10, 14, 22, 23, 37, 42)


def won(life: Life, act: Act) -> None:
    _stands(life, act)
    _must(life.sale in ("none", "lost", "contested", "churned") and act.amount > 0)
    if life.sale == "churned":  # a return: no second acquisition, and the months do not restart
        day = life.terms.day(act.happened)
        _must(day >= life.absences[-1].left)
        life.sale, life.absences[-1].back = "won", day
        _accepts(life, act)
        return
    life.sale, life.won = "won", _outcome(life, act, act.amount)
    _accepts(life, act)


def lost(life: Life, act: Act) -> None:
    _stands(life, act)
    _must(life.sale in ("none", "contested"))
    life.sale = "lost"


def revenue(life: Life, act: Act) -> None:
    """A payment for several months is split by month; a month of the term is paid for once.

    Once by its first day: more amounts of that very month add up.
    """
    _stands(life, act)
    _must(life.sale in ("won", "churned", "refunded") and act.amount > 0)
    days = named_months(act)
    if life.terms.billable == "revenue":
        _must(act.period >= life.terms.day(life.won.on))
        standing = [day for day in life.revenue if life.in_term(day) and life.kept_of(day)]
        for day, other in product(filter(life.in_term, days), standing):
            first, second = sorted((day, other))
            _must(day == other or months_later(first, 1) <= second)
    for day, part in zip(days, split(act.amount, act.months), strict=True):
        life.revenue.setdefault(day, []).append(_outcome(life, act, part))
    _accepts(life, act)


def named_months(act: Act) -> list[date]:
    """The first day of each month that it is for."""
    return [months_later(act.period, number) for number in range(act.months)]


def churned(life: Life, act: Act) -> None:
    _stands(life, act)
    _must(life.sale == "won")
    day = life.terms.day(act.happened)
    since = life.absences[-1].back if life.absences else life.terms.day(life.won.on)
    _must(day >= since)
    life.sale = "churned"
    life.absences.append(Absence(day))


def refunded(life: Life, act: Act) -> None:
    _stands(life, act)
    _must(life.sale in ("won", "churned") and act.amount > 0)
    _must(life.terms.day(act.happened) >= life.terms.day(life.won.on))
    if life.terms.billable != "revenue":
        _must(act.period is None)
        left = life.won.amount - _given_back(life) - act.amount
        _must(left >= 0)
        parts = [Refund(act.happened, act.amount)]
    elif act.period is None:
        _must(act.amount in sums_in_full(life))
        left, parts = 0, [Refund(act.happened, act.amount)]
    else:
        amounts = zip(named_months(act), split(act.amount, act.months), strict=True)
        left, parts = 1, [Refund(act.happened, part, day) for day, part in amounts]
        _must(all(0 < one.amount <= life.kept_of(one.period) for one in parts))
    life.refunds += parts
    if left == 0:
        life.sale = "refunded"


def _given_back(life: Life) -> int:
    return sum(one.amount for one in life.refunds)


def sums_in_full(life: Life) -> list[int]:
    """What a refund in full is: all revenue that there is, or the sale if that is no less."""
    paid = sum(one.amount for amounts in life.revenue.values() for one in amounts)
    sums = [paid] if paid > life.won.amount else [paid, life.won.amount]
    return [one - _given_back(life) for one in sums if one > 0]


def contested(life: Life, act: Act) -> None:
    """What the client objects to in time does not stand; it may be recorded again."""
    _stands(life, act)
    _must(act.reason in life.terms.reasons)
    match life.terms.billable:
        case "scheduled":
            _must(life.appointment in ("scheduled", "held", "no_show"))
            _may_object(life.booked, act)
        case "held":
            _must(life.appointment in ("scheduled", "held"))
            begun = life.meeting <= act.happened
            pending = Outcome(life.meeting, life.silent) if begun else None
            _may_object(pending if life.appointment == "scheduled" else life.held, act)
        case "won":
            _must(life.sale in ("won", "churned", "refunded"))
            _may_object(life.won, act)
            life.sale, life.won, life.refunds, life.absences = "contested", None, [], []
            return
        case "revenue":
            _must(life.sale in ("won", "churned", "refunded"))
            _contest_month(life, act)
            return
        case _:
            raise Refusal
    life.appointment, life.booked, life.missed, life.held = "contested", None, None, None


def _contest_month(life: Life, act: Act) -> None:
    """What is not final of the month goes; with its last amount its refunds have no ground."""
    amounts = life.revenue.get(act.period, [])
    _may_object(max(amounts, key=lambda one: one.final, default=None), act)
    final = [one for one in amounts if one.final <= act.at]
    if final:
        life.revenue[act.period] = final
        return
    del life.revenue[act.period]
    life.refunds = [one for one in life.refunds if one.period != act.period]


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
        contested,
    )
}
