"""The figures of agency and client, each with its formula and its numbers."""

from collections.abc import Mapping
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
    """One figure. `shown` is the formatted number or, if there is none, the reason."""

    key: str
    name: str
    unit: Unit
    number: int | Decimal | None
    shown: str
    """`3.3 %`, or why there is no number: `no leads yet`."""
    formula: str
    """In words: `closed deals / leads x 100`."""
    calculation: str
    """The formula with its numbers: `4 / 120 x 100 = 3.3 %`; empty if nothing is calculated."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A figure without its value."""

    key: str
    name: str
    unit: Unit
    formula: str

    def missing_figure(self, reason: str) -> Figure:
        """The figure without a number, with the reason."""
        return Figure(self.key, self.name, self.unit, None, reason, self.formula, "")

    def figure(self, number: int | Decimal, worked: str, currency: str, note: str = "") -> Figure:
        """The figure. `worked` is the text before the equals sign; empty for a plain count."""
        shown = format_number(number, self.unit, currency)
        return Figure(
            self.key,
            self.name,
            self.unit,
            number,
            f"{shown}{note}",
            self.formula,
            f"{worked} = {shown}" if worked else "",
        )


def percent(part: int, complete: int) -> Decimal:
    """The percentage, rounded to a tenth, half to even."""
    return _rounded(Fraction(part * 100, complete), _TENTH)


def ratio(part: int, complete: int) -> Decimal:
    """The ratio, rounded to a hundredth, half to even."""
    return _rounded(Fraction(part, complete), _HUNDREDTH)


def money_share(amount: int, parts: Fraction | int, currency: str) -> int:
    """The amount divided by `parts`, in minor units, rounded half to even (rule 24)."""
    each = Fraction(amount) / parts
    exact = from_minor(1, currency) * each.numerator / each.denominator
    return to_minor(exact, currency)


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


def _rounded(exact: Fraction, to: Decimal) -> Decimal:
    scale = int(1 / to)
    complete = Decimal(round(exact * scale))  # of a fraction: exact, half to even
    return (complete / scale).quantize(to, rounding=ROUND_HALF_EVEN)


# Customer lifetime value: average purchase value x purchases a year x years that a customer stays.
#
# All three come from data; constants never replace unknown values. The years that a customer stays
# are estimated as all customers' years together divided by the number of customers who left
# (occurrence over exposure), the usual estimate while some histories still run. If nobody has left,
# the value covers only the years so far, and its note says so.


MIN_DAYS: Final = 90
"""Minimum average days per customer; with fewer, purchases a year would be a guess."""
DAYS_A_YEAR: Final = Fraction(1461, 4)

_LIFETIME_VALUE: Final = Formula(
    "lifetime_value",
    "customer lifetime value",
    Unit.MONEY,
    "average purchase value x purchases a year x years that a customer stays",
)


def lifetime_value(sums: Sums) -> Figure:
    """Customer lifetime value in minor units, or the reason why there is none."""
    if not sums.customers:
        return _LIFETIME_VALUE.missing_figure("no customers yet")
    days = Fraction(sums.customer_days, sums.customers)
    if days < MIN_DAYS:
        return _LIFETIME_VALUE.missing_figure(
            f"too early to say: customers were seen for {count_noun(int(days), 'day')} on "
            f"average, and {MIN_DAYS} are wanted"
        )
    if not sums.purchases:
        return _LIFETIME_VALUE.missing_figure("no purchase with an amount yet")
    years = Fraction(sums.customer_days) / DAYS_A_YEAR
    a_year = Fraction(sums.purchases) / years
    stays = years / (sums.churned or sums.customers)
    value = money_share(sums.purchased, Fraction(sums.purchases) / (a_year * stays), sums.currency)
    average = show_money(money_share(sums.purchased, sums.purchases, sums.currency), sums.currency)
    worked = f"{average} x {float(a_year):,.2f} x {float(stays):,.2f}"
    if sums.churned:
        return _LIFETIME_VALUE.figure(value, worked, sums.currency)
    return _LIFETIME_VALUE.figure(value, worked, sums.currency, " so far: no customer has left yet")


# The figures for both sides, and those for the agency alone (rule 29).


CUT_MONTH: Final = "money is counted by whole months, and this period cuts one"
NOT_BILLED: Final = "nothing billed yet"
NO_LEADS: Final = "no leads yet"

_LEADS: Final = Formula("leads", "leads", Unit.COUNT, "submissions - spam - duplicates")
_QUALIFIED: Final = Formula(
    "qualified", "qualified", Unit.COUNT, "accepted + rejected + still in review"
)
_ACCEPTED: Final = Formula("accepted", "accepted", Unit.COUNT, "by the client's word + by silence")
_BY_WORD: Final = Formula("accepted_by_word", "accepted by word", Unit.COUNT, "counted")
_BY_SILENCE: Final = Formula("accepted_by_silence", "accepted by silence", Unit.COUNT, "counted")
_REJECTED: Final = Formula("rejected", "rejected", Unit.COUNT, "sum of all reasons")
_IN_REVIEW: Final = Formula("in_review", "still in review", Unit.COUNT, "counted")
_RATE: Final = Formula(
    "acceptance_rate", "acceptance rate", Unit.PERCENT, "accepted / (accepted + rejected) x 100"
)
_RATE_BY_WORD: Final = Formula(
    "reviewed_acceptance_rate",
    "acceptance rate, reviewed ones",
    Unit.PERCENT,
    "accepted by word / (accepted by word + rejected) x 100",
)
_REVIEW: Final = Formula(
    "median_review_seconds",
    "median time to review",
    Unit.SECONDS,
    "the middle of the times from notice to the client's word",
)
_SPEND: Final = Formula("spend", "spend", Unit.MONEY, "billed - credited")
_PER_LEAD: Final = Formula("cost_per_lead", "cost per lead", Unit.MONEY, "spend / leads")
_PER_QUALIFIED: Final = Formula(
    "cost_per_qualified_lead",
    "cost per qualified lead",
    Unit.MONEY,
    "spend / sales-qualified leads (accepted)",
)
_PER_APPOINTMENT: Final = Formula(
    "cost_per_appointment", "cost per appointment", Unit.MONEY, "spend / appointments held"
)
_HELD: Final = Formula("appointments", "appointments held", Unit.COUNT, "counted")
_DEALS: Final = Formula("closed_deals", "closed deals", Unit.COUNT, "counted")
_CLOSE: Final = Formula(
    "lead_to_close_rate", "lead-to-close rate", Unit.PERCENT, "closed deals / leads x 100"
)
_REVENUE: Final = Formula("revenue", "revenue", Unit.MONEY, "purchases - refunds to customers")
_ROAS: Final = Formula("roas", "ROAS", Unit.RATIO, "revenue / spend")
_COSTS: Final = Formula("costs", "own costs", Unit.MONEY, "fixed a month + sums of single months")
_MARGIN: Final = Formula("margin", "own margin", Unit.MONEY, "spend - own costs")
_MARGIN_RATE: Final = Formula(
    "margin_rate", "own margin, share", Unit.PERCENT, "own margin / spend x 100"
)


def client_figures(sums: Sums) -> list[Figure]:
    """The figures that both sides may see, from submission to revenue."""
    decided = sums.accepted + sums.rejected
    worded = sums.by_word + sums.rejected
    unwanted = f"{sums.stages['spam']:,} - {sums.stages['duplicate']:,}"
    return [
        _count(_LEADS, sums.leads, f"{sums.submissions:,} - {unwanted}"),
        _count(_QUALIFIED, sums.qualified, f"{sums.accepted:,} + {sums.rejected:,}", sums),
        _count(_ACCEPTED, sums.accepted, f"{sums.by_word:,} + {sums.by_silence:,}"),
        _counted(_BY_WORD, sums.by_word),
        _counted(_BY_SILENCE, sums.by_silence),
        _rejected(sums),
        _counted(_IN_REVIEW, sums.in_review),
        _percent(_RATE, sums.accepted, decided, "no lead was decided yet"),
        _percent(_RATE_BY_WORD, sums.by_word, worded, "nobody has reviewed a lead yet"),
        _review(sums),
        spend(sums),
        _per(_PER_LEAD, sums, sums.leads, NO_LEADS),
        _per(_PER_QUALIFIED, sums, sums.accepted, "no sales-qualified leads yet"),
        _per(_PER_APPOINTMENT, sums, sums.held, "no appointments held yet"),
        _counted(_HELD, sums.held),
        _counted(_DEALS, sums.deals),
        _percent(_CLOSE, sums.deals, sums.leads, NO_LEADS),
        _REVENUE.figure(
            sums.revenue,
            f"{_money(sums.bought, sums)} - {_money(sums.refunded, sums)}",
            sums.currency,
        ),
        _roas(sums),
        lifetime_value(sums),
    ]


def agency_figures(sums: Sums) -> list[Figure]:
    """The agency's own costs and margin. No page for clients shows them."""
    if not sums.whole_months:
        return [kind.missing_figure(CUT_MONTH) for kind in (_COSTS, _MARGIN, _MARGIN_RATE)]
    if sums.no_costs:
        return [kind.missing_figure(sums.no_costs) for kind in (_COSTS, _MARGIN, _MARGIN_RATE)]
    margin = sums.spend - sums.costs
    shown = [_money(amount, sums) for amount in (sums.spend, sums.costs, margin)]
    return [
        _COSTS.figure(sums.costs, "", sums.currency),
        _MARGIN.figure(margin, f"{shown[0]} - {shown[1]}", sums.currency),
        _MARGIN_RATE.figure(percent(margin, sums.spend), f"{shown[2]} / {shown[0]} x 100", "")
        if sums.spend > 0
        else _MARGIN_RATE.missing_figure(_unspent(sums)),
    ]


def spend(sums: Sums) -> Figure:
    """Billed less credited (rule 29), or the reason why there is no figure."""
    if not sums.whole_months:
        return _SPEND.missing_figure(CUT_MONTH)
    if not sums.billed and not sums.credited:
        return _SPEND.missing_figure(NOT_BILLED)
    worked = f"{_money(sums.billed, sums)} - {_money(sums.credited, sums)}"
    return _SPEND.figure(sums.spend, worked, sums.currency)


def _unspent(sums: Sums) -> str:
    """The reason why there is no spend to divide by."""
    if not sums.whole_months:
        return CUT_MONTH
    return "all that was billed was credited" if sums.billed else NOT_BILLED


def _money(amount: int, sums: Sums) -> str:
    return show_money(amount, sums.currency)


def _per(kind: Formula, sums: Sums, count: int, none: str) -> Figure:
    message = spend(sums)
    if message.number is None:
        return kind.missing_figure(message.shown)
    if not count:
        return kind.missing_figure(none)
    number = money_share(sums.spend, count, sums.currency)
    return kind.figure(number, f"{message.shown} / {count:,}", sums.currency)


def _roas(sums: Sums) -> Figure:
    message = spend(sums)
    if message.number is None or sums.spend <= 0:
        return _ROAS.missing_figure(_unspent(sums))
    worked = f"{_money(sums.revenue, sums)} / {message.shown}"
    return _ROAS.figure(ratio(sums.revenue, sums.spend), worked, sums.currency)


def _percent(kind: Formula, part: int, complete: int, none: str) -> Figure:
    if not complete:
        return kind.missing_figure(none)
    return kind.figure(percent(part, complete), f"{part:,} / {complete:,} x 100", "")


def _review(sums: Sums) -> Figure:
    if not sums.review_seconds:
        return _REVIEW.missing_figure("nobody has reviewed a lead yet")
    many = len(sums.review_seconds)
    middle = int(median(sums.review_seconds))
    return _REVIEW.figure(middle, f"the middle of {many:,}", "")


def _rejected(sums: Sums) -> Figure:
    parts = [f"{count:,} {code}" for code, count in sorted(sums.reasons.items())]
    return _count(_REJECTED, sums.rejected, " + ".join(parts))


def _count(kind: Formula, number: int, worked: str, sums: Sums | None = None) -> Figure:
    more = "" if sums is None else f" + {sums.in_review:,}"
    return kind.figure(number, f"{worked}{more}", "")


def _counted(kind: Formula, number: int) -> Figure:
    return kind.figure(number, "", "")


# The terms, for `gatepost kpi --explain` and the monthly report.


DEFINITIONS: Final[Mapping[str, str]] = {
    "submission": "whatever came through the form or an import, tests apart",
    "spam": "a submission that a robot sent; no lead",
    "duplicate": "somebody whom the campaign has already, in its window; no lead",
    "lead": "any other submission; also one that does not qualify, is on the client's list of "
    "those it knows, is over a cap, or waits for its e-mail to be confirmed",
    "qualified": "meets every criterion and was delivered to the client",
    "sales-qualified": "accepted: by the client's word, or by silence at the end of the window",
    "rejected": "by the client, for a reason of the agreement; a disputed one stays rejected until "
    "the client agrees",
    "time to review": "from the notice, or from qualification where none is sent, to the client's "
    "word; silence is no review and is left out",
    "appointment": "a meeting that was held, or that silence says was held",
    "closed deal": "a lead that was won and was neither given back whole nor objected",
    "spend": "what the client was billed less what was credited, net of tax; a credit counts in "
    "the month of the statement that it corrects",
    "revenue": "what customers paid the client: the sale, and revenue of periods that have begun; "
    "under revenue share the periods alone once there are any; less refunds",
    "purchase": "a sale, or a period of revenue that has begun",
    "years": "all customers' time from the sale until they left or until now, for each one that "
    f"left; so far only, while nobody has. Under {MIN_DAYS} days a customer it is too early",
    "own costs": "the agency's, by their own month, up to the last that is closed; no client sees "
    "them",
    "period": "leads count in the month of their receipt with all that became of them since; "
    "what was billed and credited in the month of the statement; revenue on its own date. Days "
    "and months are those of each campaign's time zone",
    "post": "the page of the first or last visit before the form, as the visitor's browser told "
    "it; 'not known any more' where it was erased, 'not told' where nothing was said",
    "source": "form, or the source of an import; beside form, the utm_source of the first visit "
    "that has one",
}
"""In the order of a lead's life."""
