"""Revenue and refunds by month (rules 20, 22, 37, 42), and amounts as spreadsheets write them.

A payment for several months is divided between them; no month is counted twice.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from capture.billing.history import (
    BillableEvent,
    LeadHistory,
    Refund,
    add_months,
    find_overlap,
    split_by_month,
)
from capture.billing.lines import exact_fee
from capture.billing.reversals import day_of, is_within_term
from capture.campaign.model import Campaign
from capture.errors import Refused
from capture.ledger.protocol import ReadTransaction
from capture.money import check_amount, from_minor, round_minor


def revenue_periods(
    history: LeadHistory, terms: Campaign, amount: int, first: date, months: int
) -> list[dict[str, Any]]:
    """The data of each month's event. The amount is in minor units.

    Raises `Refused` for a period before the sale, for a month that overlaps a recorded one, and if
    the amounts of a period add up to more than the product supports.
    """
    parts = split_by_month(amount, first, months)
    for day, part in parts.items():
        known = sum(paying.amount for paying in history.revenue.get(day.isoformat(), ()))
        total = from_minor(known + part, terms.currency)
        check_amount(total, terms.currency, f"the revenue of {day}")
    if terms.price.billable == "revenue":
        _check_since_won(history, terms, first)
        _check_months(history, terms, parts)
    return [{"amount": part, "period": day.isoformat()} for day, part in parts.items()]


def check_unbilled(
    reading: ReadTransaction,
    history: LeadHistory,
    terms: Campaign,
    parts: Iterable[Mapping[str, Any]],
) -> None:
    """Rule 20: raises `Refused` for more revenue of a period that is on a statement.

    The message names the debit note that is needed instead (rule 27).
    """
    billed = {
        period: number
        for number, period in reading.statements.lines_of_lead(history.lead.lead_id)
        if period
    }
    for part in parts:
        period = part["period"]
        if period in billed:
            more = from_minor(_added_fee(history, terms, period, part["amount"]), terms.currency)
            raise Refused(
                f"lead {history.lead.lead_id}: the month of {period} stands on statement "
                f"{billed[period]}; more for it is a debit note, which the client approves: "
                f"propose one of {more} on that statement, for this lead and period"
            )


def _added_fee(history: LeadHistory, terms: Campaign, period: str, amount: int) -> int:
    """What one more amount adds to the period's fee, in minor units; rounded once on the sum."""
    amounts = history.revenue.get(period, ())
    more = BillableEvent(history.lead.received_at, history.lead.received_at, amount)
    then = replace(history, revenue={**history.revenue, period: (*amounts, more)})
    before, after = (round_minor(exact_fee(one, terms, period)) for one in (history, then))
    return after - before


def _check_since_won(history: LeadHistory, terms: Campaign, first: date) -> None:
    won = None if history.won is None else day_of(history.won.occurred_at, terms)
    if won is not None and first < won:
        raise Refused(
            f"lead {history.lead.lead_id}: a month from {first} begins before the sale was won on "
            f"{won}, the first day that counts; write the period {won} or later"
        )


def _check_months(history: LeadHistory, terms: Campaign, parts: Iterable[date]) -> None:
    """Rule 20: each month of the term counts once, whatever day it begins on.

    A month whose revenue was refunded in full may be recorded again.
    """
    standing = [
        day
        for day in map(date.fromisoformat, history.revenue)
        if is_within_term(day, history, terms) and history.net_revenue(day.isoformat())
    ]
    for day in parts:
        others = [other for other in standing if other != day]
        other = find_overlap(day, others) if is_within_term(day, history, terms) else None
        if other is not None:
            later = day > other
            free = add_months(other, 1 if later else -1)
            raise Refused(
                f"lead {history.lead.lead_id}: the month from {day} overlaps revenue of {other}, "
                "which is recorded already; a month counts once, so begin it on "
                f"{free} or {'later' if later else 'earlier'}; more for that month goes under "
                f"the period {other}"
            )


# Refunds to a customer: of a sale, or of months of revenue (rules 23 and 37).


def split_refund(
    history: LeadHistory, terms: Campaign, refund: Refund, period: date | None, months: int
) -> list[dict[str, Any]]:
    """The data of each refund's event: one, or one for each month that it names.

    `refund` has the total amount, in minor units. Raises `Refused` if it is more than was paid, or
    if its months are missing.
    """
    if terms.price.billable == "revenue":
        if period is None:
            parts = [(_left_after_full_refund(history, terms, refund.amount), refund)]
        else:
            parts = _partial_refunds(history, terms, refund, period, months)
    elif period is not None:
        raise Refused(
            f"lead {history.lead.lead_id}: a refund names months only where a share of revenue is "
            "paid; leave the period out"
        )
    else:
        parts = [(_left_of_sale(history, terms, refund.amount), refund)]
    return [
        {"amount": part.amount, "left": left, **({"period": part.period} if part.period else {})}
        for left, part in parts
    ]


def _left_of_sale(history: LeadHistory, terms: Campaign, amount: int) -> int:
    """What is left of the sale afterwards, in minor units."""
    won = 0 if history.won is None else history.won.amount
    left = won - _refunded(history) - amount
    if history.won is not None and left < 0:
        most = from_minor(left + amount, terms.currency)
        raise Refused(f"lead {history.lead.lead_id}: at most {most} can be given back")
    return left


def _left_after_full_refund(history: LeadHistory, terms: Campaign, amount: int) -> int:
    """Rule 37: a refund without a month must be all that was paid; returns what is left: 0."""
    sums = _full_refund_amounts(history)
    if amount in sums:
        return 0
    known = ", ".join(sorted(history.revenue)) or "none"
    full = " or ".join(str(from_minor(one, terms.currency)) for one in sums)
    raise Refused(
        f"lead {history.lead.lead_id}: {from_minor(amount, terms.currency)} is a refund in part, "
        "so name the months that it is for, by the period of the first and their number (recorded "
        f"periods: {known}); a refund in full is {full}"
    )


def _full_refund_amounts(history: LeadHistory) -> Sequence[int]:
    """The amounts that are a refund in full: all recorded revenue, or the sale if not smaller."""
    won = 0 if history.won is None else history.won.amount
    paid = sum(one.amount for amounts in history.revenue.values() for one in amounts)
    sums = [one for one in dict.fromkeys((won if won >= paid else 0, paid)) if one]
    return [max(0, one - _refunded(history)) for one in sums]


def _partial_refunds(
    history: LeadHistory, terms: Campaign, refund: Refund, first: date, months: int
) -> list[tuple[int, Refund]]:
    """Rule 37: the named months, split as a payment is; what is left of each, and its refund."""
    parts = []
    for day, amount in split_by_month(refund.amount, first, months).items():
        period = day.isoformat()
        kept = history.net_revenue(period)
        if period not in history.revenue:
            known = ", ".join(sorted(history.revenue)) or "none"
            raise Refused(
                f"lead {history.lead.lead_id}: no revenue of {period} is recorded; recorded: "
                f"{known}"
            )
        if not 0 < amount <= kept:
            most = from_minor(kept, terms.currency)
            raise Refused(
                f"lead {history.lead.lead_id}: at most {most} of {period} can be given back, and "
                "at least one unit of the currency"
            )
        parts.append((kept - amount, Refund(refund.occurred_at, amount, period)))
    return parts


def _refunded(history: LeadHistory) -> int:
    return sum(refund.amount for refund in history.refunds)


# Amounts as spreadsheets and CRMs write them; ambiguous ones are refused.


_POINT: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")
_COMMA: Final = re.compile(r"[0-9]{1,15},([0-9]{1,2}|[0-9]{4,6})")
_COMMA_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(,[0-9]{3}){1,4}\.[0-9]{1,6}")
_POINT_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{3}){1,4},[0-9]{1,6}")
_EITHER: Final = re.compile(r"[0-9]{1,3}(,[0-9]{3})+")


def read_amount(text: str) -> Decimal:
    """Reads 1234.50, 1,234.50, 1234,50 and 1.234,50. Raises `Refused` for anything else.

    A single point always separates decimals, as everywhere in the product. A single comma before
    three digits may separate thousands or decimals, so 1,234 is refused.
    """
    if _POINT.fullmatch(text):
        return Decimal(text)
    if _COMMA.fullmatch(text):
        return Decimal(text.replace(",", "."))
    if _COMMA_THOUSANDS.fullmatch(text):
        return Decimal(text.replace(",", ""))
    if _POINT_THOUSANDS.fullmatch(text):
        return Decimal(text.replace(".", "").replace(",", "."))
    if _EITHER.fullmatch(text):
        plain = text.replace(",", "")
        raise Refused(f"its comma may part thousands or decimals; write {plain} or {plain}.00")
    raise Refused("write digits with a point before the decimals, such as 1234.50")
