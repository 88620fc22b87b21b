"""Money that goes back to a customer: of a sale, in full or in part, or of its months (23, 37)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from capture.billing import Life, Refund, split
from capture.campaign import Campaign
from capture.errors import Refused
from capture.money import from_minor


def refunds(
    life: Life, terms: Campaign, refund: Refund, period: date | None, months: int
) -> list[dict[str, Any]]:
    """What each refund's event says: one, or one for each month that it names.

    `refund` has the amount of all of them. Raises `Refused` for a refund that is more
    than there was, or does not say what it is for.
    """
    if terms.price.billable == "revenue":
        if period is None:
            parts = [(_in_full(life, terms, refund.amount), refund)]
        else:
            parts = _in_part(life, terms, refund, period, months)
    elif period is not None:
        raise Refused(
            f"lead {life.lead.lead_id}: a refund names months only where a share of revenue is "
            "paid; leave the period out"
        )
    else:
        parts = [(_of_the_sale(life, terms, refund.amount), refund)]
    return [
        {"amount": part.amount, "left": left, **({"period": part.period} if part.period else {})}
        for left, part in parts
    ]


def _of_the_sale(life: Life, terms: Campaign, amount: int) -> int:
    """What is left of the sale afterwards."""
    won = 0 if life.won is None else life.won.amount
    left = won - _given_back(life) - amount
    if life.won is not None and left < 0:
        most = from_minor(left + amount, terms.currency)
        raise Refused(f"lead {life.lead.lead_id}: at most {most} can be given back")
    return left


def _in_full(life: Life, terms: Campaign, amount: int) -> int:
    """Rule 37: without a month, a refund is all that the customer paid: nothing is left."""
    sums = _sums_in_full(life)
    if amount in sums:
        return 0
    known = ", ".join(sorted(life.revenue)) or "none"
    full = " or ".join(str(from_minor(one, terms.currency)) for one in sums)
    raise Refused(
        f"lead {life.lead.lead_id}: {from_minor(amount, terms.currency)} is a refund in part, so "
        "name the months that it is for, by the period of the first and their number (recorded "
        f"periods: {known}); a refund in full is {full}"
    )


def _sums_in_full(life: Life) -> Sequence[int]:
    """All the revenue that is recorded, or the sale's own amount if that is no less."""
    won = 0 if life.won is None else life.won.amount
    paid = sum(one.amount for amounts in life.revenue.values() for one in amounts)
    sums = [one for one in dict.fromkeys((won if won >= paid else 0, paid)) if one]
    return [max(0, one - _given_back(life)) for one in sums]


def _in_part(
    life: Life, terms: Campaign, refund: Refund, first: date, months: int
) -> list[tuple[int, Refund]]:
    """Rule 37: exactly the months that it names, split as a payment is."""
    parts = []
    for day, amount in split(refund.amount, first, months).items():
        period = day.isoformat()
        kept = life.kept_of(period)
        if period not in life.revenue:
            known = ", ".join(sorted(life.revenue)) or "none"
            raise Refused(
                f"lead {life.lead.lead_id}: no revenue of {period} is recorded; recorded: {known}"
            )
        if not 0 < amount <= kept:
            most = from_minor(kept, terms.currency)
            raise Refused(
                f"lead {life.lead.lead_id}: at most {most} of {period} can be given back, and at "
                "least one unit of the currency"
            )
        parts.append((kept - amount, Refund(refund.occurred_at, amount, period)))
    return parts


def _given_back(life: Life) -> int:
    return sum(refund.amount for refund in life.refunds)
