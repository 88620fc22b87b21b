"""Proof of the address: a person confirms it, or the link in the letter expires unused.

See rules 2, 7 and 8 of docs/rules.md. A lead of a campaign with `confirm = "email"` waits as
`unconfirmed`. Once its person has proved the address, it is judged at the gate again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from capture.intake.judge_again import judge_again
from capture.lead.events import Actor, Event, EventKind
from capture.lead.fold import apply_event
from capture.lead.model import Lead, event_of
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.review.acts import find_lead

_BATCH_SIZE: Final = 1000
"""Events per append: many links may end at the same time."""


def waits_for_proof(lead: Lead, now: datetime) -> bool:
    """Whether a proof of the address still has an effect: the link works, and the answers were not
    erased. The link also works if the lead was quarantined after the letter was sent."""
    link_works = lead.confirm_until is not None and now < lead.confirm_until
    waits = lead.review in {"unconfirmed", "quarantined"}
    return waits and link_works and not (lead.confirmed or lead.erased)


def confirm_address(records: WriteTransaction, lead_id: str, now: datetime) -> Lead:
    """Records that the person proved the address, and judges the lead again. Returns the lead.

    Suppression, duplicates and caps are checked at `now`. A quarantined lead stays quarantined, but
    needs no further proof after its release. Does nothing for a lead that needs no proof any more,
    such as after a second click, or after the link has expired. Raises `NotFound` for an unknown
    lead. To be run by `Ledger.transact`.
    """
    lead = find_lead(records, lead_id)
    if not waits_for_proof(lead, now):
        return lead
    event = event_of(lead, EventKind.CONFIRMED, Actor.VISITOR, now)
    records.append(event)
    confirmed = apply_event(lead, event)
    if confirmed.review == "received":
        judge_again(records, confirmed, now)
    return find_lead(records, lead_id)


def unrecorded_expiries(reading: ReadTransaction, now: datetime) -> Sequence[Lead]:
    """The leads whose link has ended by `now` without an event that says so."""
    leads = reading.leads.unconfirmed(ended_by=now)
    return [lead for lead in leads if lead.is_expired_at(now)]


def expire_leads(records: WriteTransaction, now: datetime) -> int:
    """Appends an expired event, dated at the link's end, for each lead whose link has ended by
    `now`. Returns how many. To be run by `Ledger.transact`."""
    leads = unrecorded_expiries(records, now)
    for start in range(0, len(leads), _BATCH_SIZE):
        records.append(*(_expiry(lead, now) for lead in leads[start : start + _BATCH_SIZE]))
    return len(leads)


def record_expiry(records: WriteTransaction, lead: Lead, now: datetime) -> Lead:
    """Appends the expired event if the lead's link has expired by `now`. Returns the lead.

    Later acts call this first, so that they cannot undo an expiry.
    """
    if not lead.is_expired_at(now):
        return lead
    records.append(_expiry(lead, now))
    return find_lead(records, lead.lead_id)


def _expiry(lead: Lead, now: datetime) -> Event:
    ended = lead.confirm_until or now  # for the type checker: such a lead has an end
    return event_of(lead, EventKind.EXPIRED, Actor.SYSTEM, now, occurred_at=ended)
