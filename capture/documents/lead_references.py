"""How printed documents name leads: by a text that the client knows, from their personal data."""

from collections.abc import Iterable, Iterator, Mapping

from capture.billing.statement import Statement
from capture.campaign.model import Answer, Campaign
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign

_NAMES = ("name", "given-name", "family-name")
"""The autocomplete tokens of fields with a person's name (WHATWG HTML)."""


def lead_references(
    reading: ReadTransaction, statement: Statement, lead_ids: Iterable[str]
) -> dict[str, str]:
    """The company or the initials of each lead, by lead id, as the client's file chose.

    A lead is missing if its documents name it by its id, if its data was erased, or if its form did
    not ask for it.
    """
    choice = statement.parties.line_reference
    references = {}
    if choice != "lead_id":
        for lead_id in lead_ids:
            lead, data = reading.leads.get(lead_id), reading.people.personal_data(lead_id)
            if lead is not None and data is not None:
                campaign = saved_campaign(reading, lead.campaign, lead.version)
                reference = _reference(campaign, data.answers, choice)
                if reference:
                    references[lead_id] = reference
    return references


def _reference(campaign: Campaign, answers: Mapping[str, Answer], choice: str) -> str:
    if choice == "company":
        return " ".join(_answers(campaign, answers, "organization"))
    words = " ".join(_answers(campaign, answers, *_NAMES)).split()
    return "".join(f"{word[0].upper()}." for word in words)


def _answers(campaign: Campaign, answers: Mapping[str, Answer], *tokens: str) -> Iterator[str]:
    """The answers to the fields that browsers fill with these tokens, in the form's order."""
    for name, field in campaign.fields.items():
        if field.autocomplete in tokens and answers.get(name):
            yield str(answers[name])
