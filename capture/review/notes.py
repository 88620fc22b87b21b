"""Notes that the agency writes about a lead. Its client never sees them."""

from datetime import datetime

from capture.errors import Refused
from capture.lead.events import Actor, EventKind
from capture.lead.model import event_of
from capture.ledger.protocol import WriteTransaction
from capture.ledger.types import Note
from capture.review.acts import check_name, find_lead
from capture.text import is_blank, trim_invisible


def write_note(records: WriteTransaction, lead_id: str, by: str, text: str, now: datetime) -> Note:
    """Records a note of the agency about a lead: an event, and the text where it can be erased.

    Raises `Refused` for a blank note, a blank name, or a lead whose data was erased; `NotFound`
    for an unknown lead.
    """
    check_name(by)
    if is_blank(text):
        raise Refused("write the note first")
    lead = find_lead(records, lead_id)
    if lead.erased:
        raise Refused(f"lead {lead_id}: its personal data was erased, so no note is stored")
    author = records.people.pseudonym(lead.client, by)
    records.append(event_of(lead, EventKind.NOTED, Actor.AGENCY, now, by=author))
    note = Note(lead_id, EventKind.NOTED.value, by.strip(), trim_invisible(text), now)
    records.people.save_note(note)
    return note
