"""The lines of one lead (rules 8, 20 to 24): what is due, since when, and how much."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from fractions import Fraction
from operator import attrgetter
from typing import Final

from capture.billing.history import BillableEvent, LeadHistory, lead_history
from capture.billing.reversals import is_billable_period, net_purchase
from capture.campaign.model import Campaign
from capture.errors import Refused
from capture.lead.events import Actor, Event, EventKind
from capture.money import check_amount, is_exact, round_minor, to_minor


@dataclass(frozen=True, slots=True)
class Line:
    """What one lead costs, for good or for one period of revenue."""

    lead_id: str
    period: str
    """First day of the period of revenue, such as 2026-11-15; empty where a lead is paid once."""
    event: str
    """What pays, by the campaign file's word."""
    event_at: datetime
    due_at: datetime
    base: int | None
    """What was kept of the purchase or revenue that a percentage is taken of, in minor units."""
    amount: int
    """In minor units of the campaign's currency; 0 when free."""
    currency: str
    version: str
    free_over_cap: bool = False
    entered: bool = False
    """Its acceptance or what pays is the agency's entry for the client (rule 41)."""


_FOREVER: Final = datetime.max.replace(tzinfo=UTC)
ONCE: Final = ""
"""The period of a line that a lead can have once in its life."""


def lines_for(history: LeadHistory, campaign: Campaign, as_of: datetime) -> list[Line]:
    """The lead's lines that are due as of a time, in the order of their periods.

    `campaign` is the version of the lead's receipt (rule 16). Test leads and leads taken over a
    cap cost nothing (rules 5 and 8); nor does what was given back whole (rules 23 and 37), nor a
    lead without consent and without a lawful basis (rule 35).
    """
    lead = history.lead
    accepted_at = lead.accepted_as_of(as_of)
    if accepted_at is None or lead.test or lead.free_over_cap or not lead.consent.is_lawful:
        return []
    found = []
    for period, paying in _billable_events(history, campaign, accepted_at, as_of):
        due_at = max(accepted_at, paying.final_at)
        exact = exact_fee(history, campaign, period)
        if due_at > as_of or not exact:
            continue
        found.append(
            Line(
                lead_id=lead.lead_id,
                period=period,
                event=campaign.price.billable,
                event_at=paying.occurred_at,
                due_at=due_at,
                base=_base_amount(history, campaign, period),
                amount=round_minor(exact),
                currency=campaign.currency,
                version=campaign.version,
                entered=lead.entered or paying.entered,
            )
        )
    return found


def next_due_at(
    events: Iterable[Event], campaign: Campaign, billed: Container[str]
) -> datetime | None:
    """When a lead's next line falls due if nothing more is recorded; silence counts (rule 33).

    `events` are all events of one lead, in order; `billed` holds the periods of its lines that a
    statement has. None: no line falls due by itself.
    """
    lines = lines_for(lead_history(events), campaign, _FOREVER)
    return min((line.due_at for line in lines if line.period not in billed), default=None)


def exact_fee(history: LeadHistory, campaign: Campaign, period: str = ONCE) -> Fraction:
    """What a lead's line costs after all its events, in minor units, not rounded yet.

    Zero for what was given back whole, and for a period that does not count.
    """
    price = campaign.price
    share = Fraction(price.percent or 0) / 100
    if price.billable == "revenue":
        does_count = is_billable_period(date.fromisoformat(period), history, campaign)
        return share * history.net_revenue(period) if does_count else Fraction(0)
    rate = Fraction(0 if price.rate is None else to_minor(price.rate, campaign.currency))
    if price.billable != "won" or history.won is None or not history.won.amount:
        return rate
    kept = net_purchase(history, campaign)
    return share * kept if price.rate is None else rate * kept / history.won.amount


def _base_amount(history: LeadHistory, campaign: Campaign, period: str) -> int | None:
    if campaign.price.percent is None:
        return None
    return history.net_revenue(period) if period else net_purchase(history, campaign)


def _billable_events(
    history: LeadHistory, campaign: Campaign, accepted_at: datetime, as_of: datetime
) -> Iterator[tuple[str, BillableEvent]]:
    match campaign.price.billable:
        case "accepted":
            yield ONCE, BillableEvent(accepted_at, accepted_at)
        case "scheduled" if history.booked is not None:
            yield ONCE, history.booked
        case "held":
            held = history.held or _deemed_held(history, as_of)
            if held is not None:
                yield ONCE, held
        case "won" if history.won is not None:
            yield ONCE, history.won
        case "revenue":
            for period, amounts in sorted(history.revenue.items()):
                begins = datetime.combine(date.fromisoformat(period), time(), campaign.zone)
                last = max(amounts, key=attrgetter("final_at"))
                final_at, entered = max(last.final_at, begins), any(one.entered for one in amounts)
                yield period, BillableEvent(last.occurred_at, final_at, entered=entered)


def _deemed_held(history: LeadHistory, as_of: datetime) -> BillableEvent | None:
    """A meeting of which nobody said anything in time (rule 14)."""
    silent_since = history.lead.deemed_held_at
    if silent_since is None or not history.lead.is_deemed_held_at(as_of):
        return None
    return BillableEvent(silent_since, silent_since)


# Amounts as people type them, to the integers that we count in.


def minor_units(amount: Decimal, currency: str) -> int:
    """Major units to minor ones.

    Raises `Refused` for more than we count with, or more decimals than the currency has.
    """
    check_amount(amount, currency)
    if not is_exact(amount, currency):
        raise Refused(f"{amount} has more decimals than {currency}; write no more than that")
    return to_minor(amount, currency)


# Which outcomes pay, and which of them accept the lead when the client itself records them.


PAYS: Final[Mapping[str, EventKind]] = {
    "scheduled": EventKind.SCHEDULED,
    "held": EventKind.HELD,
    "won": EventKind.WON,
    "revenue": EventKind.REVENUE,
}
"""What pays beside acceptance, by the word that the campaign file uses."""

_ALWAYS_ACCEPT: Final = frozenset({EventKind.HELD, EventKind.WON, EventKind.REVENUE})
"""Nobody meets with or sells to a lead that they do not take. A booking is less: it may come
before acceptance (rule 10), unless the price is for bookings."""


def is_billable_event(kind: EventKind, terms: Campaign) -> bool:
    """Whether the campaign's price is for this outcome."""
    return PAYS.get(terms.price.billable) is kind


def is_acceptance(kind: EventKind, terms: Campaign) -> bool:
    """Whether the client accepts the lead by recording this outcome (rule 41)."""
    return kind in _ALWAYS_ACCEPT or is_billable_event(kind, terms)


def first_accepting_outcome(events: Iterable[Event], terms: Campaign) -> EventKind | None:
    """The first outcome by which the client itself accepted the lead; None if there is none."""
    own = (event.kind for event in events if event.actor is Actor.CLIENT)
    return next((kind for kind in own if is_acceptance(kind, terms)), None)


# A month's lines in their order, under the cap on money (rule 9).


@dataclass(frozen=True, slots=True)
class DueKey:
    """All of a line that its order and the cap on money need: a month may have very many."""

    due_at: datetime
    lead_id: str
    period: str
    amount: int
    """In minor units; 0 when free."""
    received_at: datetime
    """When the lead came."""
    version: str
    """The campaign version of its receipt."""
    free_over_cap: bool = False


def apply_money_cap(lines: Iterable[DueKey], money_cap: int | None) -> list[DueKey]:
    """In order of due time, lead id, period; a line that would cross the cap is wholly free."""
    drawn = sorted(lines, key=attrgetter("due_at", "lead_id", "period"))
    total = 0
    for number, line in enumerate(drawn):
        if money_cap is not None and total + line.amount > money_cap:
            drawn[number] = replace(line, amount=0, free_over_cap=True)
        else:
            total += line.amount
    return drawn
