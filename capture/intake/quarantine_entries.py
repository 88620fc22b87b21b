"""The leads in quarantine, with their signals (rule 36 of docs/rules.md)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from capture.errors import Refused
from capture.lead.events import Event, EventKind
from capture.lead.model import Lead
from capture.lead.moves import QUARANTINE_STAGES
from capture.ledger.protocol import ReadTransaction


@dataclass(frozen=True, slots=True)
class QuarantineEntry:
    """A lead in quarantine, with its signals."""

    lead: Lead
    held_at: datetime
    signals: Sequence[Mapping[str, Any]]
    """As the event stores them: `name`, `weight`, and numbers that explain the signal."""

    @property
    def names(self) -> frozenset[str]:
        """The names of its signals."""
        return frozenset(signal["name"] for signal in self.signals)

    @property
    def weight(self) -> int:
        """The sum of the weights of its signals."""
        return sum(signal["weight"] for signal in self.signals)

    @property
    def likeness(self) -> tuple[str, frozenset[str]]:
        """Campaign and signals: leads with the same ones look alike."""
        return self.lead.campaign, self.names


def quarantine_entries(
    reading: ReadTransaction, campaign: str | None = None
) -> list[QuarantineEntry]:
    """All leads in quarantine, or those of one campaign. The lead that waits longest is first."""
    holds = reading.events.holds(campaign)
    entries = [_entry(lead, holds[lead.lead_id]) for lead in reading.leads.in_quarantine(campaign)]
    return sorted(entries, key=lambda entry: (entry.held_at, entry.lead.lead_id))


def find_quarantine_entry(reading: ReadTransaction, lead: Lead) -> QuarantineEntry:
    """The entry of a lead in quarantine. Raises `Refused` for any other lead."""
    if lead.review not in QUARANTINE_STAGES:
        raise Refused(f"lead {lead.lead_id} is {lead.review}: it is not in quarantine")
    *_, hold = (
        recorded.event
        for recorded in reading.events.select(lead_id=lead.lead_id)
        if recorded.event.kind in {EventKind.QUARANTINED, EventKind.HELD_BACK}
    )
    return _entry(lead, hold)


def select_alike(
    leads: Iterable[QuarantineEntry], sample: QuarantineEntry
) -> list[QuarantineEntry]:
    """The entries of the sample's campaign with the same signals, including the sample."""
    return [entry for entry in leads if entry.likeness == sample.likeness]


def _entry(lead: Lead, hold: Event) -> QuarantineEntry:
    return QuarantineEntry(lead, hold.recorded_at, tuple(hold.data["signals"]))
