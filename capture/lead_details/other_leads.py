"""Other leads of the same person or company, found by the same keys as duplicates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from capture.campaign.model import Campaign
from capture.client_access.answers import labelled_answers
from capture.client_access.client_leads import ClientLead, load_client_lead
from capture.documents.agreement.model import visible_text
from capture.lead.events import EventKind
from capture.lead.identity import keys_to_match, select_keys
from capture.lead.model import Lead
from capture.lead.moves import STAGES, VISIBLE_TO_CLIENT
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import DuplicateQuery, PersonalData
from capture.review.acts import current_review

MOST: Final = 20
"""Most leads of the person, and most of the company."""

MOST_EARLIER: Final = 3
"""Most earlier leads of the person that are shown beside a new one."""


@dataclass(frozen=True, slots=True)
class ChangedAnswer:
    """An answer that differs between two leads of a person. An empty text is no answer."""

    label: str
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class EarlierLead:
    """An earlier lead of the person, beside a new one (rule 3 of docs/rules.md)."""

    lead: Lead
    reason: str
    """Why it was rejected, in words; empty if it was not."""
    changes: Sequence[ChangedAnswer]
    is_erased: bool
    """Whether its answers were erased, so that they cannot be compared."""


@dataclass(frozen=True, slots=True)
class OtherLeads:
    """Other leads of the same client, the newest first."""

    of_person: Sequence[Lead]
    """With the same mailbox or phone number."""
    of_company: Sequence[Lead]
    """With the same e-mail domain, except those of the person."""


def find_other_leads(
    reading: ReadTransaction, lead: Lead, data: PersonalData | None, *, for_client: bool
) -> OtherLeads:
    """The other leads with the same identity keys; none after erasure, and no tests.

    For a client: only of the same campaign, and only those that it sees. Spam, duplicates and leads
    over a cap have no keys, so they are not found.
    """
    person = _matching(reading, lead, data, ("email", "phone"), for_client=for_client)
    company = _matching(reading, lead, data, ("company_domain",), for_client=for_client)
    ids = {each.lead_id for each in person}
    others = [each for each in company if each.lead_id not in ids]
    return OtherLeads(person[:MOST], others[:MOST])


def find_earlier_leads(
    reading: ReadTransaction, client_lead: ClientLead, *, for_client: bool
) -> list[EarlierLead]:
    """The newest earlier leads with the same mailbox or phone number, with the answers that differ.

    For a client: only of the same campaign, and only those that it sees.
    """
    lead, data = client_lead.lead, client_lead.personal_data
    person = _matching(reading, lead, data, ("email", "phone"), for_client=for_client)
    earlier = [each for each in person if each.received_at < lead.received_at]
    return [
        _earlier_lead(load_client_lead(reading, each), client_lead)
        for each in earlier[:MOST_EARLIER]
    ]


def changed_answers(
    terms: Campaign, now: PersonalData | None, then: PersonalData | None
) -> list[ChangedAnswer]:
    """The answers that differ from those of an earlier lead, in the order of the form.

    Only fields of `terms`, the newer lead's campaign version. Empty if the answers of one of the
    leads were erased.
    """
    if now is None or then is None:
        return []
    old = {answer.field: answer.text for answer in labelled_answers(terms, then)}
    new = {answer.field: answer.text for answer in labelled_answers(terms, now)}
    return [
        ChangedAnswer(
            visible_text(field.label),
            visible_text(old.get(name, "")),
            visible_text(new.get(name, "")),
        )
        for name, field in terms.fields.items()
        if old.get(name, "") != new.get(name, "")
    ]


def _earlier_lead(earlier: ClientLead, newer: ClientLead) -> EarlierLead:
    review = current_review(earlier.events)
    is_rejected = review is not None and review.kind is EventKind.REJECTED
    reason = review.data.get("reason", "") if review is not None and is_rejected else ""
    return EarlierLead(
        earlier.lead,
        visible_text(earlier.terms.review.reasons.get(reason, reason)),
        changed_answers(newer.terms, newer.personal_data, earlier.personal_data),
        is_erased=earlier.personal_data is None,
    )


def _matching(
    reading: ReadTransaction,
    lead: Lead,
    data: PersonalData | None,
    kinds: Sequence[str],
    *,
    for_client: bool,
) -> list[Lead]:
    """Other leads with the same keys of these kinds, the newest first."""
    keys = {} if data is None else select_keys(keys_to_match(data.answers), kinds)
    stages = VISIBLE_TO_CLIENT if for_client else frozenset(STAGES)
    query = DuplicateQuery(
        stages, campaign=lead.campaign if for_client else None, limit=MOST + 1 + MOST
    )
    found = reading.leads.matching(lead.client, keys, query)
    return [each for each in found if each.lead_id != lead.lead_id]
