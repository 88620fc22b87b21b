"""Which terms hold: takes campaign versions into the ledger, shuts and opens a campaign's door.

What a lead was promised never changes under it (rule 16), and what a bill is drawn in never
changes under a slug that has leads (rule 17).
"""

from datetime import datetime
from typing import Final

from capture.campaign.model import Campaign
from capture.errors import NotFound, Refused
from capture.lead.events import Actor, Event, EventKind
from capture.ledger.campaigns import parse_version as parsed
from capture.ledger.protocol import Reading, Records

FIXED: Final = ("client", "currency", "time_zone", "price.model")
"""What never changes under a slug that has leads."""


def check_terms(records: Reading, campaign: Campaign) -> None:
    """Raises `Refused` if the file changes what its earlier leads were taken under (rule 17)."""
    version = records.campaigns.first_version(campaign.slug)
    if version is None or version == campaign.version:
        return
    first = saved_campaign(records, campaign.slug, version)
    changed = [
        f"{name} was {_value(first, name)!r} and is {_value(campaign, name)!r}"
        for name in FIXED
        if _value(first, name) != _value(campaign, name)
    ]
    if changed:
        raise Refused(
            f"campaigns/{campaign.slug}.toml: {'; '.join(changed)}; "
            f"{campaign.slug} has leads already, so put the new terms under a new slug"
        )


def save_terms(records: Records, campaign: Campaign, now: datetime) -> None:
    """Keeps a campaign's version, so that forms that show it are understood later."""
    check_terms(records, campaign)
    records.campaigns.save_version(campaign, now)


def saved_campaign(records: Reading, slug: str, version: str) -> Campaign:
    """The campaign as it stood in a version that the ledger keeps. Raises `NotFound`."""
    kept = records.campaigns.version_text(slug, version)
    if kept is None:
        raise NotFound(f"version {version[:12]} of campaign {slug} is not in the ledger")
    return parsed(slug, version, kept)


def pause_campaign(records: Records, campaign: Campaign, now: datetime) -> None:
    """Pauses the campaign: no new leads, all else goes on (rule 18)."""
    _turn(records, campaign, EventKind.PAUSED, now)


def resume_campaign(records: Records, campaign: Campaign, now: datetime) -> None:
    """Resumes a paused campaign."""
    _turn(records, campaign, EventKind.RESUMED, now)


def _turn(records: Records, campaign: Campaign, kind: EventKind, now: datetime) -> None:
    if records.campaigns.is_paused(campaign.slug) == (kind is EventKind.PAUSED):
        state = "paused" if kind is EventKind.PAUSED else "not paused"
        raise Refused(f"campaign {campaign.slug} is {state} already")
    records.append(Event(campaign.slug, None, kind, now, now, Actor.AGENCY, {}))


def _value(campaign: Campaign, name: str) -> str:
    found: object = campaign
    for part in name.split("."):
        found = getattr(found, part)
    return str(found)
