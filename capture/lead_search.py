"""Finds leads by words of their name, e-mail address, company, phone number or URL, or by id."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from capture.errors import Refused
from capture.ledger.protocol import ReadTransaction
from capture.ledger.search_words import matches, searchable_answers, words_of_search
from capture.ledger.terms import saved_campaign
from capture.ledger.types import LeadFilter, LeadListQuery, LeadMatch, list_position
from capture.text import trim_invisible

MAX_LENGTH: Final = 200
"""Most characters of a text to search for."""
_BATCH: Final = 200
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
"""What Python makes of bytes that are not UTF-8; no database takes them."""


def search_text(text: str) -> str:
    """The text to search for, without surrounding spaces. Raises `Refused` for blank or long text,
    and for one without a letter or digit."""
    part = trim_invisible(text)
    if len(part) > MAX_LENGTH or _SURROGATES.search(part) or not words_of_search(part):
        raise Refused(
            f"nothing to search for in {text[:20]!r}: give 1 to {MAX_LENGTH} characters with a "
            "letter or digit"
        )
    return part


def search_leads(
    reading: ReadTransaction, text: str, query: LeadFilter, now: datetime
) -> Iterator[LeadMatch]:
    """The leads of the query that a text finds, the newest first, with the answers that it found.

    Raises what `search_text` raises.
    """
    part = search_text(text)
    words = words_of_search(part)
    after = None
    while True:
        page = LeadListQuery(now, _BATCH, campaign=query.campaign, search=part, after=after)
        leads = reading.lead_list.page(page)
        for lead in leads:
            if query.month in {None, lead.month}:
                data = reading.people.personal_data(lead.lead_id)
                terms = saved_campaign(reading, lead.campaign, lead.version)
                answers = {} if data is None else searchable_answers(terms, data)
                found = {
                    name: answer
                    for name, answer in answers.items()
                    if any(matches([word], [answer]) for word in words)
                }
                yield LeadMatch(lead, found)
        if len(leads) < _BATCH:
            return
        after = list_position(leads[-1], page.sort)
