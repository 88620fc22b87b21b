"""What waits for the agency: the same things about which it gets letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from capture.billing.history import add_months
from capture.campaign.catalogue import Catalogue
from capture.campaign.model import Campaign
from capture.closing.cap_use import CapUse, cap_uses
from capture.closing.months import CampaignGroup, campaign_groups, closings_of
from capture.lead.model import Lead
from capture.lead.review_window import month_of
from capture.ledger.protocol import ReadTransaction

DAYS_BEFORE_THE_END: Final = 7
"""A campaign's end is near from so many days before its last day."""
_LAPSES_SOON: Final = timedelta(days=1)
MOST_FAILED: Final = 1000
"""Failed messages are counted up to this number."""
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OpenMonths:
    """The months of a client in one currency that are over and not closed, oldest first."""

    group: CampaignGroup
    months: Sequence[str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits, in order of urgency."""

    lapsing: Sequence[Lead]
    """Leads in review that silence accepts within a day, the soonest first."""
    in_quarantine: Sequence[Lead]
    """In the order of their recording."""
    failed: int
    """Messages that failed, at most `MOST_FAILED`."""
    near_caps: Sequence[tuple[Campaign, CapUse]]
    ending: Sequence[Campaign]
    """Campaigns whose last day is near, the soonest first."""
    open_months: Sequence[OpenMonths]


def gather_waiting(reading: ReadTransaction, catalogue: Catalogue, now: datetime) -> Waiting:
    """The work that waits for the agency at the time `now` (aware)."""
    campaigns = catalogue.campaigns.values()
    return Waiting(
        lapsing=sorted(
            (
                lead
                for lead in reading.leads.in_review(silent_by=now + _LAPSES_SOON)
                if not lead.test and not lead.is_silently_accepted_at(now)
            ),
            key=lambda lead: (lead.silence_accepts_at, lead.lead_id),
        ),
        in_quarantine=[lead for lead in reading.leads.in_quarantine() if not lead.test],
        failed=len(reading.outbox.failed_since(_LONG_AGO, MOST_FAILED)),
        near_caps=[
            (campaign, use)
            for campaign in campaigns
            if _has_leads(reading, campaign)
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


def _has_leads(reading: ReadTransaction, campaign: Campaign) -> bool:
    return reading.leads.first(campaign.slug) is not None


def _open_months(reading: ReadTransaction, now: datetime) -> list[OpenMonths]:
    found = []
    for group in campaign_groups(reading, now):
        closed = closings_of(reading, group)
        this_month = min(month_of(now, campaign) for campaign in group.campaigns.values())
        months = [month for month in _months(group.first_month, this_month) if month not in closed]
        if months:
            found.append(OpenMonths(group, months))
    return found


def _months(first: str, end: str) -> list[str]:
    """The months from `first` up to and without `end`."""
    months, day = [], date.fromisoformat(f"{first}-01")
    while f"{day:%Y-%m}" < end:
        months.append(f"{day:%Y-%m}")
        day = add_months(day, 1)
    return months
