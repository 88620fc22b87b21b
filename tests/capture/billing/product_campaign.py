"""The campaign files of the oracle's terms, for the product."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from capture.campaign.model import Campaign
from capture.campaign.quarantine import SIGNALS
from tests.capture.billing.oracle_history import Terms
from tests.samples import CAMPAIGN, campaign

CAMPAIGN_START: Final = CAMPAIGN[: CAMPAIGN.index("[criteria]")]


def major_units(amount: int, terms: Terms) -> Decimal:
    """An amount of minor units in major units: 5000 is 50.00 USD, 5000 JPY, 5.000 KWD."""
    return Decimal(amount).scaleb(-terms.decimals)


def campaign_of(terms: Terms, slug: str) -> Campaign:
    """A campaign with these terms."""
    start = CAMPAIGN_START.replace('"USD"', f'"{terms.currency}"')
    start = start.replace('"America/New_York"', f'"{terms.zone}"')
    review = {
        "hours": terms.hours,
        "notice": "email" if terms.notice else "none",
        "reasons": dict.fromkeys(terms.reasons, "The client says that it does not fit."),
    }
    if terms.working_days:
        review |= {"working_days": True, "holidays": list(terms.holidays)}
    price = {"model": terms.model, "billable": terms.billable}
    if terms.rate is not None:
        price["rate"] = major_units(terms.rate, terms)
    if terms.percent is not None:
        price["percent"] = terms.percent
    if terms.months is not None:
        price["months"] = terms.months
    if terms.refund_days:
        price["refund_days"] = terms.refund_days
    caps = {"over": terms.over}
    if terms.leads_a_month is not None:
        caps["leads_a_month"] = terms.leads_a_month
    if terms.leads_a_company is not None:
        caps["leads_a_company"] = terms.leads_a_company
    if terms.money_a_month is not None:
        caps["money_a_month"] = major_units(terms.money_a_month, terms)
    if terms.confirm:
        start = start.replace('kind = "demo"', 'kind = "demo"\nconfirm = "email"')
    weights = dict.fromkeys(SIGNALS, 0) | {"honeypot": 100}  # no other signal than the acts say
    tables = {
        "criteria": {"company_size": {"at_least": terms.at_least}},
        "price": price,
        "review": review,
        "duplicates": {"window": terms.window_days or "for ever", "scope": terms.scope},
        "caps": caps,
        "quarantine": weights,
    }
    more = [_table(name, table) for name, table in tables.items()]
    return campaign(*more, slug=slug, text=start)


def _table(name: str, table: Mapping[str, object]) -> str:
    lines = [f"{key} = {_toml(value)}" for key, value in table.items()]
    return "\n".join([f"[{name}]", *lines])


def _toml(value: object) -> str:
    match value:
        case dict():
            return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case str() | bool():
            return json.dumps(value)
        case Decimal():
            return f'"{value:f}"'
        case _:
            return str(value)
