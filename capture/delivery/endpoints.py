"""Webhook endpoints of clients: add, rotate the secret, pause, resume, remove.

A secret is shown once, when it is made. The ledger holds it encrypted with Fernet under a key of
the installation, so a copy of the database alone signs nothing.
"""

import base64
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from capture.delivery.addresses import read_url
from capture.delivery.by_hand import retry_failed
from capture.errors import Hint, NotFound, Refused, Unavailable
from capture.lead.events import EventKind
from capture.ledger.administration import BY_GATEPOST, record_act
from capture.ledger.endpoints import Endpoint
from capture.ledger.messages import MessageState
from capture.ledger.protocol import ReadTransaction, WriteTransaction

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - the prefix of Standard Webhooks, not a secret
_SECRET_BYTES: Final = 32
ROTATION: Final = timedelta(hours=24)
"""After a rotation webhooks are signed with both secrets for this time."""
MAX_ENDPOINTS: Final = 10
"""Most endpoints of one client: each event is sent to all of them."""


class SecretBox:
    """Encrypts the secrets of endpoints."""

    def __init__(self, key: bytes) -> None:
        """`key` is the installation's `webhook_key`. Raises `Unavailable` if it is empty."""
        if not key:
            raise Unavailable("there is no key for the secrets of webhooks")
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"webhook secrets")
        self._fernet = Fernet(base64.urlsafe_b64encode(derived.derive(key)))

    def encrypt(self, secret: str) -> bytes:
        """The secret as the ledger stores it."""
        return self._fernet.encrypt(secret.encode())

    def decrypt(self, stored: bytes) -> str:
        """The secret. Raises `Unavailable` if it was encrypted under another key."""
        try:
            return self._fernet.decrypt(stored).decode()
        except InvalidToken:
            raise Unavailable(
                "the webhook's secret was encrypted under another key; restore the file "
                "webhook_key in var/ (or GATEPOST_WEBHOOK_KEY), or rotate the secret"
            ) from None


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """Where a client wants to receive webhooks."""

    client: str
    url: str
    allow_loopback: bool = False
    """Whether the URL may lead to this machine, for tests."""


@dataclass(frozen=True, slots=True)
class NewSecret:
    """An endpoint, and its secret in clear, to be shown once."""

    endpoint: Endpoint
    secret: str


def add_endpoint(
    records: WriteTransaction, box: SecretBox, new: NewEndpoint, now: datetime, by: str
) -> NewSecret:
    """Stores a new endpoint of a client, with a new secret.

    `by` is the person who does it, here and below, or `BY_GATEPOST`. Raises `Refused` for a URL
    that may not be called or that the client has already.
    """
    read_url(new.url, allow_loopback=new.allow_loopback)
    endpoints = records.endpoints.select(new.client)
    for endpoint in endpoints:
        if endpoint.url == new.url:
            raise Refused(f"{new.client} has this webhook already: {endpoint.id}")
    if len(endpoints) >= MAX_ENDPOINTS:
        raise Refused(f"{new.client} has {MAX_ENDPOINTS} webhooks already; remove one first")
    secret = _new_secret()
    endpoint = Endpoint(
        id=secrets.token_hex(4),
        client=new.client,
        url=new.url,
        secret=box.encrypt(secret),
        made_at=now,
    )
    records.endpoints.save(endpoint)
    _record(records, EventKind.WEBHOOK_ADDED, endpoint, by, now)
    return NewSecret(endpoint, secret)


def rotate_secret(
    records: WriteTransaction, box: SecretBox, endpoint_id: str, now: datetime, by: str
) -> NewSecret:
    """Gives an endpoint a new secret. The one before also signs until `ROTATION` has passed.

    Raises `NotFound`.
    """
    endpoint = find_endpoint(records, endpoint_id)
    secret = _new_secret()
    records.endpoints.replace_secret(endpoint_id, box.encrypt(secret), now + ROTATION)
    _record(records, EventKind.WEBHOOK_ROTATED, endpoint, by, now)
    return NewSecret(find_endpoint(records, endpoint_id), secret)


def pause_endpoint(
    records: WriteTransaction, endpoint: Endpoint, reason: str, now: datetime
) -> None:
    """Pauses an endpoint that fails. Does nothing if it is paused already, or was removed."""
    if records.endpoints.pause(endpoint.id, now, reason):
        _record(records, EventKind.WEBHOOK_PAUSED, endpoint, BY_GATEPOST, now)


def resume_endpoint(records: WriteTransaction, endpoint_id: str, now: datetime, by: str) -> int:
    """Ends a pause. The webhooks that failed for this endpoint are due again; returns their number.

    Raises `NotFound`, or `Refused` if it is not paused.
    """
    endpoint = find_endpoint(records, endpoint_id)
    if not records.endpoints.resume(endpoint_id):
        raise Refused(f"webhook {endpoint_id} is not paused")
    _record(records, EventKind.WEBHOOK_RESUMED, endpoint, by, now)
    return retry_failed(records, endpoint_id, now)


def remove_endpoint(records: WriteTransaction, endpoint_id: str, now: datetime, by: str) -> int:
    """Deletes an endpoint and drops what waits for it; returns the number of dropped webhooks.

    Raises `NotFound`.
    """
    endpoint = find_endpoint(records, endpoint_id)
    records.endpoints.remove(endpoint_id)
    _record(records, EventKind.WEBHOOK_REMOVED, endpoint, by, now)
    waiting = records.outbox.select(
        MessageState.WAITING, MessageState.SENDING, recipient=endpoint_id
    )
    return sum(
        records.outbox.drop(message.id, now, "the webhook was removed") for message in waiting
    )


def find_endpoint(reading: ReadTransaction, endpoint_id: str) -> Endpoint:
    """The endpoint with this id. Raises `NotFound`."""
    endpoint = reading.endpoints.get(endpoint_id)
    if endpoint is None:
        raise NotFound(f"no webhook {endpoint_id!r}", Hint.WEBHOOKS)
    return endpoint


def signing_secrets(box: SecretBox, endpoint: Endpoint, now: datetime) -> Sequence[str]:
    """The secrets that sign now: the current one and, after a rotation, the one before.

    Raises `Unavailable` if the current one cannot be decrypted.
    """
    signing = [box.decrypt(endpoint.secret)]
    if endpoint.previous_until is not None and now < endpoint.previous_until:
        with suppress(Unavailable):  # it was rotated because the key was lost
            signing.append(box.decrypt(endpoint.previous_secret))
    return signing


def _record(
    records: WriteTransaction, kind: EventKind, endpoint: Endpoint, by: str, now: datetime
) -> None:
    record_act(records, kind, by, now, webhook=endpoint.id, client=endpoint.client)


def _new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
