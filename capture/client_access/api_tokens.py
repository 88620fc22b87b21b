"""API tokens: bearer tokens for the programs of a client. Each token is shown once.

A token is 256 random bits, so a plain SHA-256 protects it: only that hash is stored. Tokens are
looked up by the hash, so the lookup time reveals nothing about a guess. Secret scanners find leaked
tokens by the pattern `gp_[A-Za-z0-9]{43}`.
"""

import hashlib
import re
import secrets
import string
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from capture.errors import Hint, NotFound, Refused
from capture.lead.events import EventKind
from capture.ledger.administration import record_act
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.types import ApiToken
from capture.text import is_blank

PREFIX: Final = "gp_"
_ALPHABET: Final = string.ascii_letters + string.digits
_LENGTH: Final = 43
"""Characters from an alphabet of 62: 62^43 is a little more than 2^256."""
_TOKEN: Final = re.compile(f"{PREFIX}[A-Za-z0-9]{{{_LENGTH}}}")
MAX_NAME_LENGTH: Final = 60

LAST_USE_PRECISION: Final = timedelta(hours=1)
"""Precision of the last use: a program that only reads causes one small write an hour."""


def new_token() -> str:
    """A new random token."""
    return PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def add_token(  # noqa: PLR0913 - the facts of a token, and who makes it
    records: WriteTransaction, client: str, name: str, token: str, now: datetime, *, by: str
) -> ApiToken:
    """Stores a new token of a client. Raises `Refused` if the name is in use or not valid.

    `by` is the person who does it, or `BY_GATEPOST`.
    """
    if is_blank(name) or not name.isprintable() or len(name) > MAX_NAME_LENGTH:
        raise Refused(
            f"name of a token: write one line of 1 to {MAX_NAME_LENGTH} characters, such as crm"
        )
    names_in_use = {other.name for other in records.api.tokens(client) if other.revoked_at is None}
    if name in names_in_use:
        raise Refused(
            f"{client} has a token named {name!r} already; revoke it, or choose another name"
        )
    api_token = ApiToken(secrets.token_hex(4), client, name, now)
    records.api.save_token(api_token, _digest(token))
    record_act(records, EventKind.TOKEN_ADDED, by, now, token=api_token.id, client=client)
    return api_token


def find_api_token(reading: ReadTransaction, token: str) -> ApiToken | None:
    """The stored facts of a token; None if it is unknown or revoked."""
    if not _TOKEN.fullmatch(token):
        return None
    api_token = reading.api.token(_digest(token))
    return None if api_token is None or api_token.revoked_at is not None else api_token


def is_last_use_stale(api_token: ApiToken, now: datetime) -> bool:
    """Whether a new use must be recorded: the stored one is older than `LAST_USE_PRECISION`."""
    return api_token.used_at is None or now - api_token.used_at >= LAST_USE_PRECISION


def revoke_token(records: WriteTransaction, token_id: str, now: datetime, by: str) -> ApiToken:
    """Revokes a token immediately. Raises `NotFound`, or `Refused` if it is already revoked."""
    api_token = next((token for token in records.api.tokens() if token.id == token_id), None)
    if api_token is None:
        raise NotFound(f"no token {token_id!r}", Hint.TOKENS)
    if api_token.revoked_at is not None:
        raise Refused(f"token {token_id} is revoked already")
    records.api.revoke_token(token_id, now)
    record_act(records, EventKind.TOKEN_REVOKED, by, now, token=token_id, client=api_token.client)
    return replace(api_token, revoked_at=now)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
