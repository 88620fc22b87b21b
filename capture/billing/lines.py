"""The lines of one lead (rules 8, 20 to 24): what is due, since when, and how much."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from capture.billing.life import Life, Paying
from capture.billing.periods import after_months
from capture.campaign import Campaign
from capture.money import from_minor, to_minor


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
    """The purchase or revenue that a percentage is taken of, in minor units."""
    amount: int
    """In minor units of the campaign's currency; 0 when free."""
    currency: str
    version: str
    free: bool = False


ONCE: Final = ""
"""The period of a line that a lead can have once in its life."""


def lines_for(life: Life, campaign: Campaign, as_of: datetime) -> list[Line]:
    """The lead's lines that are due as of a time, in the order of their periods.

    `campaign` is the version of the lead's receipt (rule 16). Test leads and leads taken over a
    cap cost nothing (rules 5 and 8); nor does a sale that was given back whole (rule 23).
    """
    lead = life.lead
    accepted_at = lead.accepted_as_of(as_of)
    if accepted_at is None or lead.test or lead.free:
        return []
    found = []
    for period, paying in _paying(life, campaign, accepted_at, as_of):
        due_at = max(accepted_at, paying.final_at)
        kept = kept_share(life, campaign) if campaign.price.model == "cpa" else Fraction(1)
        if due_at > as_of or not kept:
            continue
        found.append(
            Line(
                lead_id=lead.lead_id,
                period=period,
                event=campaign.price.billable,
                event_at=paying.occurred_at,
                due_at=due_at,
                base=None if campaign.price.percent is None else paying.amount,
                amount=fee(campaign, paying.amount, kept),
                currency=campaign.currency,
                version=campaign.version,
            )
        )
    return found


def kept_share(life: Life, campaign: Campaign) -> Fraction:
    """The part of the sale that was not given back within `refund_days` of won (rule 23)."""
    won = life.won
    if won is None or not won.amount:
        return Fraction(1)
    last = _day(won.occurred_at, campaign) + timedelta(days=campaign.price.refund_days)
    given_back = sum(
        refund.amount for refund in life.refunds if _day(refund.occurred_at, campaign) <= last
    )
    return 1 - Fraction(given_back, won.amount)


def fee(campaign: Campaign, amount: int, kept: Fraction = Fraction(1)) -> int:
    """What one paying event costs, in minor units: rounded once, at the end (rule 24)."""
    price = campaign.price
    whole = price.rate
    if whole is None:
        whole = from_minor(amount, campaign.currency) * (price.percent or Decimal(0)) / 100
    return to_minor(whole * kept.numerator / kept.denominator, campaign.currency)


def counts(period: date, life: Life, campaign: Campaign) -> bool:
    """Whether revenue of a period pays: from won, for the term, and not after churn (rule 22)."""
    if life.won is None or campaign.price.months is None:
        return False
    won = _day(life.won.occurred_at, campaign)
    if not won <= period < after_months(won, campaign.price.months):
        return False
    return life.churned_at is None or period < _day(life.churned_at, campaign)


def _paying(
    life: Life, campaign: Campaign, accepted_at: datetime, as_of: datetime
) -> Iterator[tuple[str, Paying]]:
    match campaign.price.billable:
        case "accepted":
            yield ONCE, Paying(accepted_at, accepted_at)
        case "scheduled" if life.booked is not None:
            yield ONCE, life.booked
        case "held":
            held = life.held or _taken_held(life, as_of)
            if held is not None:
                yield ONCE, held
        case "won" if life.won is not None:
            yield ONCE, life.won
        case "revenue":
            for period, paying in sorted(life.revenue.items()):
                day = date.fromisoformat(period)
                if counts(day, life, campaign):
                    begins = datetime.combine(day, time(), campaign.zone)
                    yield (
                        period,
                        Paying(paying.occurred_at, max(paying.final_at, begins), paying.amount),
                    )


def _taken_held(life: Life, as_of: datetime) -> Paying | None:
    """A meeting of which nobody said anything in time (rule 14)."""
    silent_since = life.lead.taken_held_at
    if silent_since is None or not life.lead.is_taken_held_at(as_of):
        return None
    return Paying(silent_since, silent_since)


def _day(moment: datetime, campaign: Campaign) -> date:
    return moment.astimezone(campaign.zone).date()
