"""Leads that seem not to be from real persons: spam, and leads discarded from quarantine."""

from collections.abc import Sequence

from capture.intake.signal_words import risk_signal_in_words, spam_signal_in_words
from capture.lead.events import Event, EventKind
from capture.lead.model import Lead
from capture.ledger.protocol import ReadTransaction


def spam_signals(reading: ReadTransaction, lead: Lead) -> Sequence[str]:
    """The spam signals of a lead as parts of a sentence."""
    return [
        text
        for recorded in reading.events.select(lead_id=lead.lead_id)
        if recorded.event.kind is EventKind.SPAM
        for text in spam_signals_in_words(recorded.event)
    ]


def spam_signals_in_words(event: Event) -> Sequence[str]:
    """The spam signals of an event of spam as parts of a sentence."""
    return [spam_signal_in_words(signal) for signal in event.data["signals"]]


def reasons_against(reading: ReadTransaction, lead: Lead) -> Sequence[str]:
    """Why the lead is spam, or why it was in quarantine before it was discarded: sentences."""
    if lead.review == "spam":
        words = spam_signals(reading, lead)
        return [f"{text[:1].upper()}{text[1:]}." for text in words]
    held = [
        recorded.event
        for recorded in reading.events.select(lead_id=lead.lead_id)
        if recorded.event.kind in {EventKind.QUARANTINED, EventKind.HELD_BACK}
    ]
    return [risk_signal_in_words(signal) for event in held[-1:] for signal in event.data["signals"]]
