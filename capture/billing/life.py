"""What a lead's events leave standing for the bill: its meeting, its sale, its revenue.

A paying outcome that the agency recorded carries the time at which it becomes final, unless the
client objects (rule 14); one that the client recorded is final as it stands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from capture.lead import Event, Kind, Lead, Track, follow, parse_time

_JUDGED: Final = frozenset({Kind.QUALIFIED, Kind.DISQUALIFIED, Kind.OVER_CAP})


@dataclass(frozen=True, slots=True)
class Paying:
    """Something that pays, beside the lead's acceptance."""

    occurred_at: datetime
    final_at: datetime
    amount: int = 0
    """Of a purchase or of a period's revenue, in minor units."""


@dataclass(frozen=True, slots=True)
class Refund:
    """Given back to the customer, in minor units."""

    occurred_at: datetime
    amount: int


@dataclass(frozen=True, slots=True)
class Life:
    """One lead with what its bill depends on."""

    lead: Lead
    verdict: Mapping[str, Any]
    """The last one, as its event holds it."""
    booked: Paying | None = None
    missed: Paying | None = None
    """The booking that a no-show made stand for good, whatever becomes of a later one."""
    held: Paying | None = None
    won: Paying | None = None
    refunds: tuple[Refund, ...] = ()
    revenue: Mapping[str, Paying] = field(default_factory=lambda: MappingProxyType({}))
    """By the first day of each period, such as 2026-11-15."""
    churned_at: datetime | None = None
    _cancelled: Paying | None = None
    """The booking that was cancelled last; it comes back if a rejection is taken back (rule 13)."""


def life_of(events: Iterable[Event]) -> Life:
    """The life that a lead's events tell of, in order; ValueError if there are none."""
    life: Life | None = None
    for event in events:
        life = _after(life, event)
    if life is None:
        raise ValueError("no events")
    return life


def _after(life: Life | None, event: Event) -> Life:
    lead = follow(None if life is None else life.lead, event)
    if life is None:
        return Life(lead, {})
    changes: dict[str, Any] = {"lead": lead}
    match event.kind:
        case kind if kind in _JUDGED:
            changes["verdict"] = event.data.get("verdict", {})
            # A correction that shuts the lead out cancels its meeting.
            stands = lead.appointment == life.lead.appointment
            changes["booked"] = life.booked if stands else life.missed
        case Kind.SCHEDULED:
            changes["booked"] = life.booked or _paying(event)  # after a no-show the first stands
        case Kind.CANCELLED | Kind.REJECTED if lead.appointment != life.lead.appointment:
            changes |= {"booked": life.missed, "_cancelled": life.booked}
        case Kind.WITHDRAWN if life.lead.meeting_lost:
            changes |= {"booked": life._cancelled, "_cancelled": None}
        case Kind.HELD:
            changes["held"] = _paying(event)
        case Kind.NO_SHOW:
            changes |= {"held": None, "missed": life.booked}
        case Kind.WON:
            changes["won"] = _paying(event)
        case Kind.REFUNDED:
            refund = Refund(event.occurred_at, event.data["amount"])
            changes["refunds"] = (*life.refunds, refund)
        case Kind.REVENUE:
            changes["revenue"] = {**life.revenue, event.data["period"]: _paying(event)}
        case Kind.CHURNED:
            changes["churned_at"] = event.occurred_at
        case Kind.CONTESTED:
            changes |= _contested(life, event)
    return replace(life, **changes)


def _contested(life: Life, event: Event) -> dict[str, Any]:
    """What no longer stands; it may be recorded again, and is then contestable again."""
    period = event.data.get("period")
    if period:
        return {"revenue": {day: one for day, one in life.revenue.items() if day != period}}
    if event.data["track"] == Track.APPOINTMENT:
        return {"booked": None, "missed": None, "held": None}
    return {"won": None, "refunds": (), "churned_at": None}


def _paying(event: Event) -> Paying:
    final_at = event.data.get("final_at")
    return Paying(
        event.occurred_at,
        parse_time(final_at) if final_at else event.occurred_at,
        event.data.get("amount", 0),
    )
