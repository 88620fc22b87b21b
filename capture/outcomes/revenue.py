"""Revenue and refunds by month (rules 20, 22, 37, 42 of docs/rules.md), and the reading of amounts.

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
        recorded = sum(event.amount for event in history.revenue.get(day.isoformat(), ()))
        total = from_minor(recorded + part, terms.currency)
        check_amount(total, terms.currency, f"the revenue of {day}")
    if terms.price.billable == "revenue":
        _check_not_before_sale(history, terms, first)
        _check_overlap(history, terms, parts)
    return [{"amount": part, "period": day.isoformat()} for day, part in parts.items()]


def check_unbilled(
    reading: ReadTransaction,
    history: LeadHistory,
    terms: Campaign,
    parts: Iterable[Mapping[str, Any]],
) -> None:
    """Raises `Refused` for more revenue of a period that is on a statement (rule 20).

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
                f"lead {history.lead.lead_id}: the month of {period} is on statement "
                f"{billed[period]}; more for it is a debit note, which the client approves: "
                f"propose one of {more} on that statement, for this lead and period"
            )


def _added_fee(history: LeadHistory, terms: Campaign, period: str, amount: int) -> int:
    """The part of the period's fee that one more amount adds, in minor units.

    The difference of two rounded sums, so that the parts add up to the fee.
    """
    amounts = history.revenue.get(period, ())
    more = BillableEvent(history.lead.received_at, history.lead.received_at, amount)
    new_history = replace(history, revenue={**history.revenue, period: (*amounts, more)})
    old_fee, new_fee = (
        round_minor(exact_fee(version, terms, period)) for version in (history, new_history)
    )
    return new_fee - old_fee


def _check_not_before_sale(history: LeadHistory, terms: Campaign, first: date) -> None:
    won = None if history.won is None else day_of(history.won.occurred_at, terms)
    if won is not None and first < won:
        raise Refused(
            f"lead {history.lead.lead_id}: a month from {first} begins before the sale was won on "
            f"{won}, the first day that counts; write the period {won} or later"
        )


def _check_overlap(history: LeadHistory, terms: Campaign, days: Iterable[date]) -> None:
    """Raises `Refused` for a month that overlaps one that counts already (rule 20).

    A month whose revenue was refunded in full may be recorded again.
    """
    recorded_days = [
        day
        for day in map(date.fromisoformat, history.revenue)
        if is_within_term(day, history, terms) and history.net_revenue(day.isoformat())
    ]
    for day in days:
        if not is_within_term(day, history, terms):
            continue
        overlap = find_overlap(day, [other for other in recorded_days if other != day])
        if overlap is not None:
            is_later = day > overlap
            free_day = add_months(overlap, 1 if is_later else -1)
            raise Refused(
                f"lead {history.lead.lead_id}: the month from {day} overlaps revenue of {overlap}, "
                "which is recorded already; a month counts once, so begin it on "
                f"{free_day} or {'later' if is_later else 'earlier'}; more for that month goes "
                f"under the period {overlap}"
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
    """The amount of the sale that is left after the refund, in minor units."""
    won = 0 if history.won is None else history.won.amount
    left = won - _refunded(history) - amount
    if history.won is not None and left < 0:
        limit = from_minor(left + amount, terms.currency)
        raise Refused(f"lead {history.lead.lead_id}: at most {limit} can be refunded")
    return left


def _left_after_full_refund(history: LeadHistory, terms: Campaign, amount: int) -> int:
    """0, since nothing is left after a full refund.

    Raises `Refused` for another amount: a refund without a month must be full (rule 37).
    """
    full_amounts = _full_refund_amounts(history)
    if amount in full_amounts:
        return 0
    periods = ", ".join(sorted(history.revenue)) or "none"
    full = " or ".join(str(from_minor(full_amount, terms.currency)) for full_amount in full_amounts)
    raise Refused(
        f"lead {history.lead.lead_id}: {from_minor(amount, terms.currency)} is a refund in part, "
        "so name the months that it is for, by the period of the first and their number (recorded "
        f"periods: {periods}); a refund in full is {full}"
    )


def _full_refund_amounts(history: LeadHistory) -> Sequence[int]:
    """The amounts that are a refund in full: all recorded revenue, or the sale if not smaller."""
    won = 0 if history.won is None else history.won.amount
    paid = sum(event.amount for events in history.revenue.values() for event in events)
    sums = [amount for amount in dict.fromkeys((won if won >= paid else 0, paid)) if amount]
    return [max(0, amount - _refunded(history)) for amount in sums]


def _partial_refunds(
    history: LeadHistory, terms: Campaign, refund: Refund, first: date, months: int
) -> list[tuple[int, Refund]]:
    """For each month that the refund names: what is left of its revenue, and its part (rule 37).

    The amount is split between the months as a payment is.
    """
    parts = []
    for day, amount in split_by_month(refund.amount, first, months).items():
        period = day.isoformat()
        net = history.net_revenue(period)
        if period not in history.revenue:
            periods = ", ".join(sorted(history.revenue)) or "none"
            raise Refused(
                f"lead {history.lead.lead_id}: no revenue of {period} is recorded; recorded: "
                f"{periods}"
            )
        if not 0 < amount <= net:
            limit = from_minor(net, terms.currency)
            raise Refused(
                f"lead {history.lead.lead_id}: at most {limit} of {period} can be refunded, and "
                "at least one unit of the currency"
            )
        parts.append((net - amount, Refund(refund.occurred_at, amount, period)))
    return parts


def _refunded(history: LeadHistory) -> int:
    return sum(refund.amount for refund in history.refunds)


# Amounts as spreadsheets and CRMs write them; ambiguous ones are refused.


_WITH_POINT: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")
_WITH_COMMA: Final = re.compile(r"[0-9]{1,15},([0-9]{1,2}|[0-9]{4,6})")
_COMMA_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(,[0-9]{3}){1,4}\.[0-9]{1,6}")
_POINT_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{3}){1,4},[0-9]{1,6}")
_AMBIGUOUS: Final = re.compile(r"[0-9]{1,3}(,[0-9]{3})+")


def read_amount(text: str) -> Decimal:
    """Reads 1234.50, 1,234.50, 1234,50 and 1.234,50. Raises `Refused` for anything else.

    A single point always separates decimals, as everywhere in the product. A single comma before
    three digits may separate thousands or decimals, so 1,234 is refused.
    """
    if _WITH_POINT.fullmatch(text):
        return Decimal(text)
    if _WITH_COMMA.fullmatch(text):
        return Decimal(text.replace(",", "."))
    if _COMMA_THOUSANDS.fullmatch(text):
        return Decimal(text.replace(",", ""))
    if _POINT_THOUSANDS.fullmatch(text):
        return Decimal(text.replace(".", "").replace(",", "."))
    if _AMBIGUOUS.fullmatch(text):
        plain = text.replace(",", "")
        raise Refused(f"its comma may separate thousands or decimals; write {plain} or {plain}.00")
    raise Refused("write digits with a point before the decimals, such as 1234.50")
