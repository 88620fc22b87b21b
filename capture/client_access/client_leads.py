"""Opening leads: whoever is shown a lead has been told of it, from that moment (rule 11).

A page is read first. Only if it holds a lead that the client was not told of, it is drawn again
in the transaction that tells: so a window begins once, for exactly the leads that were shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from capture.billing.history import LeadHistory, lead_history
from capture.campaign.model import Campaign
from capture.errors import NotFound
from capture.lead.events import Event
from capture.lead.model import Lead
from capture.ledger.facts import ClientLeadQuery, PersonalData, SyncMark
from capture.ledger.protocol import Ledger, Reading, Records
from capture.ledger.terms import saved_campaign
from capture.review import is_unnotified, notify_client_of


@dataclass(frozen=True, slots=True)
class ClientLead:
    """One lead with all that may be shown of it, and more: the agency's notes are not here."""

    life: LeadHistory
    terms: Campaign
    events: Sequence[Event]
    personal_data: PersonalData | None
    """None once erased."""

    @property
    def lead(self) -> Lead:
        return self.life.lead


@dataclass(frozen=True, slots=True)
class Page:
    """Some leads of one moment of the ledger."""

    leads: Sequence[ClientLead]
    mark: SyncMark
    more: bool
    """Whether others follow."""


def list_client_leads(ledger: Ledger, query: ClientLeadQuery, *, tell: bool = True) -> Page:
    """The leads that are asked for; the client counts as told of them as of `wanted.now`.

    Without `tell` (nobody reads the answer to a HEAD) nothing is written.
    """
    page = ledger.read(lambda reading: _load_page(reading, query))
    if not tell or not any(is_unnotified(one.lead) for one in page.leads):
        return page
    return ledger.transact(lambda records: _notified_page(records, query))


def find_client_lead(reading: Reading, client: str, lead_id: str, now: datetime) -> Lead:
    """Raises `NotFound`, and no other word, for a lead that is another's or is not shown."""
    found = reading.leads.for_client(ClientLeadQuery(client, now, 1, lead_id=lead_id))
    if not found:
        raise NotFound("There is no such lead.")
    return found[0]


def open_client_lead(records: Records, client: str, lead_id: str, now: datetime) -> Lead:
    """The lead that the client is about to speak of: it knows of it. Raises `NotFound`."""
    lead = find_client_lead(records, client, lead_id, now)
    if is_unnotified(lead):
        notify_client_of(records, [lead], now)
    return lead


def _notified_page(records: Records, query: ClientLeadQuery) -> Page:
    leads = records.leads.for_client(query)
    notify_client_of(records, [lead for lead in leads if is_unnotified(lead)], query.now)
    return _load_page(records, query)


def _load_page(reading: Reading, query: ClientLeadQuery) -> Page:
    leads = reading.leads.for_client(replace(query, limit=query.limit + 1))
    sequence, _ = reading.events.head()
    return Page(
        [_load_lead(reading, lead) for lead in leads[: query.limit]],
        SyncMark(sequence, query.now),
        more=len(leads) > query.limit,
    )


def _load_lead(reading: Reading, lead: Lead) -> ClientLead:
    events = [one.event for one in reading.events.select(lead_id=lead.lead_id)]
    return ClientLead(
        lead_history(events),
        saved_campaign(reading, lead.campaign, lead.version),
        events,
        reading.people.personal_data(lead.lead_id),
    )
