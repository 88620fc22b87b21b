"""Campaigns in words for the desk: the list, and the versions of one agreement."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from capture.campaign.catalogue import Catalogue
from capture.campaign.model import Campaign
from capture.closing.cap_use import cap_uses
from capture.documents.agreement.difference import differences
from capture.documents.agreement.model import short_day, visible_text
from capture.documents.price_words import campaign_price
from capture.intake.pausing import CampaignState, campaign_state
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign

REMOVED = "file removed"
"""The state of a campaign that has leads and no file any more."""
TONES = {
    CampaignState.OPEN.value: "good",
    CampaignState.PAUSED.value: "warning",
    CampaignState.NOT_BEGUN.value: "",
    CampaignState.ENDED.value: "",
    REMOVED: "bad",
}
"""The tone of the badge of each state."""


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """One campaign of the list."""

    slug: str
    title: str
    client: str
    state: str
    """A key of `TONES`."""
    price: str
    dates: str
    """When it begins or ends, in words."""
    in_review: int
    """Leads that wait for the client's decision."""
    caps: Sequence["CapView"]


@dataclass(frozen=True, slots=True)
class CapView:
    """How much of a monthly cap is used."""

    text: str
    """Such as `12 of 20 leads`."""
    percent: int
    is_near: bool
    """Whether so much is used that the agency is notified."""


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version of an agreement."""

    version: str
    stored_at: datetime
    changes: Sequence[str] | None
    """What changed since the version before, in sentences; None for the first version."""
    is_current: bool
    """Whether the campaign's file has this version now."""


def campaigns_of(
    reading: ReadTransaction, catalogue: Catalogue, client: str | None
) -> list[tuple[Campaign, bool]]:
    """The campaigns of a client or of all, by client and slug, and whether each has a file.

    A campaign without a file is in the version that was stored last.
    """
    found = [(campaign, True) for campaign in catalogue.campaigns.values()]
    for slug in set(reading.campaigns.slugs()) - catalogue.campaigns.keys():
        campaign = newest_version(reading, slug)
        found += [] if campaign is None else [(campaign, False)]
    return sorted(
        ((campaign, has_file) for campaign, has_file in found if client in {None, campaign.client}),
        key=lambda pair: (pair[0].client, pair[0].slug),
    )


def find_campaign(
    reading: ReadTransaction, catalogue: Catalogue, slug: str, client: str | None
) -> tuple[Campaign, bool] | None:
    """One campaign, and whether it has a file; None if it is unknown or another client's."""
    campaign = catalogue.campaigns.get(slug)
    found = campaign or newest_version(reading, slug)
    if found is None or client not in {None, found.client}:
        return None
    return found, campaign is not None


def newest_version(reading: ReadTransaction, slug: str) -> Campaign | None:
    """The version of the campaign that was stored last; None if there is none."""
    versions = reading.campaigns.stored_versions(slug)
    return saved_campaign(reading, slug, versions[-1].version) if versions else None


def campaign_row(
    reading: ReadTransaction, campaign: Campaign, now: datetime, *, has_file: bool
) -> CampaignRow:
    """The campaign as of an aware time."""
    return CampaignRow(
        slug=campaign.slug,
        title=visible_text(campaign.title),
        client=campaign.client,
        state=state_of(reading, campaign, now, has_file=has_file),
        price=campaign_price(campaign),
        dates=dates_in_words(campaign, now),
        in_review=reading.campaigns.count_in_review(campaign.slug, now),
        caps=cap_views(reading, campaign, now),
    )


def cap_views(reading: ReadTransaction, campaign: Campaign, now: datetime) -> list[CapView]:
    """How much of each cap of the campaign is used in the month of `now`."""
    return [
        CapView(use.in_words(campaign.currency), use.used * 100 // use.limit, use.is_near)
        for use in cap_uses(reading, campaign, now)
    ]


def state_of(reading: ReadTransaction, campaign: Campaign, now: datetime, *, has_file: bool) -> str:
    """A key of `TONES`."""
    return campaign_state(reading, campaign, now).value if has_file else REMOVED


def dates_in_words(campaign: Campaign, now: datetime) -> str:
    """The next day on which the campaign begins or ends, by its file."""
    today = now.astimezone(campaign.zone).date()
    if campaign.opens is not None and campaign.opens > today:
        return f"begins {short_day(campaign.opens)}"
    if campaign.closes is None:
        return "no end"
    verb = "ended" if campaign.closes < today else "ends"
    return f"{verb} {short_day(campaign.closes)}"


def version_views(reading: ReadTransaction, current: Campaign) -> list[VersionView]:
    """The stored versions of the agreement with this client, the newest first."""
    return list(_version_views(reading, current))[::-1]


def _version_views(reading: ReadTransaction, current: Campaign) -> Iterator[VersionView]:
    slug = current.slug
    stored = [
        (version, terms)
        for version in reading.campaigns.stored_versions(slug)
        if (terms := saved_campaign(reading, slug, version.version)).client == current.client
    ]
    pairs = pairwise(terms for _, terms in stored)
    changes = [None, *(differences(old, new) for old, new in pairs)]
    for (version, _), sentences in zip(stored, changes, strict=False):
        yield VersionView(
            version.version, version.stored_at, sentences, version.version == current.version
        )
