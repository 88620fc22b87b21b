"""Which leads are billable, when, and for how much. Integer minor units; one line a lead.

Rules 8, 9, 20, 21 and 24: a line falls due at the later of acceptance and the paying event; lines
are drawn in order of due time, then lead id; one that would cross the money cap is wholly free.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from capture.campaign import Campaign
from capture.lead import Event, Kind, Lead
from capture.money import from_minor, to_minor

PAYING: Final[Mapping[str, Kind]] = {
    "scheduled": Kind.SCHEDULED,
    "held": Kind.HELD,
    "won": Kind.WON,
}
"""What pays beside acceptance, by the word that the campaign file uses."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one lead costs."""

    lead_id: str
    due_at: datetime
    amount: int
    """In minor units of the campaign's currency; 0 when free."""
    currency: str
    version: str
    free: bool = False


def line_for(
    lead: Lead, paying: Iterable[Event], campaign: Campaign, as_of: datetime
) -> Line | None:
    """The lead's line as of a time, or None while nothing is due.

    `campaign` is the version of the lead's receipt (rule 16); `paying` are the lead's events of
    the kinds in `PAYING`. Test leads and leads taken over a cap cost nothing (rules 5 and 8).
    """
    accepted_at = lead.accepted_as_of(as_of)
    if accepted_at is None or lead.test or lead.free:
        return None
    kind = PAYING.get(campaign.price.billable)
    if kind is None and campaign.price.billable != "accepted":
        return None  # revenue share pays by the period, never by the lead
    due_at, first_purchase = accepted_at, 0
    if kind is not None:
        event = next((event for event in paying if event.kind is kind), None)
        if event is None:
            return None
        due_at = max(accepted_at, event.occurred_at)
        first_purchase = event.data.get("amount", 0)
    return Line(
        lead.lead_id,
        due_at,
        _amount(campaign, first_purchase),
        campaign.currency,
        campaign.version,
    )


def draw(lines: Iterable[Line], money_cap: int | None) -> list[Line]:
    """A month's lines in their order, those that would cross the money cap made free (rule 9)."""
    drawn = []
    total = 0
    for line in sorted(lines, key=lambda line: (line.due_at, line.lead_id)):
        if money_cap is not None and total + line.amount > money_cap:
            drawn.append(replace(line, amount=0, free=True))
        else:
            total += line.amount
            drawn.append(line)
    return drawn


def _amount(campaign: Campaign, first_purchase: int) -> int:
    price = campaign.price
    if price.rate is not None:
        return to_minor(price.rate, campaign.currency)
    purchase = from_minor(first_purchase, campaign.currency)
    return to_minor(purchase * (price.percent or Decimal(0)) / 100, campaign.currency)
