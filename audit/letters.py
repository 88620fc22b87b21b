"""The pages behind the links of letters, on a demonstration, signed with its own key."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from capture.closing.debit import proposals_of
from capture.lead.model import Lead
from capture.ledger import open_ledger
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import LeadFilter, email_of
from capture.privacy.withdraw import letters_of_campaign
from capture.signed_links import (
    OWN_DATA_PATH,
    LinkSigner,
    UnsubscribeGrant,
    confirmation_path,
    consent_path,
    files_path,
    own_data_path,
    review_path,
    unsubscribe_path,
)

_LIFE: Final = timedelta(days=7)
_INVALID: Final = ("/c/x", "/consent/x", "/g/x", "/r/x", "/u/x", f"{OWN_DATA_PATH}/x")
"""A link that its reader did not copy completely."""


def letter_paths(demo: Path) -> dict[str, str]:
    """The path of one page of each kind, by its name. `demo` is the demonstration's folder."""
    var = demo / "var"
    signer = LinkSigner((var / "secret_key").read_bytes().strip(), _LIFE)
    contacts = {
        file.stem: tomllib.loads(file.read_text())["contacts"]["notices"][0]
        for file in (demo / "clients").glob("*.toml")
    }
    duplicate_key = (var / "duplicate_key").read_bytes().strip()
    ledger = open_ledger(f"sqlite:///{var / 'gatepost.db'}", duplicate_key)
    try:
        return ledger.read(lambda reading: dict(_paths(reading, signer, contacts)))
    finally:
        ledger.close()


def guide_paths(secret_key: bytes, campaign: str) -> list[str]:
    """The pages with the files of a campaign: after the form, and behind the letter."""
    signer = LinkSigner(secret_key, _LIFE)
    lead_id = "a" * 12  # both need no lead
    return [
        f"/f/{campaign}/thanks?t={signer.thanks(campaign, lead_id)}",
        files_path(signer.files(campaign, lead_id)),
    ]


def _paths(
    reading: ReadTransaction, signer: LinkSigner, contacts: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Each page of a person and of a client's contact, and the answers to incomplete links."""
    person = next(reading.leads.select(LeadFilter(sale="won")))
    yield "own data: the form for the link", OWN_DATA_PATH
    yield from _paths_of_person(reading, signer, person)
    now = datetime.now(UTC)
    unconfirmed = reading.leads.unconfirmed(now + _LIFE)[0]
    address = email_of(reading.people.personal_data(unconfirmed.lead_id))
    for name, ends in (("confirmation", now + _LIFE), ("confirmation, ended", now - _LIFE)):
        token = signer.confirmation(unconfirmed.campaign, unconfirmed.lead_id, address, ends)
        yield name, confirmation_path(token)
    for lead in (*reading.leads.in_review()[:1], person):
        link = signer.lead_link(lead.client, contacts[lead.client], lead.lead_id)
        yield f"contact: a lead, {lead.review}", review_path(link)
    for client, address in contacts.items():
        yield f"contact: the leads of {client}", review_path(signer.list_link(client, address))
    meeting = reading.leads.with_pending_meeting()[0]
    link = signer.meeting_link(meeting.client, contacts[meeting.client], meeting.lead_id)
    yield "contact: a meeting", review_path(link)
    for proposal in proposals_of(reading):
        link = signer.debit_link(proposal.client, contacts[proposal.client], proposal.id)
        yield f"contact: a debit, {proposal.stage}", review_path(link)
    yield from ((f"incomplete link {path}", path) for path in _INVALID)


def _paths_of_person(
    reading: ReadTransaction, signer: LinkSigner, lead: Lead
) -> Iterator[tuple[str, str]]:
    people, slug = reading.people, lead.campaign
    address = email_of(people.personal_data(lead.lead_id))
    letters = UnsubscribeGrant(letters_of_campaign(slug), reading.outbox.address_id(address))
    yield "thanks", f"/f/{slug}/thanks?t={signer.thanks(slug, lead.lead_id)}"
    yield "letter on its way", f"/f/{slug}/sent?t={signer.sent(slug, lead.lead_id)}"
    yield "files that are no longer given out", files_path(signer.files(slug, lead.lead_id))
    yield "unsubscribe", unsubscribe_path(signer.unsubscribe(letters))
    yield "receipt of the consent", consent_path(signer.consent(lead.lead_id))
    yield "own data", own_data_path(signer.own_data(people.address_key(address)))
