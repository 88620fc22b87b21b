"""The bill lines of one lead, and the money cap of a month (rules 8, 9, 20 to 24 of docs/rules.md).

All amounts are integers in minor units unless a function says otherwise.
"""

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
class LinePrice:
    """How the amount of a line is computed, so that a reader can do the same by hand.

    A flat rate, or a percentage of what was sold. Amounts are minor units, net of tax.
    """

    rate: int | None = None
    """The flat rate; None for a percentage."""
    percent: str = ""
    """Percent as decimal text, such as `12.5`; empty for a flat rate."""
    sold: int | None = None
    """The purchase or the period's revenue, before refunds; None if the price does not depend on
    it."""
    refunded: int = 0
    """The refunds that reduce `sold`."""

    @property
    def base(self) -> int | None:
        """What is left of `sold` after refunds: what a percentage applies to."""
        return None if self.sold is None else self.sold - self.refunded

    @property
    def exact(self) -> Fraction:
        """The amount before rounding.

        A flat rate is reduced in the proportion in which the purchase was refunded (rule 23).
        """
        if self.rate is None:
            return Fraction(self.percent) / 100 * (self.base or 0)
        return (
            Fraction(self.rate)
            if not self.sold
            else Fraction(self.rate * (self.base or 0), self.sold)
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One bill line: a lead, or one period of a lead's revenue. Times are UTC."""

    lead_id: str
    period: str
    """First day of the period of revenue, such as 2026-11-15; `ONCE` for other price models."""
    event: str
    """The billable event, as `price.billable` of the campaign file names it."""
    event_at: datetime
    due_at: datetime
    price: LinePrice
    amount: int
    """In minor units of the campaign's currency, net of tax; 0 if free."""
    currency: str
    version: str
    """The campaign version at the lead's receipt."""
    free_over_cap: bool = False
    """Whether it is free because it would have crossed the money cap (rule 9)."""
    entered: bool = False
    """Whether the agency entered the acceptance or the billable event for the client (rule 41)."""
    by_silence: bool = False
    """Whether silence accepted the lead at the deadline (rule 12)."""


_END_OF_TIME: Final = datetime.max.replace(tzinfo=UTC)
ONCE: Final = ""
"""The period of a line that a lead can have only once."""


def lines_for(history: LeadHistory, campaign: Campaign, as_of: datetime) -> list[Line]:
    """The lead's lines that are due as of a time, in the order of their periods.

    `campaign` is the version of the lead's receipt (rule 16). There is no line for a test (rule 5),
    for a lead over a cap (rule 8), without consent or lawful basis (rule 35), or after a full
    refund (rules 23 and 37). A consent that was withdrawn later changes no line.
    """
    lead = history.lead
    accepted_at = lead.accepted_as_of(as_of)
    if accepted_at is None or lead.test or lead.free_over_cap or not lead.consent.permits_bill:
        return []
    lines = []
    for period, billable in _billable_events(history, campaign, accepted_at, as_of):
        due_at = max(accepted_at, billable.final_at)
        price = line_price(history, campaign, period)
        if due_at > as_of or not price.exact:
            continue
        lines.append(
            Line(
                lead_id=lead.lead_id,
                period=period,
                event=campaign.price.billable,
                event_at=billable.occurred_at,
                due_at=due_at,
                price=price,
                amount=round_minor(price.exact),
                currency=campaign.currency,
                version=campaign.version,
                entered=lead.entered or billable.entered,
                by_silence=accepted_at == lead.deadline and not lead.entered,
            )
        )
    return lines


def open_lines(events: Iterable[Event], campaign: Campaign, billed: Container[str]) -> list[Line]:
    """The lead's lines that fall due if no further event is recorded, in that order (rule 33).

    Decisions by silence are included. `events` are all events of one lead, in order; `billed` holds
    the periods that are on a statement already.
    """
    lines = lines_for(lead_history(events), campaign, _END_OF_TIME)
    unbilled = (line for line in lines if line.period not in billed)
    return sorted(unbilled, key=attrgetter("due_at", "period"))


def exact_fee(history: LeadHistory, campaign: Campaign, period: str = ONCE) -> Fraction:
    """The unrounded price of a lead's line after all its events, in minor units.

    Zero after a full refund, and for a period that is not billable.
    """
    return line_price(history, campaign, period).exact


def line_price(history: LeadHistory, campaign: Campaign, period: str = ONCE) -> LinePrice:
    """How the amount of a lead's line is computed after all its events.

    For a period that is not billable, nothing was sold.
    """
    price = campaign.price
    rate = None if price.rate is None else to_minor(price.rate, campaign.currency)
    percent = "" if price.percent is None else f"{price.percent.normalize():f}"
    sold = net = 0
    if price.billable == "revenue":
        if is_billable_period(date.fromisoformat(period), history, campaign):
            sold, net = history.gross_revenue(period), history.net_revenue(period)
    elif price.billable == "won" and history.won is not None:
        sold, net = history.won.amount, net_purchase(history, campaign)
    if rate is not None and not sold:
        return LinePrice(rate)
    return LinePrice(rate, "" if rate is not None else percent, sold, sold - net)


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
                start = datetime.combine(date.fromisoformat(period), time(), campaign.zone)
                last = max(amounts, key=attrgetter("final_at"))
                entered = any(payment.entered for payment in amounts)
                final_at = max(last.final_at, start)
                yield period, BillableEvent(last.occurred_at, final_at, entered=entered)


def _deemed_held(history: LeadHistory, as_of: datetime) -> BillableEvent | None:
    """The meeting that counts as held by silence as of a time (rule 14); None if there is none."""
    deemed_held_at = history.lead.deemed_held_at
    if deemed_held_at is None or not history.lead.is_deemed_held_at(as_of):
        return None
    return BillableEvent(deemed_held_at, deemed_held_at)


def minor_units(amount: Decimal, currency: str) -> int:
    """A typed amount in major units, converted to minor units.

    Raises `Refused` if it is too large or has more decimals than the currency.
    """
    check_amount(amount, currency)
    if not is_exact(amount, currency):
        raise Refused(f"{amount} has more decimals than {currency}; write no more than that")
    return to_minor(amount, currency)


# Billable outcomes, and outcomes that accept the lead (rule 41).

_BILLABLE_KINDS: Final[Mapping[str, EventKind]] = {
    "scheduled": EventKind.SCHEDULED,
    "held": EventKind.HELD,
    "won": EventKind.WON,
    "revenue": EventKind.REVENUE,
}
"""The kind of outcome for each `price.billable` of the campaign file, except `accepted`."""

_ALWAYS_ACCEPT: Final = frozenset({EventKind.HELD, EventKind.WON, EventKind.REVENUE})
"""A client who records one of these accepts the lead. A booking may come before acceptance
(rule 10), so it accepts the lead only if the price is for bookings."""


def is_billable_event(kind: EventKind, terms: Campaign) -> bool:
    """Whether the campaign's price is for this kind of outcome."""
    return _BILLABLE_KINDS.get(terms.price.billable) is kind


def is_acceptance(kind: EventKind, terms: Campaign) -> bool:
    """Whether the client accepts the lead by recording this outcome (rule 41)."""
    return kind in _ALWAYS_ACCEPT or is_billable_event(kind, terms)


def first_accepting_outcome(events: Iterable[Event], terms: Campaign) -> EventKind | None:
    """The first outcome by which the client itself accepted the lead; None if there is none."""
    kinds = (event.kind for event in events if event.actor is Actor.CLIENT)
    return next((kind for kind in kinds if is_acceptance(kind, terms)), None)


# The money cap of a month (rule 9).


@dataclass(frozen=True, slots=True)
class DueKey:
    """The fields of a line that decide its order and the money cap; small, to save memory."""

    due_at: datetime
    lead_id: str
    period: str
    amount: int
    """0 if free."""
    received_at: datetime
    """When the lead was received."""
    version: str
    """The campaign version at the lead's receipt."""
    free_over_cap: bool = False


def apply_money_cap(lines: Iterable[DueKey], money_cap: int | None) -> list[DueKey]:
    """Sorts lines by due time, lead id and period. A line that would cross the cap becomes free.

    `money_cap` is None if there is no cap.
    """
    ordered = sorted(lines, key=attrgetter("due_at", "lead_id", "period"))
    total = 0
    for index, line in enumerate(ordered):
        if money_cap is not None and total + line.amount > money_cap:
            ordered[index] = replace(line, amount=0, free_over_cap=True)
        else:
            total += line.amount
    return ordered
