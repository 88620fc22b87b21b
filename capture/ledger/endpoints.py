"""Webhook endpoints: where a client's system receives events, and the protocol of their table.

Secrets are stored encrypted. `capture.delivery.endpoints` encrypts and decrypts them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One address of a client's system. Times are UTC."""

    id: str
    client: str
    url: str
    secret: bytes = field(repr=False)
    """Signs its webhooks; encrypted."""
    made_at: datetime
    previous_secret: bytes = field(default=b"", repr=False)
    """The secret before the last rotation; encrypted, empty if there is none."""
    previous_until: datetime | None = None
    """Until this time webhooks are signed with the previous secret as well."""
    failures: int = 0
    """How many attempts have failed since the last one that succeeded."""
    paused_at: datetime | None = None
    """Nothing is sent to it since then; None if it is not paused."""
    pause_reason: str = ""
    """Why it is paused, in one line."""


class EndpointQueries(Protocol):
    """Webhook endpoints. A removed one is not in the ledger any more."""

    def get(self, endpoint_id: str) -> Endpoint | None:
        """One endpoint; None if there is none with this id."""

    def select(self, client: str | None = None) -> Sequence[Endpoint]:
        """All endpoints, or those of one client, oldest first."""


class EndpointWrites(EndpointQueries, Protocol):
    """Writes webhook endpoints."""

    def save(self, endpoint: Endpoint) -> None:
        """Stores a new endpoint."""

    def replace_secret(self, endpoint_id: str, secret: bytes, previous_until: datetime) -> bool:
        """Stores a new encrypted secret; the one before becomes the previous one until then.

        False if there is no such endpoint.
        """

    def count_failure(self, endpoint_id: str) -> int:
        """Counts one failed attempt. Returns the failures in a row; 0 if it is unknown."""

    def clear_failures(self, endpoint_id: str) -> None:
        """Records that an attempt succeeded."""

    def pause(self, endpoint_id: str, at: datetime, reason: str) -> bool:
        """Pauses an endpoint; False if it is paused already or unknown."""

    def resume(self, endpoint_id: str) -> bool:
        """Ends a pause and clears the failures; False if it is not paused or unknown."""

    def remove(self, endpoint_id: str) -> bool:
        """Deletes an endpoint with its secrets; False if it is unknown."""
