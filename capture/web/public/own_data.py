"""What a visitor sent, as the page behind their letter's link shows it to them."""

from dataclasses import dataclass

from capture.campaign.model import Campaign
from capture.client_access.answers import answer_text
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import PersonalData
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
    terms, wording = saved_campaign(reading, lead.campaign, lead.version), ""
    if lead.consent_version is not None:
        wording = saved_campaign(reading, lead.campaign, lead.consent_version).consent
    return OwnData(
        sent_at=moment_in_words(lead.received_at, terms.zone),
        answers=tuple(_answers(terms, data)),
        consent_given=lead.consent_given,
        wording=wording,
    )


def _answers(terms: Campaign, data: PersonalData) -> list[tuple[str, str]]:
    return [
        (
            field.label,
            answer_text(data.answers[name], field.type)
            if name in data.answers
            else data.unverified[name],
        )
        for name, field in terms.fields.items()
        if name in data.answers or data.unverified.get(name)
    ]
