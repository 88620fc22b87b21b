"""How much of a campaign's monthly caps is used (rules 7 to 9 of docs/rules.md)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from capture.campaign.model import Campaign
from capture.closing.months import closed_months
from capture.lead.review_window import month_of
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.money import show_money, to_minor
from capture.text import count_noun

CAP_PERCENTS: Final = (80, 100)
"""The agency is notified when so much of a cap is used."""
MONEY_CAP: Final = "money_a_month"
_LEAD_CAP: Final = "leads_a_month"


@dataclass(frozen=True, slots=True)
class CapUse:
    """How much of a monthly cap is used: leads, or minor units of the campaign's currency."""

    name: str
    """The key in the campaign's file."""
    month: str
    used: int
    limit: int

    @property
    def is_near(self) -> bool:
        """Whether so much is used that the agency is notified."""
        return self.reaches(CAP_PERCENTS[0])

    def reaches(self, percent: int) -> bool:
        """Whether so many percent or more are used."""
        return self.used * 100 >= self.limit * percent

    def in_words(self, currency: str) -> str:
        """Such as `12 of 20 leads` or `$400.00 of $500.00`."""
        if self.name == MONEY_CAP:
            return f"{show_money(self.used, currency)} of {show_money(self.limit, currency)}"
        return f"{self.used:,} of {count_noun(self.limit, 'lead')}"


def cap_uses(reading: ReadTransaction, campaign: Campaign, now: datetime) -> Iterator[CapUse]:
    """The use of each cap that the campaign has, in the month of `now`."""
    for use in (lead_cap_use, money_cap_use):
        found = use(reading, campaign, now)
        if found is not None:
            yield found


def lead_cap_use(reading: ReadTransaction, campaign: Campaign, now: datetime) -> CapUse | None:
    """The use of this month's cap on leads; None without such a cap."""
    limit, month = campaign.caps.leads_a_month, month_of(now, campaign)
    if limit is None:
        return None
    used = reading.campaigns.count_towards_cap(campaign, month, now)
    return CapUse(_LEAD_CAP, month, used, limit)


def money_cap_use(reading: ReadTransaction, campaign: Campaign, now: datetime) -> CapUse | None:
    """The use of this month's budget (rule 9); None without a budget."""
    budget, month = campaign.caps.money_a_month, month_of(now, campaign)
    if budget is None:
        return None
    closed = {closing.month for closing in closed_months(reading, campaign.client)}
    due = reading.statements.open_sum(campaign.slug, {month} | closed, now)
    cap = _cap_of_lead(reading, due.newest_lead)
    limit = to_minor(budget, campaign.currency)
    # Some line crosses the cap, and so is free, if and only if all together do.
    is_used_up = cap is not None and due.amount > cap
    return CapUse(MONEY_CAP, month, limit if is_used_up else due.amount, limit)


def _cap_of_lead(reading: ReadTransaction, lead_id: str | None) -> int | None:
    """The budget in the version of a lead, which a statement would apply (rule 9)."""
    lead = None if lead_id is None else reading.leads.get(lead_id)
    if lead is None:
        return None
    terms = saved_campaign(reading, lead.campaign, lead.version)
    budget = terms.caps.money_a_month
    return None if budget is None else to_minor(budget, terms.currency)
