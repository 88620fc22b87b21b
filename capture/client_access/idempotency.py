"""The same request twice is one act: draft-ietf-httpapi-idempotency-key-header.

A key is used up by what was recorded under it, in the same transaction, and for ever: a payment
that a program reports again after a month is not a second payment. What was refused wrote nothing
and uses no key up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from capture.errors import Refused
from capture.ledger.protocol import Records


class IdempotencyKeyReused(Refused):
    """Another request was made under this key."""


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request that may come again."""

    client: str
    key: str
    request: str
    """All that it asks, as text: only its keyed hash is kept."""


def run_once(
    records: Records, request: IdempotentRequest, work: Callable[[Records], str], now: datetime
) -> str:
    """The answer that the work gives, or gave when it was asked first. Raises `KeyReused`."""
    known = records.api.saved_response(request.client, request.key, request.request)
    if known is None:
        answer = work(records)
        records.api.save_response(request.client, request.key, request.request, answer, now)
        return answer
    if not known.same:
        raise IdempotencyKeyReused(
            "This key was used for another request. Make a new key for each."
        )
    return known.answer
