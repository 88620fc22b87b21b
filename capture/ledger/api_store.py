"""The API's tokens and its saved responses by idempotency key: the protocol and the SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from capture.lead.events import parse_time, show_time
from capture.ledger.dialect import Connection
from capture.ledger.people import KeyedHash
from capture.ledger.types import ApiToken, SavedResponse

TABLES: Final = """
    CREATE TABLE api_tokens (
        digest TEXT PRIMARY KEY CHECK (length(digest) = 64),
        id TEXT NOT NULL UNIQUE,
        client TEXT NOT NULL,
        name TEXT NOT NULL,
        made_at TEXT NOT NULL,
        used_at TEXT,
        revoked_at TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE saved_responses (
        key BLOB PRIMARY KEY,
        request BLOB NOT NULL,
        answer TEXT NOT NULL,
        answered_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
"""
"""The tables of this subject, for the first migration."""

_COLUMNS: Final = "id, client, name, made_at, used_at, revoked_at"


class ApiQueries(Protocol):
    """API tokens, and saved responses by idempotency key."""

    def token(self, digest: str) -> ApiToken | None:
        """The token with this SHA-256 (hex), even if revoked; None if unknown."""

    def tokens(self, client: str | None = None) -> Sequence[ApiToken]:
        """All tokens, oldest first, including revoked ones."""

    def saved_response(self, client: str, key: str, request: str) -> SavedResponse | None:
        """The response saved under an idempotency key, compared with this request."""


class ApiWrites(ApiQueries, Protocol):
    """Writes API tokens and saved responses."""

    def save_token(self, api_token: ApiToken, digest: str) -> None:
        """Stores a new token with its SHA-256 (hex)."""

    def record_token_use(self, token_id: str, at: datetime) -> None:
        """Stores the time of a token's last use."""

    def revoke_token(self, token_id: str, at: datetime) -> None:
        """Revokes a token. A token that is revoked already keeps its time."""

    def save_response(self, client: str, key: str, request: str, answer: str, at: datetime) -> None:
        """Saves a response. It must hold no personal data, because it is never erased."""


class SqlApi:
    """`ApiWrites`."""

    def __init__(self, connection: Connection, keyed_hash: KeyedHash) -> None:
        self._connection = connection
        self._hash = keyed_hash

    def token(self, digest: str) -> ApiToken | None:
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM api_tokens WHERE digest = ?", (digest,)
        ).fetchone()
        return None if row is None else _api_token(row)

    def tokens(self, client: str | None = None) -> Sequence[ApiToken]:
        where, values = ("", ()) if client is None else ("WHERE client = ?", (client,))
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM api_tokens {where} ORDER BY made_at, id", values
        )
        return [_api_token(row) for row in rows]

    def saved_response(self, client: str, key: str, request: str) -> SavedResponse | None:
        row = self._connection.execute(
            "SELECT request, answer FROM saved_responses WHERE key = ?", (self._key(client, key),)
        ).fetchone()
        return None if row is None else SavedResponse(row[0] == self._hash.of(request), row[1])

    def save_token(self, api_token: ApiToken, digest: str) -> None:
        self._connection.execute(
            f"INSERT INTO api_tokens (digest, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, NULL, NULL)",
            (digest, api_token.id, api_token.client, api_token.name, show_time(api_token.made_at)),
        )

    def record_token_use(self, token_id: str, at: datetime) -> None:
        self._connection.execute(
            "UPDATE api_tokens SET used_at = ? WHERE id = ?", (show_time(at), token_id)
        )

    def revoke_token(self, token_id: str, at: datetime) -> None:
        self._connection.execute(
            "UPDATE api_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
            (show_time(at), token_id),
        )

    def save_response(self, client: str, key: str, request: str, answer: str, at: datetime) -> None:
        self._connection.execute(
            "INSERT INTO saved_responses (key, request, answer, answered_at) VALUES (?, ?, ?, ?)",
            (self._key(client, key), self._hash.of(request), answer, show_time(at)),
        )

    def _key(self, client: str, key: str) -> bytes:
        return self._hash.of(client, "key", key)


def _api_token(row: tuple[str, str, str, str, str | None, str | None]) -> ApiToken:
    token_id, client, name, made_at, used_at, revoked_at = row
    return ApiToken(
        token_id,
        client,
        name,
        parse_time(made_at),
        (used_at and parse_time(used_at)) or None,
        (revoked_at and parse_time(revoked_at)) or None,
    )
