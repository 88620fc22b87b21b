"""Whose outcome a row of a table tells: by the lead's id, or by e-mail address and campaign."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from capture.campaign import Campaign
from capture.form.contact import email_address
from capture.identity import keys_to_match, only
from capture.lead import Event, Lead
from capture.ledger import Alike, Reading
from capture.outcomes.cells import Cells
from capture.outcomes.known import Fact, facts_in, held_by_silence
from capture.terms import kept_campaign

_WITH_CLIENT: Final = frozenset({"qualified", "accepted", "rejected"})
"""Only a lead that the client was given has outcomes; a duplicate of it has none."""


@dataclass(frozen=True, slots=True)
class History:
    """What the ledger tells of a lead."""

    lead: Lead
    terms: Campaign
    facts: frozenset[Fact]
    unreferenced: frozenset[Fact]
    """Those that carry no reference."""
    silent: bool
    """The last word on its meeting was silence's."""


class Whose:
    """Looks leads up for the rows of one table, each once."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._histories: dict[str, History | None] = {}
        self._campaigns: dict[str, Campaign | None] = {}
        self._people: dict[tuple[str, str], Sequence[Lead] | None] = {}

    def terms(self, cells: Cells) -> Campaign | None:
        """The terms by which the row is read; None, with a fault noted, if it names no lead."""
        lead_id = cells.text("lead_id")
        if not lead_id:
            return self._terms_by_campaign(cells)
        found = self.history(lead_id)
        if found is None:
            cells.fault("lead_id", "no such lead; look for it in the list of leads")
            return None
        if cells.text("campaign") not in {"", found.lead.campaign}:
            cells.fault("campaign", f"lead {lead_id} is of {found.lead.campaign}")
        return found.terms

    def lead(self, cells: Cells, terms: Campaign, on: datetime) -> History | None:
        """The lead; None, with a fault noted, if the address fits none or several by that time."""
        lead_id = cells.text("lead_id")
        if lead_id:
            return self.history(lead_id)
        people = self._person(cells, terms)
        if people is None:
            cells.fault("email", "no e-mail address")
            return None
        came = [lead for lead in people if lead.received_at <= on]
        if len(came) == 1:
            return self.history(came[0].lead_id)
        where = f"in {cells.campaign} by that time"
        if came:
            ids = ", ".join(lead.lead_id for lead in came[:3])
            more = ", ..." if len(came) > 3 else ""
            cells.faults.append(
                f"email: {len(came)} leads {where}: {ids}{more}; name the right one by its lead_id"
            )
        else:
            cells.faults.append(
                f"email: 0 leads {where} that the client was given; look at the address and the "
                "time, or name the lead by its lead_id"
            )
        return None

    def history(self, lead_id: str) -> History | None:
        """What is known of a lead; None if there is none of that id."""
        if lead_id not in self._histories:
            self._histories[lead_id] = history(self._reading, lead_id)
        return self._histories[lead_id]

    def _terms_by_campaign(self, cells: Cells) -> Campaign | None:
        if not cells.text("email"):
            cells.fault("lead_id", "say whose outcome it is: lead_id, or email and campaign")
            return None
        slug = cells.campaign
        if not slug:
            cells.fault("campaign", "say where the lead is, in this column or for the whole table")
            return None
        if slug not in self._campaigns:
            version = self._reading.campaigns.first_version(slug)
            terms = None if version is None else kept_campaign(self._reading, slug, version)
            self._campaigns[slug] = terms
        terms = self._campaigns[slug]
        if terms is None:
            fault = f"no lead ever came to campaign {slug!r}; look at the list of campaigns"
            cells.faults.append(fault)
        return terms

    def _person(self, cells: Cells, terms: Campaign) -> Sequence[Lead] | None:
        """The person's leads in the campaign; None if the cell holds no address."""
        asked = cells.campaign, cells.text("email")
        if asked not in self._people:
            address = email_address(asked[1])
            if address is None:
                self._people[asked] = None
            else:
                keys = only(keys_to_match({"email": address}), {"email"})
                wanted = Alike(_WITH_CLIENT, campaign=cells.campaign)
                self._people[asked] = self._reading.leads.matching(terms.client, keys, wanted)
        return self._people[asked]


def history(reading: Reading, lead_id: str) -> History | None:
    """What the ledger tells of a lead now; None if there is none of that id."""
    lead = reading.leads.get(lead_id)
    if lead is None:
        return None
    events: list[Event] = [one.event for one in reading.events.select(lead_id=lead_id)]
    terms = kept_campaign(reading, lead.campaign, lead.version)
    bare = facts_in(event for event in events if not event.data.get("reference"))
    return History(lead, terms, facts_in(events), bare, held_by_silence(events))
