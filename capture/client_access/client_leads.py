"""A client's own leads.

A client that is shown a lead counts as notified of it (rule 11 of docs/rules.md).

A page is read first, without a transaction. If it contains a lead that the client was not notified
of, it is read again in the transaction that records the notice. So a review window starts once,
for exactly the leads that were shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from capture.billing.history import LeadHistory, lead_history
from capture.campaign.model import Campaign
from capture.errors import EventNotAllowed, NotFound
from capture.lead.events import Event
from capture.lead.model import Lead
from capture.lead.moves import REMOVED, VISIBLE_TO_CLIENT
from capture.ledger.protocol import Ledger, ReadTransaction, WriteTransaction
from capture.ledger.review_queue import ReviewCursor, ReviewQuery
from capture.ledger.terms import saved_campaign
from capture.ledger.types import ClientLeadQuery, LeadFilter, PersonalData, SyncMark
from capture.review.acts import find_lead, is_unnotified, notify_client_of


class LeadRemoved(NotFound):
    """The client was notified of the lead, and no longer has it."""


@dataclass(frozen=True, slots=True)
class ClientLead:
    """One lead with everything that its client may see. The agency's notes are not in it."""

    history: LeadHistory
    terms: Campaign
    events: Sequence[Event]
    personal_data: PersonalData | None
    """None after erasure."""
    consent_text: str = ""
    """The wording that the person agreed to; empty if there was none."""

    @property
    def lead(self) -> Lead:
        return self.history.lead


@dataclass(frozen=True, slots=True)
class Page:
    """One page of leads, read from the ledger at one moment."""

    leads: Sequence[ClientLead]
    mark: SyncMark
    has_more: bool
    """Whether more leads follow."""


def list_client_leads(ledger: Ledger, query: ClientLeadQuery, *, notify: bool = True) -> Page:
    """The leads of a query; the client counts as notified of them as of `query.now`.

    Without `notify` nothing is written: nobody reads the answer to a HEAD request.
    """
    page = ledger.read(lambda reading: _load_page(reading, query))
    if not notify or not any(is_unnotified(client_lead.lead) for client_lead in page.leads):
        return page
    return ledger.transact(lambda records: _notified_page(records, query))


def is_listed_for(lead: Lead, client: str) -> bool:
    """Whether the client's list has the lead: no test, and none that was removed."""
    return lead.client == client and not lead.test and lead.review in VISIBLE_TO_CLIENT


def notify_of_shown(
    records: WriteTransaction, leads: Sequence[Lead], now: datetime
) -> Sequence[Lead]:
    """Leads that a page shows their client, which counts as notified of them. Returns them as they
    are now."""
    current = [find_lead(records, lead.lead_id) for lead in leads]
    notified = notify_client_of(records, [lead for lead in current if is_unnotified(lead)], now)
    by_id = {lead.lead_id: lead for lead in notified}
    return [by_id.get(lead.lead_id, lead) for lead in current]


def find_linked_lead(reading: ReadTransaction, client: str, lead_id: str) -> Lead:
    """A lead of this client that a letter's link names: also a test, whose letters are sent too.

    Raises the same `NotFound` for an unknown, hidden or foreign lead, and `LeadRemoved`. It
    notifies nobody.
    """
    lead = reading.leads.get(lead_id)
    if lead is not None and lead.client == client and lead.is_removed:
        raise LeadRemoved("The agency has removed this lead.")
    if lead is None or lead.client != client or lead.review not in VISIBLE_TO_CLIENT:
        raise NotFound("There is no such lead.")
    return lead


def open_linked_lead(records: WriteTransaction, client: str, lead_id: str, now: datetime) -> Lead:
    """Such a lead, on which the client acts: it counts as notified of it. Raises `NotFound`."""
    return _notified_lead(records, find_linked_lead(records, client, lead_id), now)


@dataclass(frozen=True, slots=True)
class WaitingLeads:
    """The leads that wait for a client's review, the soonest deadline first.

    Leads without a deadline come last, in the order of their receipt.
    """

    leads: Sequence[ClientLead]
    """The first of them, or the first after the cursor."""
    count: int
    """The number of all."""
    has_more: bool
    """Whether more leads follow."""


def waiting_leads(
    reading: ReadTransaction, query: ReviewQuery, limit: int, after: ReviewCursor | None = None
) -> WaitingLeads:
    """The first `limit` leads that wait for review, without a notice, and the number of all."""
    leads = reading.review_queue.select(query, limit + 1, after)
    return WaitingLeads(
        [load_client_lead(reading, lead) for lead in leads[:limit]],
        sum(reading.review_queue.counts(query).values()),
        has_more=len(leads) > limit,
    )


def held_back_leads(reading: ReadTransaction, client: str, limit: int) -> list[ClientLead]:
    """The first `limit` leads of a client that are `held_back` in review, oldest first."""
    leads = reading.leads.held_back(client, limit)
    return [load_client_lead(reading, lead) for lead in leads]


def leads_rejected_for_client(
    reading: ReadTransaction, client: str, now: datetime, limit: int
) -> list[ClientLead]:
    """The first `limit` leads whose rejection the agency entered for the client, which may still
    accept them (rule 41), the soonest end of that time first."""
    leads = reading.leads.rejected_for_client(client, now, limit)
    return [load_client_lead(reading, lead) for lead in leads]


def disputed_leads(reading: ReadTransaction, client: str) -> list[Lead]:
    """The leads that a client rejected and whose rejection the agency disputes, oldest first.

    Without test leads.
    """
    filters = [
        LeadFilter(campaign, disputed=True) for campaign in reading.lead_list.campaigns(client)
    ]
    found = [lead for each in filters for lead in reading.leads.select(each)]
    disputed = [lead for lead in found if lead.review == "rejected" and not lead.test]
    return sorted(disputed, key=lambda lead: (lead.received_at, lead.lead_id))


def find_client_lead(reading: ReadTransaction, client: str, lead_id: str, now: datetime) -> Lead:
    """A lead of this client, which may have been removed. Raises the same `NotFound` for an
    unknown, hidden or foreign lead."""
    leads = reading.leads.for_client(ClientLeadQuery(client, now, 1, lead_id=lead_id))
    if not leads:
        raise NotFound("There is no such lead.")
    return leads[0]


def open_client_lead(records: WriteTransaction, client: str, lead_id: str, now: datetime) -> Lead:
    """A lead on which the client acts; the client counts as notified of it. Raises `NotFound`, and
    `EventNotAllowed` for a lead that was removed."""
    lead = find_client_lead(records, client, lead_id, now)
    if lead.is_removed:
        text = f"lead {lead_id}: the agency has removed it, and it is never billed"
        raise EventNotAllowed(text, REMOVED)
    return _notified_lead(records, lead, now)


def _notified_lead(records: WriteTransaction, lead: Lead, now: datetime) -> Lead:
    if is_unnotified(lead):
        notify_client_of(records, [lead], now)
    return lead


def _notified_page(records: WriteTransaction, query: ClientLeadQuery) -> Page:
    leads = records.leads.for_client(query)
    notify_client_of(records, [lead for lead in leads if is_unnotified(lead)], query.now)
    return _load_page(records, query)


def _load_page(reading: ReadTransaction, query: ClientLeadQuery) -> Page:
    leads = reading.leads.for_client(replace(query, limit=query.limit + 1))
    sequence, _ = reading.events.head()
    return Page(
        [load_client_lead(reading, lead) for lead in leads[: query.limit]],
        SyncMark(sequence, query.now),
        has_more=len(leads) > query.limit,
    )


def load_client_lead(reading: ReadTransaction, lead: Lead) -> ClientLead:
    """The lead with its events and its personal data, whoever may see it."""
    events = [recorded.event for recorded in reading.events.select(lead_id=lead.lead_id)]
    terms = saved_campaign(reading, lead.campaign, lead.version)
    return ClientLead(
        lead_history(events),
        terms,
        events,
        reading.people.personal_data(lead.lead_id),
        consent_wording(reading, lead),
    )


def consent_wording(reading: ReadTransaction, lead: Lead) -> str:
    """The text beside the box that the person ticked; empty if it was not ticked, or is unknown."""
    if not lead.consent.is_given or lead.consent_version is None:
        return ""
    return saved_campaign(reading, lead.campaign, lead.consent_version).consent
