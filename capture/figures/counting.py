"""Adds one lead, or one customer, to the sums of its groups."""

from collections.abc import Sequence
from datetime import datetime

from capture.billing import Life
from capture.figures.sales import CUSTOMERS, Payment
from capture.lead import Actor
from capture.ledger import Tracked
from capture.metrics import Sums


def count(sums: Sums, one: Tracked, now: datetime) -> None:
    """Where the lead stands by `now`, what silence has decided included."""
    lead, said = one.lead, one.decision
    stage = lead.review_at(now)
    silent = lead.is_silent_at(now) or (said is not None and said.actor is Actor.SYSTEM)
    if stage != "accepted":
        sums.stages[stage] += 1
    elif silent:
        sums.by_silence += 1
    else:
        sums.by_word += 1
    if stage == "rejected":
        sums.reasons[(said and said.reason) or "settled"] += 1
    if stage in {"accepted", "rejected"} and not silent and said and one.notice_at:
        sums.review_seconds.append(max(0, int((said.at - one.notice_at).total_seconds())))
    sums.held += lead.appointment_at(now) == "held"
    sums.deals += lead.sale in CUSTOMERS


def count_customer(sums: Sums, life: Life, made: Sequence[Payment], now: datetime) -> None:
    """What the customer bought so far, and for how long they have been one."""
    if life.won is None:
        return
    until = life.churned_at or now
    sums.customers += 1
    sums.churned += life.churned_at is not None
    sums.purchases += sum(payment.amount > 0 for payment in made)
    sums.purchased += sum(payment.amount for payment in made)
    away = sum(
        (absence.returned.occurred_at - absence.left_at).days
        for absence in life.absences
        if absence.returned is not None
    )
    sums.customer_days += max(0, (until - life.won.occurred_at).days - away)
