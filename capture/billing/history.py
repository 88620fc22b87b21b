"""The billing history of a lead: its booking, meeting, sale, refunds and revenue.

If the agency records a billable outcome, it becomes final at a stored time unless the client
objects (rule 14 of docs/rules.md). If the client records it, it is final immediately.
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

_VERDICT_KINDS: Final = frozenset(
    {
        EventKind.QUALIFIED,
        EventKind.DISQUALIFIED,
        EventKind.QUARANTINED,
        EventKind.OVER_CAP,
        EventKind.UNCONFIRMED,
    }
)


@dataclass(frozen=True, slots=True)
class BillableEvent:
    """An outcome for which the client may have to pay. Times are UTC."""

    occurred_at: datetime
    final_at: datetime
    amount: int = 0
    """Amount of the purchase or of the period's revenue, in minor units."""
    entered: bool = False
    """Whether the agency entered it for the client (rule 41)."""


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund to the customer, in minor units."""

    occurred_at: datetime
    amount: int
    period: str = ""
    """First day of the refunded period of revenue; empty for a refund of the sale."""


@dataclass(frozen=True, slots=True)
class Absence:
    """The time from a customer's churn to their return."""

    left_at: datetime
    returned: BillableEvent | None = None
    """The sale of the return; None if they did not return."""


@dataclass(frozen=True, slots=True)
class LeadHistory:
    """One lead with everything that its lines depend on."""

    lead: Lead
    verdict: Mapping[str, Any]
    """The last verdict, as in its event."""
    booked: BillableEvent | None = None
    """The booking that counts now."""
    missed: BillableEvent | None = None
    """A booking that stays billable even if it or a later one is cancelled (rule 42).

    The person did not come, or the meeting was moved or cancelled at its time or later.
    """
    held: BillableEvent | None = None
    """The meeting that took place, as it was recorded."""
    won: BillableEvent | None = None
    """The first sale. A return after churn does not count as a sale (rule 37)."""
    refunds: tuple[Refund, ...] = ()
    revenue: Mapping[str, tuple[BillableEvent, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """The amounts of each period, by its first day, such as 2026-11-15."""
    absences: tuple[Absence, ...] = ()
    """Each churn with its return, in the order of recording."""
    _cancelled: BillableEvent | None = None
    """The booking that was cancelled last. Undoing a rejection restores it (rule 13)."""

    @property
    def churned_at(self) -> datetime | None:
        """When the customer left; None if they did not leave or have returned."""
        last = self.absences[-1] if self.absences else None
        return None if last is None or last.returned else last.left_at

    def refunded_amount(self, period: str = "") -> int:
        """The refunds of one period, or of the sale if `period` is empty, in minor units."""
        return sum(refund.amount for refund in self.refunds if refund.period == period)

    def net_revenue(self, period: str) -> int:
        """The period's revenue minus its refunds, in minor units; never below zero."""
        return max(0, self.gross_revenue(period) - self.refunded_amount(period))

    def gross_revenue(self, period: str) -> int:
        """The period's revenue before refunds, in minor units."""
        return sum(revenue.amount for revenue in self.revenue.get(period, ()))


def lead_history(events: Iterable[Event]) -> LeadHistory:
    """The history from a lead's events, in order. Raises ValueError if there are none."""
    history: LeadHistory | None = None
    for event in events:
        history = _apply_event(history, event)
    if history is None:
        raise ValueError("no events")
    return history


def _apply_event(history: LeadHistory | None, event: Event) -> LeadHistory:
    lead = apply_event(None if history is None else history.lead, event)
    if history is None:
        return LeadHistory(lead, {})
    changes: dict[str, Any] = {"lead": lead}
    if event.kind in _VERDICT_KINDS:
        changes["verdict"] = event.data.get("verdict", {})
        # If the new verdict does not qualify the lead, its pending meeting is cancelled.
        is_meeting_kept = lead.appointment == history.lead.appointment
        changes["booked"] = history.booked if is_meeting_kept else history.missed
    elif event.kind is EventKind.OBJECTED:
        changes |= _objection_changes(history, event)
    else:
        changes |= _meeting_changes(history, event, lead) | _sale_changes(history, event)
    return replace(history, **changes)


def _meeting_changes(history: LeadHistory, event: Event, lead: Lead) -> dict[str, Any]:
    """The event's changes to the booking and the meeting."""
    changes: dict[str, Any] = {}
    match event.kind:
        case EventKind.SCHEDULED:  # a booking that stays billable is not replaced
            changes = {"booked": history.booked or _billable_event(event)}
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


def _sale_changes(history: LeadHistory, event: Event) -> dict[str, Any]:
    """The event's changes to the sale. After churn, `won` is a return, not another sale."""
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


def _objection_changes(history: LeadHistory, event: Event) -> dict[str, Any]:
    """Removes the outcomes that the client objects to. They may be recorded again."""
    period = event.data.get("period")
    if period:
        return _period_objection_changes(history, period, event.recorded_at)
    if event.data["track"] == Track.APPOINTMENT:
        return {"booked": None, "missed": None, "held": None}
    return {"won": None, "refunds": (), "absences": ()}


def _period_objection_changes(history: LeadHistory, period: str, now: datetime) -> dict[str, Any]:
    """Removes the period's amounts that are not final, and its refunds if no amount remains."""
    revenue = {day: amounts for day, amounts in history.revenue.items() if day != period}
    final_amounts = tuple(
        payment for payment in history.revenue.get(period, ()) if payment.final_at <= now
    )
    if final_amounts:
        return {"revenue": {**revenue, period: final_amounts}}
    refunds = tuple(refund for refund in history.refunds if refund.period != period)
    return {"revenue": revenue, "refunds": refunds}


def _has_meeting_begun(lead: Lead, event: Event) -> bool:
    """Whether the event occurred at the start of the lead's meeting or later (rule 42)."""
    return lead.meeting_at is not None and event.occurred_at >= lead.meeting_at


def _billable_event(event: Event) -> BillableEvent:
    final_at = event.data.get("final_at")
    return BillableEvent(
        event.occurred_at,
        parse_time(final_at) if final_at else event.occurred_at,
        event.data.get("amount", 0),
        ON_BEHALF_OF in event.data,
    )


# Months of revenue (rules 20 and 22).


def add_months(day: date, months: int) -> date:
    """The same day some months later, or that month's last day: 31 January + 1 is 28 February."""
    later: date = day + relativedelta(months=months)
    return later


def split_by_month(amount: int, start: date, months: int) -> dict[date, int]:
    """Splits a payment in minor units over months, by the first day of each month.

    The remainder goes to the first months, one minor unit each, so the sum equals `amount`.
    """
    share, remainder = divmod(amount, months)
    return {
        add_months(start, index): share + (1 if index < remainder else 0) for index in range(months)
    }


def find_overlap(period: date, periods: Iterable[date]) -> date | None:
    """The first of `periods` that overlaps `period`; None if none does.

    A period is the month that begins on the given day.
    """
    for other in periods:
        first, second = sorted((period, other))
        if second < add_months(first, 1):
            return other
    return None
