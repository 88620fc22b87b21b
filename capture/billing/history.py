"""What a lead's events leave standing for the bill: its meeting, its sale, its revenue.

A paying outcome that the agency recorded carries the time at which it becomes final, unless the
client objects (rule 14); one that the client recorded is final as it stands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from dateutil.relativedelta import relativedelta

from capture.lead.events import ON_BEHALF_OF, Event, EventKind, parse_time
from capture.lead.fold import apply_event
from capture.lead.model import Lead
from capture.lead.moves import Track

_JUDGED: Final = frozenset({EventKind.QUALIFIED, EventKind.DISQUALIFIED, EventKind.OVER_CAP})


@dataclass(frozen=True, slots=True)
class BillableEvent:
    """Something that pays, beside the lead's acceptance."""

    occurred_at: datetime
    final_at: datetime
    amount: int = 0
    """Of a purchase or of a period's revenue, in minor units."""
    entered: bool = False
    """The agency entered it for the client (rule 41)."""


@dataclass(frozen=True, slots=True)
class Refund:
    """Given back to the customer, in minor units."""

    occurred_at: datetime
    amount: int
    period: str = ""
    """The first day of the one period that it is for; empty: it is for the sale."""


@dataclass(frozen=True, slots=True)
class Absence:
    """The time in which somebody was no customer: from their leaving to their return."""

    left_at: datetime
    returned: BillableEvent | None = None
    """The sale that brought them back."""


@dataclass(frozen=True, slots=True)
class LeadHistory:
    """One lead with what its bill depends on."""

    lead: Lead
    verdict: Mapping[str, Any]
    """The last one, as its event holds it."""
    booked: BillableEvent | None = None
    missed: BillableEvent | None = None
    """The booking that stands for good, whatever becomes of it or of a later one: nobody came to
    its meeting, or it was moved or cancelled at that meeting's time or later (rule 42)."""
    held: BillableEvent | None = None
    won: BillableEvent | None = None
    """The first sale; a return after churn is none (rule 37)."""
    refunds: tuple[Refund, ...] = ()
    revenue: Mapping[str, tuple[BillableEvent, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """The amounts of each period, by its first day, such as 2026-11-15."""
    absences: tuple[Absence, ...] = ()
    """Each churn with the return that ended it, in the order of their recording."""
    _cancelled: BillableEvent | None = None
    """The booking that was cancelled last; it comes back if a rejection is taken back (rule 13)."""

    @property
    def churned_at(self) -> datetime | None:
        """When the customer left, if they did not return."""
        last = self.absences[-1] if self.absences else None
        return None if last is None or last.returned else last.left_at

    def refunded_amount(self, period: str = "") -> int:
        """What was given back of one period's revenue, in minor units."""
        return sum(refund.amount for refund in self.refunds if refund.period == period)

    def net_revenue(self, period: str) -> int:
        """The period's revenue that the client kept, in minor units; never below zero."""
        paid = sum(one.amount for one in self.revenue.get(period, ()))
        return max(0, paid - self.refunded_amount(period))


def lead_history(events: Iterable[Event]) -> LeadHistory:
    """The life that a lead's events tell of, in order; ValueError if there are none."""
    history: LeadHistory | None = None
    for event in events:
        history = _after(history, event)
    if history is None:
        raise ValueError("no events")
    return history


def _after(history: LeadHistory | None, event: Event) -> LeadHistory:
    lead = apply_event(None if history is None else history.lead, event)
    if history is None:
        return LeadHistory(lead, {})
    changes: dict[str, Any] = {"lead": lead}
    if event.kind in _JUDGED:
        changes["verdict"] = event.data.get("verdict", {})
        # A correction that shuts the lead out cancels its meeting.
        stands = lead.appointment == history.lead.appointment
        changes["booked"] = history.booked if stands else history.missed
    elif event.kind is EventKind.OBJECTED:
        changes |= _objected(history, event)
    else:
        changes |= _meeting(history, event, lead) | _sale(history, event)
    return replace(history, **changes)


def _meeting(history: LeadHistory, event: Event, lead: Lead) -> dict[str, Any]:
    """What becomes of its booking; once that can be charged for good, it is `missed` too."""
    changes: dict[str, Any] = {}
    match event.kind:
        case EventKind.SCHEDULED:
            changes = {
                "booked": history.booked or _billable_event(event)
            }  # what stands for good counts
        case EventKind.MOVED | EventKind.CANCELLED if _has_meeting_begun(history.lead, event):
            changes = {"missed": history.booked}
        case EventKind.CANCELLED | EventKind.REJECTED if (
            lead.appointment != history.lead.appointment
        ):
            changes = {"booked": history.missed, "_cancelled": history.booked}
        case EventKind.WITHDRAWN if history.lead.meeting_lost:
            changes = {"booked": history._cancelled, "_cancelled": None}
        case EventKind.HELD:
            changes = {"held": _billable_event(event)}
        case EventKind.NO_SHOW:
            changes = {"held": None, "missed": history.booked}
    return changes


def _sale(history: LeadHistory, event: Event) -> dict[str, Any]:
    """What becomes of its sale; a return after churn is no other sale."""
    match event.kind:
        case EventKind.WON if history.churned_at is not None:
            last = replace(history.absences[-1], returned=_billable_event(event))
            return {"absences": (*history.absences[:-1], last)}
        case EventKind.WON:
            return {"won": _billable_event(event)}
        case EventKind.REFUNDED:
            period = event.data.get("period", "")
            refund = Refund(event.occurred_at, event.data["amount"], period)
            return {"refunds": (*history.refunds, refund)}
        case EventKind.REVENUE:
            period = event.data["period"]
            amounts = (*history.revenue.get(period, ()), _billable_event(event))
            return {"revenue": {**history.revenue, period: amounts}}
        case EventKind.CHURNED:
            return {"absences": (*history.absences, Absence(event.occurred_at))}
    return {}


def _objected(history: LeadHistory, event: Event) -> dict[str, Any]:
    """What no longer stands; it may be recorded again, and is then contestable again."""
    period = event.data.get("period")
    if period:
        return _objected_period(history, period, event.recorded_at)
    if event.data["track"] == Track.APPOINTMENT:
        return {"booked": None, "missed": None, "held": None}
    return {"won": None, "refunds": (), "absences": ()}


def _objected_period(history: LeadHistory, period: str, now: datetime) -> dict[str, Any]:
    """Amounts that were final by then stand; with the last amount its refunds go too."""
    revenue = {day: amounts for day, amounts in history.revenue.items() if day != period}
    final = tuple(one for one in history.revenue.get(period, ()) if one.final_at <= now)
    if final:
        return {"revenue": {**revenue, period: final}}
    refunds = tuple(refund for refund in history.refunds if refund.period != period)
    return {"revenue": revenue, "refunds": refunds}


def _has_meeting_begun(lead: Lead, event: Event) -> bool:
    """Whether it happened at the time of the lead's meeting or later (rule 42)."""
    return lead.meeting_at is not None and event.occurred_at >= lead.meeting_at


def _billable_event(event: Event) -> BillableEvent:
    final_at = event.data.get("final_at")
    return BillableEvent(
        event.occurred_at,
        parse_time(final_at) if final_at else event.occurred_at,
        event.data.get("amount", 0),
        ON_BEHALF_OF in event.data,
    )


# Months of revenue: when a term ends, a prepayment divided, each month once (20, 22).


def after_months(day: date, months: int) -> date:
    """The same day so many months later, clamped to the month's end: 31 January + 1 is the 28th."""
    later: date = day + relativedelta(months=months)
    return later


def split(amount: int, start: date, months: int) -> dict[date, int]:
    """A payment for several months, by the first day of each; the sum stays the amount.

    What does not divide goes to the first months, one minor unit each.
    """
    each, rest = divmod(amount, months)
    return {
        after_months(start, number): each + (1 if number < rest else 0) for number in range(months)
    }


def overlapping(day: date, known: Iterable[date]) -> date | None:
    """The known first day whose month shares a day with the month that begins on `day`."""
    for other in known:
        first, second = sorted((day, other))
        if second < after_months(first, 1):
            return other
    return None
