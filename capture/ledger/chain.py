"""The hash chain over events: SHA-256 of each event with the hash before it (rule 32)."""

from hashlib import sha256

from capture.lead.events import Event, show_time
from capture.text import canonical

GENESIS = "0" * 64
"""The hash before the first event."""


def link(before: str, event: Event, sequence: int) -> str:
    """The hash of one event, given the hash before it."""
    return link_text(before, event, sequence, canonical(event.data))


def link_text(before: str, event: Event, sequence: int, data: str) -> str:
    """Like `link`, for data that is canonical JSON already: serialising it takes the most time."""
    return sha256(f"{before}\n{body(event, sequence, data)}".encode()).hexdigest()


def body(event: Event, sequence: int, data: str) -> str:
    """The hashed part of an event as canonical JSON. `data` is canonical JSON already."""
    head = canonical({"actor": event.actor.value, "campaign": event.campaign})
    rest = canonical(
        {
            "kind": event.kind.value,
            "lead_id": event.lead_id,
            "occurred_at": show_time(event.occurred_at),
            "recorded_at": show_time(event.recorded_at),
            "sequence": sequence,
        }
    )
    return f'{head[:-1]},"data":{data},{rest[1:]}'
