"""The hash chain over events: SHA-256, each link holding the one before (rule 32)."""

from hashlib import sha256

from capture.canonical import canonical
from capture.lead import Event, show_time

GENESIS = "0" * 64
"""What the first event holds in place of a hash before it."""


def body(event: Event, sequence: int) -> str:
    """All that the chain protects of an event, as canonical JSON."""
    return canonical(
        {
            "actor": event.actor.value,
            "campaign": event.campaign,
            "data": event.data,
            "kind": event.kind.value,
            "lead_id": event.lead_id,
            "occurred_at": show_time(event.occurred_at),
            "recorded_at": show_time(event.recorded_at),
            "sequence": sequence,
        }
    )


def link(before: str, event: Event, sequence: int) -> str:
    """The hash of one event, given the hash before it."""
    return sha256(f"{before}\n{body(event, sequence)}".encode()).hexdigest()
