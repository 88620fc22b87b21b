"""A person withdraws the consent for a lead, or says that the form was not theirs (rule 35)."""

from datetime import datetime
from typing import Final

from capture.intake.confirm import record_expiry
from capture.lead.events import Actor, EventKind
from capture.lead.identity import NEWEST, mailbox_of
from capture.lead.model import Lead, event_of
from capture.ledger.administration import acting_side
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.types import email_of
from capture.privacy.unsubscribe import unsubscribe
from capture.review.acts import find_lead, record_held_meeting, record_silent_acceptance

_OF_CAMPAIGN: Final = "campaign:"


def withdraw_consent(
    records: WriteTransaction,
    lead_id: str,
    now: datetime,
    *,
    not_me: bool = False,
    by: str = "",
) -> Lead:
    """Records once that the person withdrew the consent. Returns the lead as it is now.

    An acceptance by silence, a meeting that counts as held and an expiry before `now` remain valid
    (rules 7, 12 and 14 of docs/rules.md). A lead that the client does not have yet gets the stage
    `consent_withdrawn`. Silence no longer accepts a lead in review; the client may still decide.
    A decided or billed lead does not change.

    `not_me`: somebody else entered the address, so it gets no more letters of that campaign, also
    if the consent was withdrawn before. `by` is who records the person's request for the agency;
    empty: the person withdraws it.
    Raises `NotFound` for an unknown lead.
    """
    lead = record_silent_acceptance(records, find_lead(records, lead_id), now)
    lead = record_held_meeting(records, lead, now)
    lead = record_expiry(records, lead, now)
    if not_me:
        _block_letters(records, lead, now)
    if lead.consent_withdrawn:
        return lead
    actor, data = acting_side(records, lead.client, by) if by else (Actor.VISITOR, {})
    if not_me:
        data["not_me"] = True
    records.append(event_of(lead, EventKind.CONSENT_WITHDRAWN, actor, now, **data))
    return find_lead(records, lead_id)


def letters_of_campaign(slug: str) -> str:
    """The kind that stands for all letters of one campaign, to block them for an address."""
    return f"{_OF_CAMPAIGN}{slug}"


def campaign_of_letters(letter: str) -> str | None:
    """The campaign of a kind from `letters_of_campaign`; None for another kind of letter."""
    return letter.removeprefix(_OF_CAMPAIGN) if letter.startswith(_OF_CAMPAIGN) else None


def are_letters_blocked(reading: ReadTransaction, campaign: str, address: str) -> bool:
    """Whether the owner of the address said that a form of this campaign was not theirs."""
    address_id = reading.outbox.address_id(mailbox_of(address, NEWEST))
    return reading.outbox.is_unsubscribed(address_id, letters_of_campaign(campaign))


def _block_letters(records: WriteTransaction, lead: Lead, now: datetime) -> None:
    """Blocks the campaign's letters to the lead's address; there is none after erasure."""
    address = email_of(records.people.personal_data(lead.lead_id))
    if address:
        address_id = records.outbox.address_id(mailbox_of(address, NEWEST))
        unsubscribe(records, address_id, letters_of_campaign(lead.campaign), now)
