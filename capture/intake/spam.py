"""Leads that seem not to be from real persons: spam, and leads discarded from quarantine."""

from collections.abc import Sequence
from datetime import datetime

from capture.intake.correct import LeadCorrection, correct_lead
from capture.intake.signal_words import risk_signal_in_words, spam_signal_in_words
from capture.lead.events import Event, EventKind
from capture.lead.model import Lead
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.review.acts import find_lead


def spam_signal_names(reading: ReadTransaction, lead: Lead) -> Sequence[str]:
    """The names of a lead's spam signals, in their stored order."""
    return [
        name
        for recorded in reading.events.select(lead_id=lead.lead_id)
        if recorded.event.kind is EventKind.SPAM
        for name in recorded.event.data["signals"]
    ]


def spam_signals(reading: ReadTransaction, lead: Lead) -> Sequence[str]:
    """The spam signals of a lead as parts of a sentence."""
    return [spam_signal_in_words(name) for name in spam_signal_names(reading, lead)]


def spam_signals_in_words(event: Event) -> Sequence[str]:
    """The spam signals of an event of spam as parts of a sentence."""
    return [spam_signal_in_words(signal) for signal in event.data["signals"]]


def rescue(  # noqa: PLR0913 - a `QuarantineAct`, and the basis
    records: WriteTransaction, lead_id: str, by: str, now: datetime, note: str, *, basis: str
) -> Lead:
    """Records that a real person sent the lead, and judges it again (rule 15 of docs/rules.md).

    `basis` is the lawful basis of a lead without consent; others do not need it. To be run by
    `Ledger.transact`. Raises `NotFound`, or `Refused` as `correct_lead` does.
    """
    needed = "" if find_lead(records, lead_id).consent.is_lawful else basis
    correction = LeadCorrection(lead_id, by, not_spam=True, note=note, basis=needed)
    return correct_lead(records, correction, now)


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
