"""Rules that change or exclude a line: refunds, churn, return, cancellation.

Rules 23, 37 and 42 of docs/rules.md. Each rule on a period of revenue holds both the test that
billing uses and the sentence that the agreement prints, so agreement and statement cannot differ.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from capture.billing.history import LeadHistory, add_months
from capture.campaign.model import Campaign, Price


@dataclass(frozen=True, slots=True)
class PeriodRule:
    """A rule that excludes periods of revenue from billing."""

    sentence: Callable[[Price], str]
    """The text for the agreement."""
    excludes: Callable[[date, LeadHistory, Campaign], bool]
    """Whether the period that begins on this day is not billable."""


def is_billable_period(period: date, history: LeadHistory, campaign: Campaign) -> bool:
    """Whether the revenue of the period that begins on this day is billable (rules 22, 37)."""
    if history.won is None or campaign.price.months is None:
        return False
    return not any(rule.excludes(period, history, campaign) for rule in PERIOD_RULES)


def is_within_term(period: date, history: LeadHistory, campaign: Campaign) -> bool:
    """Whether a period begins within the term, which begins with the first sale (rule 22)."""
    return history.won is not None and not _is_outside_term(period, history, campaign)


def net_purchase(history: LeadHistory, campaign: Campaign) -> int:
    """The sale minus the refunds within `refund_days` of it, in minor units (rule 23)."""
    won = history.won
    if won is None:
        return 0
    last_day = day_of(won.occurred_at, campaign) + timedelta(days=campaign.price.refund_days)
    refunded = sum(
        refund.amount
        for refund in history.refunds
        if day_of(refund.occurred_at, campaign) <= last_day
    )
    return won.amount - refunded


def rule_sentences(price: Price) -> list[str]:
    """The agreement's sentences on refunds, churn, return and meetings under a price."""
    match price.billable:
        case "revenue":
            return [
                *(rule.sentence(price) for rule in PERIOD_RULES),
                _REFUND_IN_PART,
                _SEVERAL_AMOUNTS,
            ]
        case "won":
            return [_purchase_refund_sentence(price), _NO_SECOND_ACQUISITION]
        case "scheduled":
            return [_BOOKING, _NO_SALE_MATTERS]
        case "held":
            return [_MEETING, _NO_SALE_MATTERS]
        case "accepted":
            return [_NO_SALE_MATTERS]


def day_of(moment: datetime, campaign: Campaign) -> date:
    """The date of a time in the campaign's time zone."""
    return moment.astimezone(campaign.zone).date()


def _is_outside_term(period: date, history: LeadHistory, campaign: Campaign) -> bool:
    won, months = history.won, campaign.price.months
    if won is None or months is None:
        return True
    first_day = day_of(won.occurred_at, campaign)
    return not first_day <= period < add_months(first_day, months)


def _term_sentence(price: Price) -> str:
    months = _count(price.months or 0, "month")
    return (
        f"Revenue counts from the day on which the sale was won until the same day {months} "
        "later, or until the last day of that month if it has no such day. A payment for "
        "several months is split by month, and each part falls due when its month begins."
    )


def _is_refunded_in_full(period: date, history: LeadHistory, campaign: Campaign) -> bool:
    refund_days = timedelta(days=campaign.price.refund_days)
    return any(
        period >= day_of(refund.occurred_at, campaign) - refund_days
        for refund in history.refunds
        if not refund.period
    )


def _full_refund_sentence(price: Price) -> str:
    if not price.refund_days:
        return (
            "Once a sale is refunded to the customer in full, no month counts that begins on the "
            "day of that refund or later. Earlier months stay as they are."
        )
    return (
        "Once a sale is refunded to the customer in full, no month counts that begins on the day "
        f"of that refund or later, or in the {_count(price.refund_days, 'day')} before it; its "
        "line is credited if it was billed. Earlier months stay as they are."
    )


def _is_between_churn_and_return(period: date, history: LeadHistory, campaign: Campaign) -> bool:
    return any(
        day_of(absence.left_at, campaign) <= period
        and (absence.returned is None or period < day_of(absence.returned.occurred_at, campaign))
        for absence in history.absences
    )


def _churn_sentence(price: Price) -> str:  # noqa: ARG001 - all sentences have this signature
    return (
        "No month counts that begins on the day on which the customer left, or later; what was "
        "billed of such a month is credited. If the customer returns, months that begin on the day "
        "of the return or later count again. The months of the term still run from the first sale: "
        "a return never restarts them."
    )


PERIOD_RULES: Final = (
    PeriodRule(_term_sentence, _is_outside_term),
    PeriodRule(_full_refund_sentence, _is_refunded_in_full),
    PeriodRule(_churn_sentence, _is_between_churn_and_return),
)

_REFUND_IN_PART: Final = (
    "A refund in part names the months that it is for. It reduces the line of each of these in "
    "proportion, or credits it in proportion if it was billed, and changes no other."
)
_SEVERAL_AMOUNTS: Final = (
    "Several amounts for one month add up to one line, which falls due once all of them are final. "
    "More for a month that was billed is a debit note, which the client has to approve."
)
_NO_SECOND_ACQUISITION: Final = (
    "A customer who leaves changes no line. One who returns is no second acquisition: nothing is "
    "billed again."
)
_BOOKING: Final = (
    "A booking may be cancelled without charge until the appointment's time or the close of the "
    "booking's month, whichever comes first, whoever recorded it. One that is cancelled or moved "
    "later, and one to which the person does not come, is charged. A booking that was cancelled in "
    "time may be set again, and is then charged as a new one."
)
_MEETING: Final = (
    "An appointment that was cancelled, or to which the person did not come, costs nothing; it may "
    "be set again."
)
_NO_SALE_MATTERS: Final = (
    "What becomes of a sale changes no line: a refund to the customer, a customer who leaves, one "
    "who returns."
)


def _purchase_refund_sentence(price: Price) -> str:
    if not price.refund_days:
        return "A refund to the customer changes no line."
    return (
        f"A refund to the customer within {_count(price.refund_days, 'day')} of the sale "
        "reduces the line in proportion, or credits it in proportion if it was billed. A later "
        "refund changes no line."
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else noun + 's'}"
