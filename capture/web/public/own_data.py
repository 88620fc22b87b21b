"""What a visitor sent, as the page behind their letter's link shows it to them."""

from dataclasses import dataclass

from capture.client_access.answers import labelled_answers
from capture.client_access.client_leads import consent_wording
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.letters.render import moment_in_words


@dataclass(frozen=True, slots=True)
class OwnData:
    """The answers of one form and the consent, as they were recorded (rule 35 of docs/rules.md)."""

    sent_at: str
    """In words, in the campaign's zone."""
    answers: tuple[tuple[str, str], ...]
    """Label and answer."""
    consent_given: bool
    """Whether the box was ticked."""
    wording: str
    """The text beside the box; empty if it is not known."""


def own_data(reading: ReadTransaction, lead_id: str) -> OwnData | None:
    """What the person sent; None if there is no such lead, or its data was erased."""
    lead, data = reading.leads.get(lead_id), reading.people.personal_data(lead_id)
    if lead is None or data is None:
        return None
    terms = saved_campaign(reading, lead.campaign, lead.version)
    return OwnData(
        sent_at=moment_in_words(lead.received_at, terms.zone),
        answers=tuple((answer.label, answer.text) for answer in labelled_answers(terms, data)),
        consent_given=lead.consent_given,
        wording=consent_wording(reading, lead),
    )
