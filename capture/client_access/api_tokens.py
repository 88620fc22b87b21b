"""Who may read a client's leads by program: bearer tokens, made once and shown once.

A token is 256 random bits, so its plain SHA-256 is all that is kept, and it is found by that: no
comparison of ours takes longer the nearer a guess comes. The prefix lets scanners for leaked
secrets find it: `gp_[A-Za-z0-9]{43}`.
"""

import hashlib
import re
import secrets
import string
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from capture.errors import Hint, NotFound, Refused
from capture.ledger.facts import ApiToken
from capture.ledger.protocol import Reading, Records
from capture.text import is_blank

PREFIX: Final = "gp_"
_LETTERS: Final = string.ascii_letters + string.digits
_LENGTH: Final = 43
"""Of 62 letters: 62^43 is a little more than 2^256."""
_TOKEN: Final = re.compile(f"{PREFIX}[A-Za-z0-9]{{{_LENGTH}}}")
MAX_NAME_LENGTH: Final = 60

USED_WITHIN: Final = timedelta(hours=1)
"""How exactly the last use is kept: a reading program costs one small write an hour."""


def new_token() -> str:
    """A token that nobody guesses."""
    return PREFIX + "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def add_token(records: Records, client: str, name: str, token: str, now: datetime) -> ApiToken:
    """Keeps a new token of a client. Raises `Refused` for a name that is in use or does not fit."""
    if is_blank(name) or not name.isprintable() or len(name) > MAX_NAME_LENGTH:
        raise Refused(
            f"name of a token: one line of 1 to {MAX_NAME_LENGTH} characters, such as crm"
        )
    known = [one for one in records.api.tokens(client) if one.revoked_at is None]
    if name in {one.name for one in known}:
        raise Refused(f"{client} has a token named {name!r}; revoke that, or take another name")
    api_token = ApiToken(secrets.token_hex(4), client, name, now)
    records.api.save_token(api_token, _digest(token))
    return api_token


def find_api_token(reading: Reading, token: str) -> ApiToken | None:
    """Whose token this is; None if it was never ours, or was revoked."""
    if not _TOKEN.fullmatch(token):
        return None
    api_token = reading.api.token(_digest(token))
    return None if api_token is None or api_token.revoked_at is not None else api_token


def is_use_old(api_token: ApiToken, now: datetime) -> bool:
    """Whether this use is worth writing down."""
    return api_token.used_at is None or now - api_token.used_at >= USED_WITHIN


def revoke_token(records: Records, access_id: str, now: datetime) -> ApiToken:
    """Ends a token, at once. Raises `NotFound` or, if it has ended already, `Refused`."""
    found = next((one for one in records.api.tokens() if one.id == access_id), None)
    if found is None:
        raise NotFound(f"no token {access_id!r}", Hint.TOKENS)
    if found.revoked_at is not None:
        raise Refused(f"token {access_id} was revoked already")
    records.api.revoke_token(access_id, now)
    return replace(found, revoked_at=now)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
