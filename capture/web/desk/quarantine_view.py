"""Leads in quarantine, and spam, as the pages of the desk show them to the agency."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from capture.client_access.answers import labelled_answers, person_and_company
from capture.documents.agreement.model import visible_text
from capture.intake.quarantine_entries import find_quarantine_entry
from capture.intake.signal_words import risk_signal_in_words
from capture.intake.spam import reasons_against, spam_signal_names
from capture.lead.model import Lead
from capture.lead_details.stages import stage_in_words
from capture.ledger.held_leads import HeldLead
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.letters.render import short
from capture.review.acts import find_lead
from capture.text import duration_in_words

_MOST_LETTERS: Final = 120
"""Characters of an answer in a list."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What somebody wrote into the form, in short."""

    name: str
    """The person's name and company, or the lead's id if they are unknown or erased."""
    answers: Sequence[tuple[str, str]]
    """Label and text; empty after erasure."""


@dataclass(frozen=True, slots=True)
class QuarantineCard:
    """One lead in quarantine."""

    lead_id: str
    campaign: str
    """The slug."""
    title: str
    held_at: datetime
    received_at: datetime
    waits: str
    is_in_review: bool
    """Whether the client has it in review, with the deadline stopped."""
    signals: Sequence[tuple[str, int]]
    """Each signal in words, and its weight."""
    weight: int
    limit: int
    """A lead goes into quarantine at this sum of weights."""
    names: str
    """The names of its signals, joined by commas: the filter for leads that look alike."""
    alike: int
    """How many other leads look alike."""
    answers: Answers

    @property
    def is_held_later(self) -> bool:
        """Whether it went into quarantine some time after it was received."""
        return self.held_at - self.received_at > timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SpamRow:
    """One lead that seems not to be from a real person."""

    lead_id: str
    title: str
    """The title of its campaign."""
    received_at: datetime
    is_spam: bool
    """False: it was in quarantine, and somebody discarded it."""
    reasons: Sequence[str]
    answers: Answers
    needs_basis: bool
    """Whether it has neither consent nor a lawful basis, so the rescue must state one."""
    campaign: str
    """The slug."""
    signals: str
    """The names of its spam signals, joined by commas: the filter for spam that looks alike. Empty
    for a discarded lead."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a lead."""

    lead_id: str
    result: str


def spam_row(reading: ReadTransaction, lead: Lead) -> SpamRow:
    """A spam or discarded lead in words."""
    terms = saved_campaign(reading, lead.campaign, lead.version)
    return SpamRow(
        lead_id=lead.lead_id,
        title=visible_text(terms.title),
        received_at=lead.received_at,
        is_spam=lead.review == "spam",
        reasons=reasons_against(reading, lead),
        answers=_answers(reading, lead),
        needs_basis=not lead.consent.is_lawful,
        campaign=lead.campaign,
        signals=",".join(spam_signal_names(reading, lead)) if lead.review == "spam" else "",
    )


def decided_leads(reading: ReadTransaction, ids: Iterable[str], now: datetime) -> list[Decided]:
    """What became of these leads; unknown ids are left out."""
    found = (reading.leads.get(lead_id) for lead_id in ids)
    return [
        Decided(lead.lead_id, judged_in_words(reading, lead, now))
        for lead in found
        if lead is not None
    ]


def judged_in_words(reading: ReadTransaction, lead: Lead, now: datetime) -> str:
    """The stage of a lead after a decision, and what follows from it."""
    events = [recorded.event for recorded in reading.events.select(lead_id=lead.lead_id)]
    words = stage_in_words(lead, events, now)
    return f"{words.label}. {words.meaning}"


def quarantine_card(
    reading: ReadTransaction, held: HeldLead, counts: Mapping[tuple[str, str], int], now: datetime
) -> QuarantineCard:
    """A lead in quarantine in words; `counts` are those of `HeldLeadQueries`."""
    lead = find_lead(reading, held.lead_id)
    entry = find_quarantine_entry(reading, lead)
    terms = saved_campaign(reading, lead.campaign, lead.version)
    return QuarantineCard(
        lead_id=lead.lead_id,
        campaign=lead.campaign,
        title=visible_text(terms.title),
        held_at=entry.held_at,
        received_at=lead.received_at,
        waits=duration_in_words(now - entry.held_at),
        is_in_review=lead.review == "held_back",
        signals=[(risk_signal_in_words(signal), signal["weight"]) for signal in entry.signals],
        weight=entry.weight,
        limit=terms.quarantine.hold_at,
        names=held.signals,
        alike=counts[held.campaign, held.signals] - 1,
        answers=_answers(reading, lead),
    )


def _answers(reading: ReadTransaction, lead: Lead) -> Answers:
    terms = saved_campaign(reading, lead.campaign, lead.version)
    data = reading.people.personal_data(lead.lead_id)
    if data is None:
        return Answers(f"Lead {lead.lead_id}", ())
    name = ", ".join(filter(None, person_and_company(terms, data.answers)))
    return Answers(
        short(name, _MOST_LETTERS) or f"Lead {lead.lead_id}",
        [
            (visible_text(answer.label), short(visible_text(answer.text), _MOST_LETTERS))
            for answer in labelled_answers(terms, data)
        ],
    )
