"""Finds leads by a part of their id, name, e-mail address, company, phone number or URL."""

import re
from collections.abc import Iterator
from typing import Final

from capture.campaign.model import FieldType
from capture.errors import Refused
from capture.lead.model import Lead
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import LeadFilter, LeadMatch
from capture.text import fold_case, trim_invisible

SEARCHABLE: Final = frozenset({FieldType.TEXT, FieldType.EMAIL, FieldType.PHONE, FieldType.URL})
"""The types of the fields whose answers are searched."""
MAX_LENGTH: Final = 200
"""Most characters of a text to search for."""
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
"""What Python makes of bytes that are not UTF-8; no database takes them."""


def search_leads(reading: ReadTransaction, text: str, query: LeadFilter) -> Iterator[LeadMatch]:
    """Leads whose id or any of whose `SEARCHABLE` answers contains the text, the newest first.

    Each has only its `SEARCHABLE` answers. Raises `Refused` for blank or long text.
    """
    part = trim_invisible(text)
    if not part or len(part) > MAX_LENGTH or _SURROGATES.search(part):
        raise Refused(f"nothing to search for in {text[:20]!r}: give 1 to {MAX_LENGTH} characters")
    for match in reading.leads.search(part, query):
        fields = _searchable_fields(reading, match.lead)
        answers = {name: value for name, value in match.answers.items() if name in fields}
        if answers or fold_case(part) in fold_case(match.lead.lead_id):
            yield LeadMatch(match.lead, answers)


def _searchable_fields(reading: ReadTransaction, lead: Lead) -> set[str]:
    """The names of fields in the version of the lead's receipt (rule 16 of docs/rules.md)."""
    terms = saved_campaign(reading, lead.campaign, lead.version)
    return {name for name, field in terms.fields.items() if field.type in SEARCHABLE}
