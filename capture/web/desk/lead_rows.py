"""The rows of the list of leads: who it is, the stage, and what is next, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from capture.client_access.answers import person_and_company
from capture.documents.agreement.model import visible_text
from capture.lead.model import Lead
from capture.lead.moves import NOT_STARTED, Track
from capture.lead_details.stages import Tone, stage_on_track, stage_tone
from capture.ledger.people import path_of_article
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import email_of


@dataclass(frozen=True, slots=True)
class Badge:
    """A stage or a mark in words."""

    text: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class LeadRow:
    """One lead of the list. Every text is ready to print."""

    lead_id: str
    received_at: datetime
    name: str
    """The person's name, or else the e-mail address; empty if both are unknown or erased."""
    email: str
    company: str
    campaign: str
    """The campaign's title."""
    reasons: Mapping[str, str]
    """The reasons for a rejection, in words by their codes."""
    badges: Sequence[Badge]
    source: str
    article: str
    """The path of the first touch's page, or else of the page with the form."""
    next: str
    """The next thing that happens to the lead; `next_at` is its time."""
    next_at: datetime | None


def lead_row(reading: ReadTransaction, lead: Lead, now: datetime) -> LeadRow:
    """The row of a lead as of `now`."""
    terms = saved_campaign(reading, lead.campaign, lead.version)
    data = reading.people.personal_data(lead.lead_id)
    name, company = person_and_company(terms, {} if data is None else data.answers)
    article = None if data is None else path_of_article(data.first_touch, data.page)
    words, at = _next(lead, now)
    return LeadRow(
        lead_id=lead.lead_id,
        received_at=lead.received_at,
        name=name,
        email=visible_text(email_of(data)),
        company=company,
        campaign=visible_text(terms.title),
        reasons={code: visible_text(text) for code, text in terms.review.reasons.items()},
        badges=list(_badges(lead, now, is_erased=data is None)),
        source=lead.source,
        article=visible_text(article or ""),
        next=words,
        next_at=at,
    )


def _badges(lead: Lead, now: datetime, *, is_erased: bool) -> list[Badge]:
    stages = {
        Track.REVIEW: lead.review_at(now),
        Track.APPOINTMENT: lead.appointment_at(now),
        Track.SALE: lead.sale,
    }
    badges = [
        Badge(stage_on_track(track, stage), stage_tone(stage))
        for track, stage in stages.items()
        if stage != NOT_STARTED
    ]
    flags = {"disputed": lead.disputed, "test": lead.test, "erased": is_erased}
    return badges + [Badge(name) for name, is_set in flags.items() if is_set]


def _next(lead: Lead, now: datetime) -> tuple[str, datetime | None]:
    """The next thing that happens to the lead, and its time.

    The text is empty for an accepted lead without a meeting: what follows is up to the client.
    """
    match lead.review_at(now):
        case "quarantined" | "held_back":
            words, at = "The agency checks it", None
        case "unconfirmed":
            words, at = "The link in the letter ends", lead.confirm_until
        case "qualified" if lead.silence_never_accepts:
            words, at = "Only the client can accept it", None
        case "qualified":
            words, at = ("Silence accepts it" if lead.deadline else "To be notified"), lead.deadline
        case "rejected" if lead.disputed:
            words, at = "The client settles the dispute", None
        case "rejected" if lead.entered and lead.deadline is not None and now < lead.deadline:
            words, at = "The client may accept it until", lead.deadline
        case "rejected":
            words, at = "Nothing: it costs nothing", None
        case "accepted" if lead.appointment_at(now) == "scheduled":
            words, at = "Meeting", lead.meeting_at
        case "accepted":
            words, at = "", None
        case _:
            words, at = "Nothing: it is not delivered", None
    return words, at
