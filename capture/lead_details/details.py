"""All that is recorded about one lead, for the agency's command and for the page of the desk."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from capture.campaign.model import Campaign
from capture.intake.signal_words import risk_signal_in_words
from capture.intake.spam import spam_signals_in_words
from capture.lead.events import Event, EventKind
from capture.lead.model import Lead
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import Note, PersonalData, RecordedEvent


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of the newest verdict."""

    id: str
    rule: str
    """The rule in words."""
    is_met: bool
    reason: str
    """Why it is met or not; empty after erasure."""


@dataclass(frozen=True, slots=True)
class LeadDetails:
    """One lead with everything that is recorded about it. It is for the agency only: the client's
    part of it is in `capture.client_access`."""

    lead: Lead
    terms: Campaign
    """The campaign version that applies to the lead."""
    recorded: Sequence[RecordedEvent]
    personal_data: PersonalData | None
    """None after erasure."""
    notes: Sequence[Note]
    authors: Mapping[str, str]
    """By keyed hash: the names of the desk's users, who stay known when the notes are erased."""

    @property
    def events(self) -> list[Event]:
        return [recorded.event for recorded in self.recorded]

    @property
    def criteria(self) -> list[Criterion]:
        """The newest verdict; empty if there is none."""
        reasons = {} if self.personal_data is None else self.personal_data.reasons
        verdicts = [event.data["verdict"] for event in self.events if "verdict" in event.data]
        return [
            Criterion(
                criterion["id"],
                criterion["rule"],
                criterion["passed"],
                reasons.get(criterion["id"], ""),
            )
            for criterion in (verdicts[-1]["criteria"] if verdicts else ())
        ]

    @property
    def signal_event(self) -> Event | None:
        """The newest event with spam signals or risk signals; None if there is none."""
        return next((event for event in reversed(self.events) if event.data.get("signals")), None)

    @property
    def risk_signals(self) -> Sequence[Mapping[str, Any]]:
        """The risk signals of that event, as it stores them; empty for spam."""
        newest = self.signal_event
        if newest is None or newest.kind is EventKind.SPAM:
            return ()
        return tuple(newest.data["signals"])

    @property
    def signals_in_words(self) -> list[str]:
        """The spam signals or risk signals of that event, in sentences."""
        newest = self.signal_event
        if newest is not None and newest.kind is EventKind.SPAM:
            return [f"It looked like spam: {'; '.join(spam_signals_in_words(newest))}."]
        return list(map(risk_signal_in_words, self.risk_signals))

    def note_of(self, event: Event) -> Note | None:
        """The note of an event, or of the outcome that caused it; None if there is none. It has
        the name of the person."""
        kinds = {event.kind.value, event.data.get("cause")}
        at = event.recorded_at
        return next((n for n in self.notes if n.kind in kinds and n.written_at == at), None)

    def author_of(self, event: Event) -> str:
        """The name of the person who did it; empty if it is unknown."""
        note = self.note_of(event)
        return note.author if note is not None else self.authors.get(event.data.get("by", ""), "")

    def notes_without_event(self) -> Iterator[Note]:
        """The notes that were written for themselves and not with an act."""
        keys = {(event.kind.value, event.recorded_at) for event in self.events}
        return (note for note in self.notes if (note.kind, note.written_at) not in keys)


def load_details(reading: ReadTransaction, lead: Lead) -> LeadDetails:
    """Everything that is recorded about a lead."""
    return LeadDetails(
        lead,
        saved_campaign(reading, lead.campaign, lead.version),
        list(reading.events.select(lead_id=lead.lead_id)),
        reading.people.personal_data(lead.lead_id),
        list(reading.people.notes(lead.lead_id)),
        {
            reading.people.pseudonym(lead.client, user.name): user.name
            for user in reading.users.select()
        },
    )
