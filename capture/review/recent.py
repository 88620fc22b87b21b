"""The reviews that a person may still undo (rule 13 of docs/rules.md)."""

from datetime import datetime
from typing import Final

from capture.lead.events import Actor, Event, EventKind
from capture.ledger.protocol import ReadTransaction
from capture.review.acts import UNDO, find_lead

_REVIEWS: Final = frozenset(
    {EventKind.ACCEPTED, EventKind.REJECTED, EventKind.WITHDRAWN, EventKind.SETTLED}
)


def undoable_reviews(
    reading: ReadTransaction, by: str, actor: Actor, now: datetime, client: str | None = None
) -> dict[str, Event]:
    """By lead: the person's own acceptance or rejection of the last ten seconds that still counts,
    the newest first.

    An acceptance that follows from an outcome is not among them. With `client`, only leads of it.
    """
    before, _ = reading.events.head(now - UNDO)
    newest: dict[str, Event] = {}
    for recorded in reading.events.select(after=before):
        event = recorded.event
        if event.lead_id is not None and event.kind in _REVIEWS:
            newest.pop(event.lead_id, None)
            newest[event.lead_id] = event
    return {
        lead_id: event
        for lead_id, event in reversed(newest.items())
        if event.kind in {EventKind.ACCEPTED, EventKind.REJECTED}
        and event.actor is actor
        and not event.data.get("cause")
        and _is_own(reading, lead_id, event, by, client)
    }


def _is_own(
    reading: ReadTransaction, lead_id: str, event: Event, by: str, client: str | None
) -> bool:
    owner = find_lead(reading, lead_id).client
    return client in {None, owner} and event.data.get("by") == reading.people.pseudonym(owner, by)
