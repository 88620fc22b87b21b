"""The figures that agency and client share, and those that are the agency's own (rule 29)."""

from statistics import median
from typing import Final

from capture.metrics.figure import Figure, Kind, Unit, percent, ratio, share
from capture.metrics.lifetime import lifetime_value
from capture.metrics.sums import Sums
from capture.money import show_money

CUT_MONTH: Final = "money is counted by whole months, and this period cuts one"
NOT_BILLED: Final = "nothing billed yet"
NO_LEADS: Final = "no leads yet"

_LEADS: Final = Kind("leads", "leads", Unit.COUNT, "submissions - spam - duplicates")
_QUALIFIED: Final = Kind(
    "qualified", "qualified", Unit.COUNT, "accepted + rejected + still in review"
)
_ACCEPTED: Final = Kind("accepted", "accepted", Unit.COUNT, "by the client's word + by silence")
_BY_WORD: Final = Kind("accepted_by_word", "accepted by word", Unit.COUNT, "counted")
_BY_SILENCE: Final = Kind("accepted_by_silence", "accepted by silence", Unit.COUNT, "counted")
_REJECTED: Final = Kind("rejected", "rejected", Unit.COUNT, "sum of all reasons")
_IN_REVIEW: Final = Kind("in_review", "still in review", Unit.COUNT, "counted")
_RATE: Final = Kind(
    "acceptance_rate", "acceptance rate", Unit.PERCENT, "accepted / (accepted + rejected) x 100"
)
_RATE_BY_WORD: Final = Kind(
    "reviewed_acceptance_rate",
    "acceptance rate, reviewed ones",
    Unit.PERCENT,
    "accepted by word / (accepted by word + rejected) x 100",
)
_REVIEW: Final = Kind(
    "median_review_seconds",
    "median time to review",
    Unit.SECONDS,
    "the middle of the times from notice to the client's word",
)
_SPEND: Final = Kind("spend", "spend", Unit.MONEY, "billed - credited")
_PER_LEAD: Final = Kind("cost_per_lead", "cost per lead", Unit.MONEY, "spend / leads")
_PER_QUALIFIED: Final = Kind(
    "cost_per_qualified_lead",
    "cost per qualified lead",
    Unit.MONEY,
    "spend / sales-qualified leads (accepted)",
)
_PER_APPOINTMENT: Final = Kind(
    "cost_per_appointment", "cost per appointment", Unit.MONEY, "spend / appointments held"
)
_HELD: Final = Kind("appointments", "appointments held", Unit.COUNT, "counted")
_DEALS: Final = Kind("closed_deals", "closed deals", Unit.COUNT, "counted")
_CLOSE: Final = Kind(
    "lead_to_close_rate", "lead-to-close rate", Unit.PERCENT, "closed deals / leads x 100"
)
_REVENUE: Final = Kind("revenue", "revenue", Unit.MONEY, "purchases - refunds to customers")
_ROAS: Final = Kind("roas", "ROAS", Unit.RATIO, "revenue / spend")
_COSTS: Final = Kind("costs", "own costs", Unit.MONEY, "fixed a month + sums of single months")
_MARGIN: Final = Kind("margin", "own margin", Unit.MONEY, "spend - own costs")
_MARGIN_RATE: Final = Kind(
    "margin_rate", "own margin, share", Unit.PERCENT, "own margin / spend x 100"
)


def client_figures(sums: Sums) -> list[Figure]:
    """What both sides may see, in the order of a lead's way."""
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
        _REVENUE.of(
            sums.revenue,
            f"{_money(sums.bought, sums)} - {_money(sums.refunded, sums)}",
            sums.currency,
        ),
        _roas(sums),
        lifetime_value(sums),
    ]


def agency_figures(sums: Sums) -> list[Figure]:
    """The agency's own: on no page that a client sees."""
    if not sums.whole_months:
        return [kind.missing(CUT_MONTH) for kind in (_COSTS, _MARGIN, _MARGIN_RATE)]
    if sums.no_costs:
        return [kind.missing(sums.no_costs) for kind in (_COSTS, _MARGIN, _MARGIN_RATE)]
    margin = sums.spend - sums.costs
    shown = [_money(amount, sums) for amount in (sums.spend, sums.costs, margin)]
    return [
        _COSTS.of(sums.costs, "", sums.currency),
        _MARGIN.of(margin, f"{shown[0]} - {shown[1]}", sums.currency),
        _MARGIN_RATE.of(percent(margin, sums.spend), f"{shown[2]} / {shown[0]} x 100", "")
        if sums.spend > 0
        else _MARGIN_RATE.missing(_unspent(sums)),
    ]


def spend(sums: Sums) -> Figure:
    """Rule 29."""
    if not sums.whole_months:
        return _SPEND.missing(CUT_MONTH)
    if not sums.billed and not sums.credited:
        return _SPEND.missing(NOT_BILLED)
    worked = f"{_money(sums.billed, sums)} - {_money(sums.credited, sums)}"
    return _SPEND.of(sums.spend, worked, sums.currency)


def _unspent(sums: Sums) -> str:
    """Why there is no spend to divide by."""
    if not sums.whole_months:
        return CUT_MONTH
    return "all that was billed was credited" if sums.billed else NOT_BILLED


def _money(amount: int, sums: Sums) -> str:
    return show_money(amount, sums.currency)


def _per(kind: Kind, sums: Sums, count: int, none: str) -> Figure:
    told = spend(sums)
    if told.number is None:
        return kind.missing(told.shown)
    if not count:
        return kind.missing(none)
    number = share(sums.spend, count, sums.currency)
    return kind.of(number, f"{told.shown} / {count:,}", sums.currency)


def _roas(sums: Sums) -> Figure:
    told = spend(sums)
    if told.number is None or sums.spend <= 0:
        return _ROAS.missing(_unspent(sums))
    worked = f"{_money(sums.revenue, sums)} / {told.shown}"
    return _ROAS.of(ratio(sums.revenue, sums.spend), worked, sums.currency)


def _percent(kind: Kind, part: int, whole: int, none: str) -> Figure:
    if not whole:
        return kind.missing(none)
    return kind.of(percent(part, whole), f"{part:,} / {whole:,} x 100", "")


def _review(sums: Sums) -> Figure:
    if not sums.review_seconds:
        return _REVIEW.missing("nobody has reviewed a lead yet")
    many = len(sums.review_seconds)
    middle = int(median(sums.review_seconds))
    return _REVIEW.of(middle, f"the middle of {many:,}", "")


def _rejected(sums: Sums) -> Figure:
    parts = [f"{count:,} {code}" for code, count in sorted(sums.reasons.items())]
    return _count(_REJECTED, sums.rejected, " + ".join(parts))


def _count(kind: Kind, number: int, worked: str, sums: Sums | None = None) -> Figure:
    more = "" if sums is None else f" + {sums.in_review:,}"
    return kind.of(number, f"{worked}{more}", "")


def _counted(kind: Kind, number: int) -> Figure:
    return kind.of(number, "", "")
