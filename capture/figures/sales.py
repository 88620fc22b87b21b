"""What a lead's customer bought, by its own date."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from capture.billing import Life
from capture.campaign import Campaign, PriceModel

CUSTOMERS = frozenset({"won", "churned"})
"""Stages of a sale that was made and stands."""


@dataclass(frozen=True, slots=True)
class Payment:
    """Money from a customer, or back to one: then it is below nought. Minor units."""

    day: date
    amount: int

    @property
    def month(self) -> str:
        """Such as `2026-11`."""
        return f"{self.day:%Y-%m}"


def payments(life: Life, terms: Campaign, today: date) -> Iterator[Payment]:
    """Sale, periods that have begun, refunds.

    Under revenue share the sale is what the periods divide, so it counts only while there is none.
    """
    if life.won is None:
        return
    divided = terms.price.model is PriceModel.REVENUE_SHARE and life.revenue
    if not divided:
        yield Payment(life.won.occurred_at.astimezone(terms.zone).date(), life.won.amount)
        for absence in life.absences:
            if absence.returned is not None:
                bought = absence.returned
                yield Payment(bought.occurred_at.astimezone(terms.zone).date(), bought.amount)
    in_full = [
        refund.occurred_at.astimezone(terms.zone).date()
        for refund in life.refunds
        if divided and not refund.period
    ]
    for period, amounts in life.revenue.items():
        # What was paid ahead and then given back counts, both ways, on the day of the refund.
        day = min([date.fromisoformat(period), *in_full])
        if day <= today:
            yield from (Payment(day, paying.amount) for paying in amounts)
    for refund in life.refunds:
        yield Payment(refund.occurred_at.astimezone(terms.zone).date(), -refund.amount)
