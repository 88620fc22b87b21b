"""Campaign terms in the ledger: stores, checks and loads versions.

The terms of a lead never change (rule 16 of docs/rules.md). Client, currency, time zone and price
model never change once a slug has leads (rule 17).
"""

from datetime import datetime
from typing import Final

from capture.campaign.model import Campaign
from capture.errors import NotFound, Refused
from capture.ledger.campaigns import parse_version
from capture.ledger.protocol import ReadTransaction, WriteTransaction

FIXED: Final = ("client", "currency", "time_zone", "price.model")
"""The terms that never change once a slug has leads."""


def check_terms(reading: ReadTransaction, campaign: Campaign) -> None:
    """Raises `Refused` if the file changes a term that is fixed for its slug (rule 17)."""
    version = reading.campaigns.first_version(campaign.slug)
    if version is None or version == campaign.version:
        return
    first = saved_campaign(reading, campaign.slug, version)
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


def save_terms(records: WriteTransaction, campaign: Campaign, now: datetime) -> None:
    """Stores the campaign's version, so that its forms can be judged later.

    Raises `Refused` if it changes a fixed term.
    """
    check_terms(records, campaign)
    records.campaigns.save_version(campaign, now)


def saved_campaign(reading: ReadTransaction, slug: str, version: str) -> Campaign:
    """The campaign in a version that the ledger has stored. Raises `NotFound`."""
    text = reading.campaigns.version_text(slug, version)
    if text is None:
        raise NotFound(f"version {version[:12]} of campaign {slug} is not in the ledger")
    return parse_version(slug, version, text)


def _value(campaign: Campaign, name: str) -> str:
    """The value of a field such as `price.model`, as text."""
    value: object = campaign
    for part in name.split("."):
        value = getattr(value, part)
    return str(value)
