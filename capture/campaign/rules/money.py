"""Rules of price and caps: one price model, its own keys, amounts that its currency can pay."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from babel.numbers import get_currency_precision

from capture.campaign.keypath import KeyPath
from capture.campaign.model import Price, PriceModel
from capture.campaign.problems import Finding, listed
from capture.campaign.rules.draft import Draft
from capture.money import CURRENCIES, is_exact


@dataclass(frozen=True)
class ModelTerms:
    """The keys that go with a price model, beside the model itself."""

    billable: tuple[str, ...]
    needs: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    may_have: tuple[str, ...] = ()

    def knows(self, key: str) -> bool:
        """Whether the key means anything under this model."""
        return key in (*self.needs, *self.one_of, *self.may_have)


PRICE_KEYS: Final = ("rate", "percent", "months", "refund_days")
PRICE_MODELS: Final[Mapping[PriceModel, ModelTerms]] = {
    PriceModel.CPL: ModelTerms(("accepted",), needs=("rate",)),
    PriceModel.CPAP: ModelTerms(("scheduled", "held"), needs=("rate",)),
    PriceModel.CPA: ModelTerms(("won",), one_of=("rate", "percent"), may_have=("refund_days",)),
    PriceModel.REVENUE_SHARE: ModelTerms(
        ("revenue",), needs=("percent", "months"), may_have=("refund_days",)
    ),
}
_EXAMPLES: Final = {"rate": "rate = 50.00", "percent": "percent = 10", "months": "months = 12"}


def money_findings(draft: Draft) -> Iterator[Finding]:
    """Everything that price, caps and currency do wrong, one finding each."""
    currency = draft.currency if draft.currency in CURRENCIES else None
    if draft.currency is not None and currency is None:
        code = draft.currency.upper()
        hint = f"did you mean `{code}`?" if code in CURRENCIES else "write one such as USD or EUR"
        yield Finding(("currency",), f"is no ISO 4217 code; {hint}")
    if draft.price is not None:
        yield from _price_findings(draft.price)
        yield from _inexact(("price", "rate"), draft.price.rate, currency)
    if draft.caps is not None:
        yield from _inexact(("caps", "money_a_month"), draft.caps.money_a_month, currency)
    yield from _cap_findings(draft)


def _price_findings(price: Price) -> Iterator[Finding]:
    terms = PRICE_MODELS[price.model]
    if price.billable not in terms.billable:
        yield Finding(
            ("price", "billable"),
            f"is not what {price.model} pays for; write {listed(terms.billable, ' or ')}",
        )
    for key in terms.needs:
        if getattr(price, key) is None:
            yield Finding(
                ("price", key), f"is missing: {price.model} needs it, such as {_EXAMPLES[key]}"
            )
    for key in PRICE_KEYS:
        if key in price.model_fields_set and not terms.knows(key):
            others = [model for model, other in PRICE_MODELS.items() if other.knows(key)]
            yield Finding(
                ("price", key),
                f"does not go with {price.model}; take it out (it is for {', '.join(others)})",
            )
    given = [key for key in terms.one_of if getattr(price, key) is not None]
    if terms.one_of and len(given) != 1:
        either = " or ".join(_EXAMPLES[key] for key in terms.one_of)
        yield Finding(("price",), f"{price.model} needs one of the two: write either {either}")


def _inexact(at: KeyPath, amount: Decimal | None, currency: str | None) -> Iterator[Finding]:
    if amount is not None and currency is not None and not is_exact(amount, currency):
        decimals = get_currency_precision(currency)
        places = {0: "no decimals", 1: "one decimal"}.get(decimals, f"{decimals} decimals")
        yield Finding(at, f"{currency} has {places}; write no more than that")


def _cap_findings(draft: Draft) -> Iterator[Finding]:
    caps, price = draft.caps, draft.price
    if caps is None:
        return
    if (
        caps.leads_a_month is not None
        and caps.leads_a_company is not None
        and caps.leads_a_company > caps.leads_a_month
    ):
        yield Finding(
            ("caps", "leads_a_company"),
            f"is more than leads_a_month = {caps.leads_a_month}, so it would never be reached; "
            "lower it or take it out",
        )
    if price is None or price.rate is None or caps.money_a_month is None:
        return
    if caps.money_a_month < price.rate:
        yield Finding(
            ("caps", "money_a_month"),
            f"is less than one lead costs (price.rate = {price.rate}), so nothing could ever be "
            f"billed; write {price.rate} or more",
        )
