"""Idempotency keys: a repeated request has one effect (draft-ietf-httpapi-idempotency-key-header).

The key is stored in the transaction that records the request, and never expires: a payment that a
program reports again after a month is not a second payment. A refused request stores no key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from capture.errors import Refused
from capture.ledger.protocol import WriteTransaction


class IdempotencyKeyReused(Refused):
    """The key was used before, for another request."""


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request that may be repeated."""

    client: str
    key: str
    request: str
    """The complete request as text. Only its keyed hash is stored."""


def run_once(
    records: WriteTransaction,
    request: IdempotentRequest,
    work: Callable[[WriteTransaction], str],
    now: datetime,
) -> str:
    """Runs `work` once and returns its answer; a repeated request gets the stored answer.

    Raises `IdempotencyKeyReused` if the key belongs to another request.
    """
    saved = records.api.saved_response(request.client, request.key, request.request)
    if saved is None:
        answer = work(records)
        records.api.save_response(request.client, request.key, request.request, answer, now)
        return answer
    if not saved.is_same_request:
        raise IdempotencyKeyReused(
            "This key was used for another request. Make a new key for each."
        )
    return saved.answer
