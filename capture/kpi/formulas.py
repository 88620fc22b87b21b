"""The key figures of agency and client, each with its formula and its numbers.

Amounts are minor units.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from fractions import Fraction
from statistics import median
from typing import Final

from capture.kpi.sums import Sums
from capture.money import from_minor, show_money, to_minor
from capture.text import count_noun

_TENTH: Final = Decimal("0.1")
_HUNDREDTH: Final = Decimal("0.01")


class Unit(StrEnum):
    """The unit of a figure's number."""

    COUNT = "count"
    MONEY = "minor units"
    PERCENT = "percent"
    RATIO = "ratio"
    SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: a number, or the reason why there is none."""

    key: str
    name: str
    unit: Unit
    number: int | Decimal | None
    shown: str
    """The formatted number, such as `3.3 %`, or the reason, such as `no leads yet`."""
    formula: str
    """The formula in words, such as `closed deals / leads x 100`."""
    calculation: str
    """The formula with its numbers, such as `4 / 120 x 100 = 3.3 %`; empty for a plain count."""


@dataclass(frozen=True, slots=True)
class Formula:
    """The definition of a figure."""

    key: str
    name: str
    unit: Unit
    formula: str

    def missing_figure(self, reason: str) -> Figure:
        """The figure without a number, with the reason."""
        return Figure(self.key, self.name, self.unit, None, reason, self.formula, "")

    def figure(self, number: int | Decimal, terms: str, currency: str, note: str = "") -> Figure:
        """The figure with its number.

        `terms` is the calculation before the equals sign, empty for a plain count; `note` follows
        the number.
        """
        shown = format_number(number, self.unit, currency)
        return Figure(
            self.key,
            self.name,
            self.unit,
            number,
            f"{shown}{note}",
            self.formula,
            f"{terms} = {shown}" if terms else "",
        )


def percent(part: int, total: int) -> Decimal:
    """The percentage, rounded to a tenth, half to even."""
    return _rounded(Fraction(part * 100, total), _TENTH)


def ratio(part: int, total: int) -> Decimal:
    """The ratio, rounded to a hundredth, half to even."""
    return _rounded(Fraction(part, total), _HUNDREDTH)


def money_share(amount: int, parts: Fraction | int, currency: str) -> int:
    """The amount divided by `parts`, rounded half to even (rule 24 of docs/rules.md)."""
    share = Fraction(amount) / parts
    major_units = from_minor(1, currency) * share.numerator / share.denominator
    return to_minor(major_units, currency)


def format_number(number: int | Decimal, unit: Unit, currency: str) -> str:
    """The number as text: `1,200`, `$50.00`, `3.3 %`, `2.40`, `5 h 20 min`."""
    match unit:
        case Unit.MONEY:
            return show_money(int(number), currency)
        case Unit.PERCENT:
            return f"{number:,} %"
        case Unit.SECONDS:
            return _duration(int(number))
        case _:
            return f"{number:,}"


def _duration(seconds: int) -> str:
    minutes = seconds // 60
    if minutes < 1:
        return "under a minute"
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else ""]
    return " ".join(part for part in [*parts, f"{minutes} min" if minutes else ""] if part)


def _rounded(exact: Fraction, unit: Decimal) -> Decimal:
    scale = int(1 / unit)
    units = Decimal(round(exact * scale))  # `round` of a fraction is exact, half to even
    return (units / scale).quantize(unit, rounding=ROUND_HALF_EVEN)


# Customer lifetime value: average purchase value x purchases a year x years that a customer stays.
#
# All three come from data; constants never replace unknown values. The years that a customer stays
# are estimated as the total years of all customers divided by the number of customers who left
# (occurrence over exposure). This is the usual estimate while some customers have not left. If no
# customer has left, the value covers only the years so far, and its note says so.


MIN_DAYS: Final = 90
"""Minimum average days per customer; below it, purchases a year would be a guess."""
DAYS_A_YEAR: Final = Fraction(1461, 4)

_LIFETIME_VALUE: Final = Formula(
    "lifetime_value",
    "customer lifetime value",
    Unit.MONEY,
    "average purchase value x purchases a year x years that a customer stays",
)


def lifetime_value(sums: Sums) -> Figure:
    """Customer lifetime value, or the reason why there is none."""
    if not sums.customers:
        return _LIFETIME_VALUE.missing_figure("no customers yet")
    days = Fraction(sums.customer_days, sums.customers)
    if days < MIN_DAYS:
        return _LIFETIME_VALUE.missing_figure(
            f"too early: customers have been known for {count_noun(int(days), 'day')} on average, "
            f"and {MIN_DAYS} are needed"
        )
    if not sums.purchases:
        return _LIFETIME_VALUE.missing_figure("no purchase with an amount yet")
    years = Fraction(sums.customer_days) / DAYS_A_YEAR
    purchases_a_year = Fraction(sums.purchases) / years
    years_per_customer = years / (sums.churned or sums.customers)
    purchases_per_customer = purchases_a_year * years_per_customer
    value = money_share(
        sums.purchased, Fraction(sums.purchases) / purchases_per_customer, sums.currency
    )
    average = show_money(money_share(sums.purchased, sums.purchases, sums.currency), sums.currency)
    terms = f"{average} x {float(purchases_a_year):,.2f} x {float(years_per_customer):,.2f}"
    note = "" if sums.churned else " so far: no customer has left yet"
    return _LIFETIME_VALUE.figure(value, terms, sums.currency, note)


# The figures for both sides, and those for the agency alone (rule 29).


_CUT_MONTH: Final = "money is counted by complete months, and this period has an incomplete one"
_NOT_BILLED: Final = "nothing billed yet"
_NO_LEADS: Final = "no leads yet"
_NOT_REVIEWED: Final = "the client has not reviewed a lead yet"

_LEADS: Final = Formula(
    "leads", "leads", Unit.COUNT, "submissions - spam - duplicates - not proved"
)
_QUALIFIED: Final = Formula(
    "qualified", "qualified", Unit.COUNT, "accepted + rejected + still in review"
)
_ACCEPTED: Final = Formula(
    "accepted", "accepted", Unit.COUNT, "by the client + entered by the agency + automatically"
)
_BY_CLIENT: Final = Formula("accepted_by_word", "accepted by the client", Unit.COUNT, "counted")
_BY_ENTRY: Final = Formula(
    "accepted_by_entry", "acceptance entered by the agency", Unit.COUNT, "counted"
)
_BY_SILENCE: Final = Formula("accepted_by_silence", "accepted automatically", Unit.COUNT, "counted")
_REJECTED: Final = Formula("rejected", "rejected", Unit.COUNT, "sum of all reasons")
_IN_REVIEW: Final = Formula("in_review", "still in review", Unit.COUNT, "counted")
_ACCEPTANCE_RATE: Final = Formula(
    "acceptance_rate", "acceptance rate", Unit.PERCENT, "accepted / (accepted + rejected) x 100"
)
_REVIEWED_RATE: Final = Formula(
    "reviewed_acceptance_rate",
    "acceptance rate of reviewed leads",
    Unit.PERCENT,
    "accepted by the client / (accepted by the client + rejected) x 100",
)
_REVIEW_TIME: Final = Formula(
    "median_review_seconds",
    "median time to review",
    Unit.SECONDS,
    "the median of the times from notice to the client's decision",
)
_SPEND: Final = Formula("spend", "spend", Unit.MONEY, "billed - credited")
_COST_PER_LEAD: Final = Formula("cost_per_lead", "cost per lead", Unit.MONEY, "spend / leads")
_COST_PER_QUALIFIED_LEAD: Final = Formula(
    "cost_per_qualified_lead",
    "cost per qualified lead",
    Unit.MONEY,
    "spend / sales-qualified leads (accepted)",
)
_COST_PER_APPOINTMENT: Final = Formula(
    "cost_per_appointment", "cost per appointment", Unit.MONEY, "spend / appointments held"
)
_HELD: Final = Formula("appointments", "appointments held", Unit.COUNT, "counted")
_DEALS: Final = Formula("closed_deals", "closed deals", Unit.COUNT, "counted")
_CLOSE_RATE: Final = Formula(
    "lead_to_close_rate", "lead-to-close rate", Unit.PERCENT, "closed deals / leads x 100"
)
_REVENUE: Final = Formula("revenue", "revenue", Unit.MONEY, "purchases - refunds to customers")
_ROAS: Final = Formula("roas", "ROAS", Unit.RATIO, "revenue / spend")
_COSTS: Final = Formula(
    "costs", "own costs", Unit.MONEY, "fixed costs a month + costs of single months"
)
_MARGIN: Final = Formula("margin", "own margin", Unit.MONEY, "spend - own costs")
_MARGIN_RATE: Final = Formula(
    "margin_rate", "own margin in percent", Unit.PERCENT, "own margin / spend x 100"
)


def client_figures(sums: Sums) -> list[Figure]:
    """The figures that both sides may see, from submission to revenue."""
    decided = sums.accepted + sums.rejected
    reviewed = sums.by_client + sums.rejected
    spam, duplicates = sums.stages["spam"], sums.stages["duplicate"]
    apart = f"{spam:,} - {duplicates:,} - {sums.not_proved:,}"
    return [
        _count(_LEADS, sums.leads, f"{sums.submissions:,} - {apart}"),
        _count(
            _QUALIFIED,
            sums.qualified,
            f"{sums.accepted:,} + {sums.rejected:,} + {sums.in_review:,}",
        ),
        _count(
            _ACCEPTED,
            sums.accepted,
            f"{sums.by_client:,} + {sums.by_entry:,} + {sums.by_silence:,}",
        ),
        _count(_BY_CLIENT, sums.by_client),
        _count(_BY_ENTRY, sums.by_entry),
        _count(_BY_SILENCE, sums.by_silence),
        _rejected(sums),
        _count(_IN_REVIEW, sums.in_review),
        _percent(_ACCEPTANCE_RATE, sums.accepted, decided, "no lead was decided yet"),
        _percent(_REVIEWED_RATE, sums.by_client, reviewed, _NOT_REVIEWED),
        _review_time(sums),
        _spend(sums),
        _cost_per(_COST_PER_LEAD, sums, sums.leads, _NO_LEADS),
        cost_per_qualified_lead(sums),
        _cost_per(_COST_PER_APPOINTMENT, sums, sums.held, "no appointments held yet"),
        _count(_HELD, sums.held),
        _count(_DEALS, sums.deals),
        close_rate(sums),
        _REVENUE.figure(
            sums.revenue,
            f"{_money(sums.bought, sums)} - {_money(sums.refunded, sums)}",
            sums.currency,
        ),
        roas(sums),
        lifetime_value(sums),
    ]


def close_rate(sums: Sums) -> Figure:
    """The lead-to-close rate."""
    return _percent(_CLOSE_RATE, sums.deals, sums.leads, _NO_LEADS)


def cost_per_qualified_lead(sums: Sums) -> Figure:
    """The client's spend for each accepted lead."""
    return _cost_per(_COST_PER_QUALIFIED_LEAD, sums, sums.accepted, "no sales-qualified leads yet")


def agency_figures(sums: Sums) -> list[Figure]:
    """The agency's own costs and margin. No page for clients shows them."""
    reason = sums.costs_unknown if sums.whole_months else _CUT_MONTH
    if reason:
        return [formula.missing_figure(reason) for formula in (_COSTS, _MARGIN, _MARGIN_RATE)]
    margin = sums.spend - sums.costs
    spend_text, costs_text, margin_text = (
        _money(amount, sums) for amount in (sums.spend, sums.costs, margin)
    )
    if sums.spend > 0:
        rate = percent(margin, sums.spend)
        margin_rate = _MARGIN_RATE.figure(rate, f"{margin_text} / {spend_text} x 100", "")
    else:
        margin_rate = _MARGIN_RATE.missing_figure(_no_spend_reason(sums))
    return [
        _COSTS.figure(sums.costs, "", sums.currency),
        _MARGIN.figure(margin, f"{spend_text} - {costs_text}", sums.currency),
        margin_rate,
    ]


def _spend(sums: Sums) -> Figure:
    """Billed less credited (rule 29), or the reason why there is no figure."""
    if not sums.whole_months:
        return _SPEND.missing_figure(_CUT_MONTH)
    if not sums.billed and not sums.credited:
        return _SPEND.missing_figure(_NOT_BILLED)
    terms = f"{_money(sums.billed, sums)} - {_money(sums.credited, sums)}"
    return _SPEND.figure(sums.spend, terms, sums.currency)


def _no_spend_reason(sums: Sums) -> str:
    """The reason why there is no spend to divide by."""
    if not sums.whole_months:
        return _CUT_MONTH
    return "everything that was billed was credited" if sums.billed else _NOT_BILLED


def _money(amount: int, sums: Sums) -> str:
    return show_money(amount, sums.currency)


def _cost_per(formula: Formula, sums: Sums, count: int, reason: str) -> Figure:
    """The spend divided by `count`; `reason` says why there is no figure for a count of zero."""
    spend = _spend(sums)
    if spend.number is None:
        return formula.missing_figure(spend.shown)
    if not count:
        return formula.missing_figure(reason)
    number = money_share(sums.spend, count, sums.currency)
    return formula.figure(number, f"{spend.shown} / {count:,}", sums.currency)


def roas(sums: Sums) -> Figure:
    """The customers' revenue divided by the spend."""
    spend = _spend(sums)
    if spend.number is None or sums.spend <= 0:
        return _ROAS.missing_figure(_no_spend_reason(sums))
    terms = f"{_money(sums.revenue, sums)} / {spend.shown}"
    return _ROAS.figure(ratio(sums.revenue, sums.spend), terms, sums.currency)


def _percent(formula: Formula, part: int, total: int, reason: str) -> Figure:
    if not total:
        return formula.missing_figure(reason)
    return formula.figure(percent(part, total), f"{part:,} / {total:,} x 100", "")


def _review_time(sums: Sums) -> Figure:
    if not sums.review_seconds:
        return _REVIEW_TIME.missing_figure(_NOT_REVIEWED)
    seconds = int(median(sums.review_seconds))
    return _REVIEW_TIME.figure(seconds, f"the median of {len(sums.review_seconds):,}", "")


def _rejected(sums: Sums) -> Figure:
    parts = [f"{count:,} {code}" for code, count in sorted(sums.reasons.items())]
    return _count(_REJECTED, sums.rejected, " + ".join(parts))


def _count(formula: Formula, number: int, terms: str = "") -> Figure:
    return formula.figure(number, terms, "")
