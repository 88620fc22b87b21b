"""Notes that the agency writes about a lead. Its client never sees them."""

from datetime import datetime
from typing import Final

from capture.errors import Refused
from capture.ledger.protocol import WriteTransaction
from capture.ledger.types import Note
from capture.review.acts import check_name, find_lead
from capture.text import is_blank, trim_invisible

OWN_NOTE: Final = "note"
"""The kind of a note that belongs to no event."""


def write_note(records: WriteTransaction, lead_id: str, by: str, text: str, now: datetime) -> Note:
    """Stores a note of the agency about a lead; it is personal data, and erased with it.

    Raises `Refused` for a blank note, a blank name, or a lead whose data was erased; `NotFound`
    for an unknown lead.
    """
    check_name(by)
    if is_blank(text):
        raise Refused("write the note first")
    if find_lead(records, lead_id).erased:
        raise Refused(f"lead {lead_id}: its personal data was erased, so no note is stored")
    note = Note(lead_id, OWN_NOTE, by.strip(), trim_invisible(text), now)
    records.people.save_note(note)
    return note
