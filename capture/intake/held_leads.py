"""The leads that wait for the agency: quarantined, or held back in review (rule 36 of
docs/rules.md)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from capture.errors import Refused
from capture.intake.quarantine import WAITING
from capture.lead.events import EventKind
from capture.lead.model import Lead
from capture.ledger.protocol import ReadTransaction


@dataclass(frozen=True, slots=True)
class HeldLead:
    """A lead that waits for the agency, and why."""

    lead: Lead
    held_at: datetime
    signals: Sequence[Mapping[str, Any]]
    """As the event stores them: `name`, `weight`, and numbers that explain the signal."""

    @property
    def names(self) -> frozenset[str]:
        """The names of its signals."""
        return frozenset(signal["name"] for signal in self.signals)


def held_leads(reading: ReadTransaction, campaign: str | None = None) -> list[HeldLead]:
    """All leads that wait for the agency, or those of one campaign: the longest wait first."""
    leads = [_held_lead(reading, lead) for lead in reading.leads.held_back(campaign)]
    return sorted(leads, key=lambda held_lead: (held_lead.held_at, held_lead.lead.lead_id))


def find_held_lead(reading: ReadTransaction, lead: Lead) -> HeldLead:
    """One lead that waits for the agency, with its signals. Raises `Refused` if it does not."""
    if lead.review not in WAITING:
        raise Refused(f"lead {lead.lead_id} is {lead.review}: it is not in quarantine")
    return _held_lead(reading, lead)


def select_alike(leads: Iterable[HeldLead], sample: HeldLead) -> list[HeldLead]:
    """Those of the sample's campaign that are held because of the same signals, sample included."""
    return [
        held_lead
        for held_lead in leads
        if held_lead.lead.campaign == sample.lead.campaign and held_lead.names == sample.names
    ]


def _held_lead(reading: ReadTransaction, lead: Lead) -> HeldLead:
    *_, last = (
        recorded.event
        for recorded in reading.events.select(lead_id=lead.lead_id)
        if recorded.event.kind in {EventKind.QUARANTINED, EventKind.HELD_BACK}
    )
    return HeldLead(lead, last.recorded_at, tuple(last.data["signals"]))
