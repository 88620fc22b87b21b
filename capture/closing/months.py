"""A client's campaigns in one currency, and the months of them that are closed (rule 25).

Rules are those of docs/rules.md. All campaigns of a client in one currency are closed together:
they share statements, document numbers and a balance (rules 27 and 29).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from capture.campaign.model import Campaign
from capture.closing.documents import account_events
from capture.lead.events import EventKind
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign


@dataclass(frozen=True, slots=True)
class CampaignGroup:
    """A client's campaigns in one currency that have leads, tests left out."""

    client: str
    currency: str
    campaigns: Mapping[str, Campaign]
    """By slug, in order, with the newest title. Client, currency, zone and price model are those of
    every version (rule 17)."""
    first_month: str
    """The first month to close: that of the first lead."""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the first campaign, which decides the days of documents."""
        return next(iter(self.campaigns.values())).zone

    @property
    def titles(self) -> dict[str, str]:
        """The campaigns' titles by slug."""
        return {slug: campaign.title for slug, campaign in self.campaigns.items()}


def campaign_groups(
    reading: ReadTransaction, at: datetime, client: str | None = None
) -> list[CampaignGroup]:
    """The groups of one client or of all, by client and currency, with the titles at a time."""
    groups: dict[tuple[str, str], dict[str, Campaign]] = {}
    first_months: dict[tuple[str, str], str] = {}
    for slug in sorted(reading.campaigns.slugs()):
        lead = reading.leads.first(slug)
        if lead is None or client not in {None, lead.client}:
            continue
        campaign = _newest(reading, slug, lead.version, at)
        key = campaign.client, campaign.currency
        groups.setdefault(key, {})[slug] = campaign
        first_months[key] = min(lead.month, first_months.get(key, lead.month))
    return [
        CampaignGroup(owner, currency, campaigns, first_months[owner, currency])
        for (owner, currency), campaigns in sorted(groups.items())
    ]


def group_of(reading: ReadTransaction, slug: str, at: datetime) -> CampaignGroup | None:
    """The group of a campaign; None while it has no lead."""
    lead = reading.leads.first(slug)
    groups = [] if lead is None else campaign_groups(reading, at, lead.client)
    return next((group for group in groups if slug in group.campaigns), None)


def _newest(reading: ReadTransaction, slug: str, first: str, at: datetime) -> Campaign:
    versions = reading.campaigns.versions(slug, at)
    return saved_campaign(reading, slug, versions[-1] if versions else first)


@dataclass(frozen=True, slots=True)
class Closing:
    """A closed month of a client in one currency."""

    client: str
    currency: str
    month: str
    titles: Mapping[str, str]
    """The titles of its campaigns by slug, in order."""
    parked: Mapping[str, Mapping[str, str]]
    """By campaign: the leads whose lines could not be computed, each with the reason."""
    number: str
    """The number of its statement; empty if it had nothing to bill and so has no statement."""
    net: int
    """The sum of its statement in minor units; zero without one."""
    vat: int
    closed_at: datetime
    last_event: int
    """Sequence of the last event from which it was drawn."""


def closed_months(reading: ReadTransaction, client: str | None = None) -> list[Closing]:
    """Every closed month in order of closing, of one client or of all."""
    return [
        Closing(
            client=recorded.event.data["client"],
            currency=recorded.event.data["currency"],
            month=recorded.event.data["month"],
            titles=recorded.event.data["campaigns"],
            parked=recorded.event.data["parked"],
            number=recorded.event.data.get("number", ""),
            net=recorded.event.data.get("amount", 0),
            vat=recorded.event.data.get("vat", 0),
            closed_at=recorded.event.recorded_at,
            last_event=recorded.event.data["last_event"],
        )
        for recorded in account_events(reading, client, EventKind.CLOSED)
    ]


def closings_of(reading: ReadTransaction, group: CampaignGroup) -> dict[str, Closing]:
    """The group's closed months in order, by month."""
    return {
        closing.month: closing
        for closing in closed_months(reading, group.client)
        if closing.currency == group.currency
    }


def months_closed_before(closings: Mapping[str, Closing], month: str, as_of: datetime) -> set[str]:
    """The months before `month` that were closed at `as_of`."""
    return {
        earlier
        for earlier, closing in closings.items()
        if earlier < month and closing.closed_at <= as_of
    }


def closed_groups(reading: ReadTransaction, closings: Iterable[Closing]) -> list[CampaignGroup]:
    """The campaigns of each closed month, with their titles of that time."""
    first_versions: dict[str, Campaign] = {}
    groups = []
    for closing in closings:
        campaigns = {}
        for slug, title in closing.titles.items():
            if slug not in first_versions:
                version = str(reading.campaigns.first_version(slug))
                first_versions[slug] = saved_campaign(reading, slug, version)
            campaigns[slug] = first_versions[slug].model_copy(update={"title": title})
        groups.append(CampaignGroup(closing.client, closing.currency, campaigns, closing.month))
    return groups
