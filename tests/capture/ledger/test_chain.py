"""`capture.ledger.events` hashes the canonical JSON of the complete event."""

import pytest

from capture.lead.events import Event, EventKind, show_time
from capture.ledger.events import hashed_body
from capture.text import canonical
from tests.samples import later_event, received_event


@pytest.mark.parametrize(
    "event",
    [
        received_event("a"),
        later_event("a", EventKind.QUALIFIED),
        later_event("a", EventKind.REJECTED, note='"},{"é'),
    ],
)
def test_the_hashed_body_is_the_canonical_json_of_the_complete_event(event: Event) -> None:
    complete = {
        "actor": event.actor.value,
        "campaign": event.campaign,
        "data": event.data,
        "kind": event.kind.value,
        "lead_id": event.lead_id,
        "occurred_at": show_time(event.occurred_at),
        "recorded_at": show_time(event.recorded_at),
        "sequence": 7,
    }
    assert hashed_body(event, 7, canonical(event.data)) == canonical(complete)
