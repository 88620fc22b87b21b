"""A lead's customer: what they paid, and for how long they are or were a customer."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from capture.billing.history import LeadHistory, lead_history
from capture.billing.reversals import day_of
from capture.campaign.model import Campaign, PriceModel
from capture.lead.events import Event

CUSTOMER_STAGES: Final = frozenset({"won", "churned"})
"""Sale stages in which the lead is or was a customer."""


@dataclass(frozen=True, slots=True)
class CustomerPayment:
    """A payment of a customer in minor units; negative for a refund."""

    day: date
    amount: int

    @property
    def month(self) -> str:
        """The month of the payment, such as `2026-11`."""
        return f"{self.day:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Customer:
    """What the figures need of a lead whose sale was decided at some time."""

    month: str
    """The month in which the lead was received."""
    is_customer: bool
    """Whether the lead is or was a customer."""
    payments: Sequence[CustomerPayment]
    """All of them, also for periods that have not begun."""
    won_at: datetime | None
    churned_at: datetime | None
    absent_days: int
    """Days between leaving and coming back."""

    def payments_until(self, today: date) -> list[CustomerPayment]:
        """The payments up to a date."""
        return [payment for payment in self.payments if payment.day <= today]

    @property
    def counted_since(self) -> datetime | None:
        """The time from which the customer's days are counted; days of absence come before it."""
        return None if self.won_at is None else self.won_at + timedelta(days=self.absent_days)

    def days_until(self, now: datetime) -> int:
        """The days as a customer, until they left or until `now`."""
        since, end = self.counted_since, self.churned_at or now
        return 0 if since is None else max(0, (end - since).days)


def customer_from(events: Iterable[Event], terms: Campaign) -> Customer:
    """The customer of a lead, from its events in order. Raises ValueError if there are none."""
    history = lead_history(events)
    return Customer(
        month=history.lead.month,
        is_customer=history.lead.sale in CUSTOMER_STAGES,
        payments=tuple(_payments(history, terms)),
        won_at=None if history.won is None else history.won.occurred_at,
        churned_at=history.churned_at,
        absent_days=sum(
            (absence.returned.occurred_at - absence.left_at).days
            for absence in history.absences
            if absence.returned is not None
        ),
    )


def _payments(history: LeadHistory, terms: Campaign) -> Iterator[CustomerPayment]:
    """The sale, revenue of periods, and refunds, by date in the campaign's zone.

    Under revenue share the periods are parts of the sale, so it counts only while there are none.
    """
    if history.won is None:
        return
    is_split = terms.price.model is PriceModel.REVENUE_SHARE and history.revenue
    if not is_split:
        yield CustomerPayment(day_of(history.won.occurred_at, terms), history.won.amount)
        for absence in history.absences:
            if absence.returned is not None:
                returned = absence.returned
                yield CustomerPayment(day_of(returned.occurred_at, terms), returned.amount)
    full_refund_days = [
        day_of(refund.occurred_at, terms)
        for refund in history.refunds
        if is_split and not refund.period
    ]
    for period, amounts in history.revenue.items():
        # A payment in advance that was refunded counts, like its refund, on the day of the refund.
        day = min([date.fromisoformat(period), *full_refund_days])
        yield from (CustomerPayment(day, revenue.amount) for revenue in amounts)
    for refund in history.refunds:
        yield CustomerPayment(day_of(refund.occurred_at, terms), -refund.amount)
