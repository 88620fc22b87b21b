"""Revenue by month (rules 20, 22 and 42): a payment divided, and no month paid for twice."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from capture.billing import (
    Life,
    Paying,
    after_months,
    day_of,
    exact_fee,
    in_term,
    overlapping,
    split,
)
from capture.campaign import Campaign
from capture.errors import Refused
from capture.ledger import Reading
from capture.money import check_amount, from_minor, round_minor


def periods(
    life: Life, terms: Campaign, amount: int, first: date, months: int
) -> list[dict[str, Any]]:
    """What each month's event says. The amount is in minor units.

    Raises `Refused` for a period before the sale, or whose month shares days with another one, or
    whose amounts add up to more than we count with.
    """
    parts = split(amount, first, months)
    for day, part in parts.items():
        known = sum(paying.amount for paying in life.revenue.get(day.isoformat(), ()))
        total = from_minor(known + part, terms.currency)
        check_amount(total, terms.currency, f"the revenue of {day}")
    if terms.price.billable == "revenue":
        _check_since_won(life, terms, first)
        _check_months(life, terms, parts)
    return [{"amount": part, "period": day.isoformat()} for day, part in parts.items()]


def check_unbilled(
    reading: Reading, life: Life, terms: Campaign, parts: Iterable[Mapping[str, Any]]
) -> None:
    """Rule 20: raises `Refused` for more revenue of a period that stands on a statement.

    The refusal says the debit that it takes (rule 27).
    """
    billed = {
        period: number
        for number, period in reading.statements.lines_of_lead(life.lead.lead_id)
        if period
    }
    for part in parts:
        period = part["period"]
        if period in billed:
            more = from_minor(_added(life, terms, period, part["amount"]), terms.currency)
            raise Refused(
                f"lead {life.lead.lead_id}: the month of {period} stands on statement "
                f"{billed[period]}; more for it is a debit note, which the client approves: "
                f"propose one of {more} on that statement, for this lead and period"
            )


def _added(life: Life, terms: Campaign, period: str, amount: int) -> int:
    """What one more amount adds to the period's fee, which is rounded once on the sum."""
    amounts = life.revenue.get(period, ())
    more = Paying(life.lead.received_at, life.lead.received_at, amount)
    then = replace(life, revenue={**life.revenue, period: (*amounts, more)})
    before, after = (round_minor(exact_fee(one, terms, period)) for one in (life, then))
    return after - before


def _check_since_won(life: Life, terms: Campaign, first: date) -> None:
    won = None if life.won is None else day_of(life.won.occurred_at, terms)
    if won is not None and first < won:
        raise Refused(
            f"lead {life.lead.lead_id}: a month from {first} begins before the sale was won on "
            f"{won}, the first day that counts; write the period {won} or later"
        )


def _check_months(life: Life, terms: Campaign, parts: Iterable[date]) -> None:
    """Rule 20: of the term's months, each is paid for once, by whatever day it is known.

    A month whose revenue was given back whole is as if it had never been paid for.
    """
    standing = [
        day
        for day in map(date.fromisoformat, life.revenue)
        if in_term(day, life, terms) and life.kept_of(day.isoformat())
    ]
    for day in parts:
        others = [other for other in standing if other != day]
        other = overlapping(day, others) if in_term(day, life, terms) else None
        if other is not None:
            later = day > other
            free = after_months(other, 1 if later else -1)
            raise Refused(
                f"lead {life.lead.lead_id}: the month from {day} overlaps revenue of {other}, "
                "which is recorded already; a month counts once, so begin it on "
                f"{free} or {'later' if later else 'earlier'}; more for that month goes under "
                f"the period {other}"
            )
