"""Campaign terms in the ledger: stores and loads versions, pauses and resumes campaigns.

The terms of a lead never change (rule 16 of docs/rules.md). Client, currency, time zone and price
model never change once a slug has leads (rule 17).
"""

from datetime import datetime
from typing import Final

from capture.campaign.model import Campaign
from capture.errors import NotFound, Refused
from capture.lead.events import Actor, Event, EventKind
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


def pause_campaign(records: WriteTransaction, campaign: Campaign, now: datetime) -> None:
    """Pauses the campaign: it takes no new leads; everything else continues (rule 18).

    Raises `Refused` if it is paused already.
    """
    _append_change(records, campaign, EventKind.PAUSED, now)


def resume_campaign(records: WriteTransaction, campaign: Campaign, now: datetime) -> None:
    """Resumes a paused campaign. Raises `Refused` if it is not paused."""
    _append_change(records, campaign, EventKind.RESUMED, now)


def _append_change(
    records: WriteTransaction, campaign: Campaign, kind: EventKind, now: datetime
) -> None:
    if records.campaigns.is_paused(campaign.slug) == (kind is EventKind.PAUSED):
        state = "paused" if kind is EventKind.PAUSED else "not paused"
        raise Refused(f"campaign {campaign.slug} is {state} already")
    records.append(
        Event(
            campaign=campaign.slug,
            lead_id=None,
            kind=kind,
            occurred_at=now,
            recorded_at=now,
            actor=Actor.AGENCY,
            data={},
        )
    )


def _value(campaign: Campaign, name: str) -> str:
    """The value of a field such as `price.model`, as text."""
    value: object = campaign
    for part in name.split("."):
        value = getattr(value, part)
    return str(value)
