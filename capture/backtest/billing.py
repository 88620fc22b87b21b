"""What the draft would do to the bill, as far as that can be known. Integer minor units."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from capture.backtest.findings import Bill, MonthBill
from capture.campaign import Campaign
from capture.lead import Lead
from capture.money import to_minor

_PAYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accepted": "the client accepts every lead that qualifies",
        "scheduled": "every lead that qualifies is accepted and leads to an appointment, so this "
        "is the most that it could be",
        "held": "every lead that qualifies is accepted and leads to an appointment that is held, "
        "so this is the most that it could be",
        "won": "every lead that qualifies is accepted and becomes a customer, so this is the most "
        "that it could be",
        "revenue": "every lead that qualifies could become a customer",
    }
)
"""What is taken for granted, by the event that pays."""

_CAPS: Final = (
    "duplicates and caps are not run again, and what a cap refused or made free costs nothing"
)


class BillTally:
    """Adds up both sides, lead by lead, by month of receipt."""

    def __init__(self, draft: Campaign) -> None:
        self._draft = draft
        self._rate = _rate(draft)
        self._unknown = _unknown(draft, draft)
        self._known: dict[str, int] = {}
        """By version of then: its rate."""
        self._leads_then: Counter[str] = Counter()
        self._leads_now: Counter[str] = Counter()
        self._amount_then: Counter[str] = Counter()

    def add(self, lead: Lead, terms: Campaign, *, then: bool, now: bool) -> None:
        """A judged lead under the terms of its receipt (rule 16): whether it qualifies."""
        if terms.version not in self._known:
            self._known[terms.version] = _rate(terms)
            self._unknown = self._unknown or _unknown(terms, self._draft)
        if lead.free or lead.review == "over_cap":  # rule 8
            return
        if then:
            self._leads_then[lead.month] += 1
            self._amount_then[lead.month] += self._known[terms.version]
        if now:
            self._leads_now[lead.month] += 1

    def bill(self) -> Bill:
        """What was added up so far."""
        months = sorted({*self._leads_then, *self._leads_now})
        return Bill(
            currency=self._draft.currency,
            months=[self._month(month, month) for month in months],
            total=self._month("all", *months),
            assumed=f"{_PAYS[self._draft.price.billable]}; {_CAPS}",
            unknown=self._unknown,
        )

    def _month(self, name: str, *months: str) -> MonthBill:
        leads_now = sum(self._leads_now[month] for month in months)
        known = not self._unknown
        return MonthBill(
            name,
            leads_then=sum(self._leads_then[month] for month in months),
            leads_now=leads_now,
            amount_then=sum(self._amount_then[month] for month in months) if known else None,
            amount_now=leads_now * self._rate if known else None,
        )


def _rate(campaign: Campaign) -> int:
    """0 where a percentage is paid: no amount is shown then."""
    rate = campaign.price.rate
    return 0 if rate is None else to_minor(rate, campaign.currency)


def _unknown(terms: Campaign, draft: Campaign) -> str:
    """Why no amounts can be told; empty if they can."""
    if terms.price.rate is None or draft.price.rate is None:
        return "a percentage is paid, and what these people would have bought cannot be known"
    if terms.currency != draft.currency:
        return f"{terms.currency} and {draft.currency} are never added up (rule 29)"
    if terms.price.billable != draft.price.billable:
        return (
            f"{terms.price.billable} paid then and {draft.price.billable} would now: how often "
            "one follows from the other cannot be known"
        )
    return ""
