"""The hash chain over events: canonical JSON, SHA-256, each link holding the one before (rule 32).

Canonical JSON here is JSON with sorted keys, no white space, UTF-8 and no floats, which for our
data (strings, integers, booleans, null, lists, objects) is the form of RFC 8785.
"""

import json
from hashlib import sha256
from typing import Any

from capture.lead import Event, show_time

GENESIS = "0" * 64
"""What the first event holds in place of a hash before it."""

_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


def canonical(value: Any) -> str:
    """One text for one value, always the same."""
    return _encode(value)


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
