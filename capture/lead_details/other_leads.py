"""Other leads of the same person or company, found by the same keys as duplicates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from capture.lead.identity import keys_to_match, select_keys
from capture.lead.model import Lead
from capture.lead.moves import STAGES, VISIBLE_TO_CLIENT
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import DuplicateQuery, PersonalData

MOST: Final = 20
"""Most leads of the person, and most of the company."""


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
    keys = {} if data is None else keys_to_match(data.answers)
    stages = VISIBLE_TO_CLIENT if for_client else frozenset(STAGES)
    query = DuplicateQuery(
        stages, campaign=lead.campaign if for_client else None, limit=MOST + 1 + MOST
    )

    def matching(*kinds: str) -> list[Lead]:
        found = reading.leads.matching(lead.client, select_keys(keys, kinds), query)
        return [each for each in found if each.lead_id != lead.lead_id]

    person, company = matching("email", "phone"), matching("company_domain")
    ids = {each.lead_id for each in person}
    others = [each for each in company if each.lead_id not in ids]
    return OtherLeads(person[:MOST], others[:MOST])
