"""A bounce: the mail server refused a visitor's address (rule 36 of docs/rules.md)."""

from datetime import datetime
from typing import Any

from capture.lead.events import Actor, EventKind
from capture.lead.model import Lead, event_of
from capture.ledger.protocol import WriteTransaction
from capture.review.acts import find_lead, record_silent_acceptance


def record_bounce(
    records: WriteTransaction, lead_id: str, now: datetime, status: int | None = None
) -> Lead:
    """Records once that a lead's address bounced: from now on silence never accepts it.

    What silence has decided by `now` stays (rule 12). `status` is the mail server's answer, such as
    550. Raises `NotFound` for an unknown lead.
    """
    lead = record_silent_acceptance(records, find_lead(records, lead_id), now)
    if lead.bounced:
        return lead
    data: dict[str, Any] = {} if status is None else {"status": status}
    records.append(event_of(lead, EventKind.BOUNCED, Actor.SYSTEM, now, **data))
    return find_lead(records, lead_id)
