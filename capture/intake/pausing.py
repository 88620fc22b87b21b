"""Pauses and resumes campaigns, and computes whether one takes leads (rule 18 of docs/rules.md)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from capture.campaign.model import Campaign
from capture.errors import Refused
from capture.lead.events import Actor, Event, EventKind
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.review.acts import check_name


class CampaignState(StrEnum):
    """Whether a campaign takes leads, and if not, why."""

    OPEN = "open"
    PAUSED = "paused"
    NOT_BEGUN = "not begun"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause that lasts."""

    since: datetime
    by: str
    """The user of the desk who paused it; empty if no user has the recorded name."""


def campaign_state(reading: ReadTransaction, campaign: Campaign, now: datetime) -> CampaignState:
    """The state at an aware time. A campaign that has ended is not called paused."""
    today = now.astimezone(campaign.zone).date()
    if campaign.closes is not None and campaign.closes < today:
        return CampaignState.ENDED
    if reading.campaigns.is_paused(campaign.slug):
        return CampaignState.PAUSED
    return CampaignState.OPEN if campaign.is_open(now) else CampaignState.NOT_BEGUN


def current_pause(reading: ReadTransaction, campaign: Campaign) -> Pause | None:
    """The pause that lasts; None if the campaign is not paused."""
    event = reading.campaigns.last_pause(campaign.slug)
    if event is None or event.kind is not EventKind.PAUSED:
        return None
    names = (
        user.name
        for user in reading.users.select()
        if reading.people.pseudonym(campaign.client, user.name) == event.data.get("by")
    )
    return Pause(event.occurred_at, next(names, ""))


def pause_campaign(records: WriteTransaction, campaign: Campaign, by: str, now: datetime) -> None:
    """Pauses the campaign: it takes no new leads; everything else continues.

    `by` is the person who does it. Raises `Refused` if the campaign is paused already.
    """
    _append_change(records, campaign, EventKind.PAUSED, by, now)


def resume_campaign(records: WriteTransaction, campaign: Campaign, by: str, now: datetime) -> None:
    """Resumes a paused campaign. Raises `Refused` if it is not paused."""
    _append_change(records, campaign, EventKind.RESUMED, by, now)


def _append_change(
    records: WriteTransaction, campaign: Campaign, kind: EventKind, by: str, now: datetime
) -> None:
    check_name(by)
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
            data={"by": records.people.pseudonym(campaign.client, by)},
        )
    )
