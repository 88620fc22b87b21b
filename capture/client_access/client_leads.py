"""Opening leads: whoever is shown a lead has been told of it, from that moment (rule 11).

A page is read first. Only if it holds a lead that the client was not told of, it is drawn again
in the transaction that tells: so a window begins once, for exactly the leads that were shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from capture.billing.history import Life, life_of
from capture.campaign.model import Campaign
from capture.errors import NotFound
from capture.lead.events import Event
from capture.lead.model import Lead
from capture.ledger.facts import Dossier, Mark, Shown
from capture.ledger.protocol import Ledger, Reading, Records
from capture.ledger.terms import kept_campaign
from capture.review import tell_of, waits


@dataclass(frozen=True, slots=True)
class OpenLead:
    """One lead with all that may be shown of it, and more: the agency's notes are not here."""

    life: Life
    terms: Campaign
    events: Sequence[Event]
    dossier: Dossier | None
    """None once erased."""

    @property
    def lead(self) -> Lead:
        return self.life.lead


@dataclass(frozen=True, slots=True)
class Page:
    """Some leads of one moment of the ledger."""

    leads: Sequence[OpenLead]
    mark: Mark
    more: bool
    """Whether others follow."""


def hand_over(ledger: Ledger, wanted: Shown, *, tell: bool = True) -> Page:
    """The leads that are asked for; the client counts as told of them as of `wanted.now`.

    Without `tell` (nobody reads the answer to a HEAD) nothing is written.
    """
    page = ledger.read(lambda reading: _drawn(reading, wanted))
    if not tell or not any(waits(one.lead) for one in page.leads):
        return page
    return ledger.transact(lambda records: _told(records, wanted))


def find_shown(reading: Reading, client: str, lead_id: str, now: datetime) -> Lead:
    """Raises `NotFound`, and no other word, for a lead that is another's or is not shown."""
    found = reading.leads.for_client(Shown(client, now, 1, lead_id=lead_id))
    if not found:
        raise NotFound("There is no such lead.")
    return found[0]


def take_up(records: Records, client: str, lead_id: str, now: datetime) -> Lead:
    """The lead that the client is about to speak of: it knows of it. Raises `NotFound`."""
    lead = find_shown(records, client, lead_id, now)
    if waits(lead):
        tell_of(records, [lead], now)
    return lead


def _told(records: Records, wanted: Shown) -> Page:
    leads = records.leads.for_client(wanted)
    tell_of(records, [lead for lead in leads if waits(lead)], wanted.now)
    return _drawn(records, wanted)


def _drawn(reading: Reading, wanted: Shown) -> Page:
    leads = reading.leads.for_client(replace(wanted, limit=wanted.limit + 1))
    sequence, _ = reading.events.head()
    return Page(
        [_opened(reading, lead) for lead in leads[: wanted.limit]],
        Mark(sequence, wanted.now),
        more=len(leads) > wanted.limit,
    )


def _opened(reading: Reading, lead: Lead) -> OpenLead:
    events = [one.event for one in reading.events.select(lead_id=lead.lead_id)]
    return OpenLead(
        life_of(events),
        kept_campaign(reading, lead.campaign, lead.version),
        events,
        reading.people.dossier(lead.lead_id),
    )
