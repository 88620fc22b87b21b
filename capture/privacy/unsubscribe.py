"""The owner of an address unsubscribes from a kind of letter, or undoes that.

The person is known by a keyed hash of the address alone: the link in the letter names nobody else.
"""

from datetime import datetime

from capture.lead.events import Actor, Event, EventKind
from capture.ledger.administration import NO_CAMPAIGN
from capture.ledger.protocol import WriteTransaction


def unsubscribe(records: WriteTransaction, address_id: str, letter: str, now: datetime) -> None:
    """Sends no more letters of this kind to the address. A second time changes nothing.

    `address_id` is the keyed hash from `OutboxQueries.address_id`.
    """
    if records.outbox.unsubscribe(address_id, letter, now):
        records.append(_event(EventKind.UNSUBSCRIBED, address_id, letter, now))


def subscribe_again(records: WriteTransaction, address_id: str, letter: str, now: datetime) -> None:
    """Undoes `unsubscribe`. Does nothing if the address gets these letters."""
    if records.outbox.subscribe_again(address_id, letter):
        records.append(_event(EventKind.SUBSCRIBED_AGAIN, address_id, letter, now))


def _event(kind: EventKind, address_id: str, letter: str, now: datetime) -> Event:
    return Event(
        campaign=NO_CAMPAIGN,
        lead_id=None,
        kind=kind,
        occurred_at=now,
        recorded_at=now,
        actor=Actor.VISITOR,
        data={"by": address_id, "letter": letter},
    )
