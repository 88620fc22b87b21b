"""What waits for the agency: the same things about which it gets letters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from capture.campaign.catalogue import Catalogue
from capture.campaign.model import Campaign
from capture.closing.cap_use import CapUse, cap_uses
from capture.closing.months import CampaignGroup, campaign_groups, closed_months
from capture.lead.review_window import month_of
from capture.ledger.held_leads import HeldLeadQuery
from capture.ledger.protocol import ReadTransaction
from capture.ledger.review_queue import Lapsing

DAYS_BEFORE_THE_END: Final = 7
"""A campaign's end is near from so many days before its last day."""
_LAPSES_SOON: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OpenMonths:
    """The months of a client in one currency that are over and not closed, oldest first."""

    group: CampaignGroup
    months: Sequence[str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits, in order of urgency."""

    lapsing: Lapsing
    """Leads in review that silence accepts within a day."""
    in_quarantine: int
    """The number of leads in quarantine, test leads included."""
    held_since: datetime | None
    """Since when the first of them is in quarantine; None without one."""
    failed: int
    """Messages that failed."""
    near_caps: Sequence[tuple[Campaign, CapUse]]
    ending: Sequence[Campaign]
    """Campaigns whose last day is near, the soonest first."""
    open_months: Sequence[OpenMonths]


def gather_waiting(reading: ReadTransaction, catalogue: Catalogue, now: datetime) -> Waiting:
    """The work that waits for the agency at the time `now` (aware)."""
    campaigns, slugs = catalogue.campaigns.values(), set(reading.campaigns.slugs())
    return Waiting(
        lapsing=reading.review_queue.lapsing(now, now + _LAPSES_SOON),
        in_quarantine=sum(reading.held_leads.counts().values()),
        held_since=next(
            (lead.held_at for lead in reading.held_leads.page(HeldLeadQuery(limit=1))), None
        ),
        failed=reading.outbox.count_failed(),
        near_caps=[
            (campaign, use)
            for campaign in campaigns
            if campaign.slug in slugs
            for use in cap_uses(reading, campaign, now)
            if use.is_near
        ],
        ending=sorted(
            (campaign for campaign in campaigns if is_near_end(campaign, now)),
            key=lambda campaign: (campaign.closes, campaign.slug),
        ),
        open_months=_open_months(reading, now),
    )


def is_near_end(campaign: Campaign, now: datetime) -> bool:
    """Whether the campaign's last day is today or within `DAYS_BEFORE_THE_END` days."""
    today = now.astimezone(campaign.zone).date()
    return campaign.closes is not None and timedelta() <= campaign.closes - today <= timedelta(
        days=DAYS_BEFORE_THE_END
    )


def _open_months(reading: ReadTransaction, now: datetime) -> list[OpenMonths]:
    closed = {
        (closing.client, closing.currency, closing.month) for closing in closed_months(reading)
    }
    found = []
    for group in campaign_groups(reading, now):
        this_month = min(month_of(now, campaign) for campaign in group.campaigns.values())
        months = [
            month
            for month in _months(group.first_month, this_month)
            if (group.client, group.currency, month) not in closed
        ]
        if months:
            found.append(OpenMonths(group, months))
    return found


def _months(first: str, end: str) -> Iterator[str]:
    """The months from `first` up to and without `end`."""
    year, month = map(int, first.split("-"))
    while (name := f"{year:04}-{month:02}") < end:
        yield name
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
