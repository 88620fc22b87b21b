"""Prices in words, as documents, reports and commands write them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from capture.billing.lines import LinePrice
from capture.billing.statement import StatementLine
from capture.campaign.model import Campaign
from capture.documents.agreement.model import join_words, percent, price_amount
from capture.money import show_money
from capture.text import count_noun

MODELS: Final = {
    "cpl": "CPL",
    "cpap": "CPAp",
    "cpa": "CPA",
    "revenue_share": "revenue share",
}
"""Price models as documents name them."""
_FLAT: Final = {
    "accepted": "per accepted lead",
    "scheduled": "per appointment scheduled",
    "held": "per appointment held",
    "won": "per customer won",
}
_SOLD: Final = {"won": "first purchase", "revenue": "revenue"}
"""What a percentage is of, by billable event."""


def campaign_price(campaign: Campaign) -> str:
    """The campaign's price: `$50.00 per accepted lead (CPL)`, `10 % of first purchase (CPA)`."""
    price = campaign.price
    months = f" for {count_noun(price.months, 'month')}" if price.months else ""
    unit = _unit(price.billable, is_flat=price.rate is not None)
    return f"{price_amount(campaign)} {unit}{months} ({MODELS[price.model]})"


def price_of_lines(model: str, lines: Iterable[StatementLine], currency: str) -> str:
    """The prices of a campaign's lines, each once: `$50.00 and $60.00 per accepted lead (CPL)`."""
    amounts: dict[str, dict[str, None]] = {}
    for line in lines:
        rate = line.price.rate
        unit = _unit(line.event, is_flat=rate is not None)
        amount = (
            percent(Decimal(line.price.percent)) if rate is None else show_money(rate, currency)
        )
        amounts.setdefault(unit, {})[amount] = None
    prices = [f"{join_words(list(each))} {unit}" for unit, each in amounts.items()]
    return f"{join_words(prices)} ({MODELS[model]})"


def show_price(line: StatementLine, currency: str) -> tuple[str, str]:
    """How the amount is computed, and what reduced it. A reader can do the same by hand.

    `$50.00`; `15 % of $850.00` with `revenue $1,000.00, refunded $150.00`;
    `$200.00 x $750.00 / $1,000.00` with `first purchase $1,000.00, refunded $250.00`.
    """
    price = line.price
    notes = []
    if price.refunded:
        sold = show_money(price.sold or 0, currency)
        refunded = show_money(price.refunded, currency)
        notes.append(f"{_SOLD[line.event]} {sold}, refunded {refunded}")
    elif price.rate is None:
        notes.append(_SOLD[line.event])
    if line.free_over_cap:
        notes.append("no charge: monthly budget reached")
    return _formula(price, currency), "; ".join(notes)


def _formula(price: LinePrice, currency: str) -> str:
    base = show_money(price.base or 0, currency)
    if price.rate is None:
        return f"{percent(Decimal(price.percent))} of {base}"
    rate = show_money(price.rate, currency)
    sold = show_money(price.sold or 0, currency)
    return f"{rate} x {base} / {sold}" if price.refunded else rate


def _unit(billable: str, *, is_flat: bool) -> str:
    return _FLAT[billable] if is_flat else f"of {_SOLD[billable]}"
