"""What clients' programs need, in SQL: their API tokens, and answers by idempotency key."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from capture.lead.events import parse_time, show_time
from capture.ledger.dialect import Connection
from capture.ledger.facts import Access, Answered
from capture.ledger.people import KeyedHash

_COLUMNS: Final = "id, client, name, made_at, used_at, revoked_at"


class SqlApi:
    """`protocol.ApiRecords`."""

    def __init__(self, connection: Connection, keyed_hash: KeyedHash) -> None:
        self._connection = connection
        self._hash = keyed_hash

    def token(self, digest: str) -> Access | None:
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM accesses WHERE digest = ?", (digest,)
        ).fetchone()
        return None if row is None else _access(row)

    def tokens(self, client: str | None = None) -> Sequence[Access]:
        where, values = ("", ()) if client is None else ("WHERE client = ?", (client,))
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM accesses {where} ORDER BY made_at, id", values
        )
        return [_access(row) for row in rows]

    def answer(self, client: str, key: str, request: str) -> Answered | None:
        row = self._connection.execute(
            "SELECT request, answer FROM answered WHERE key = ?", (self._key(client, key),)
        ).fetchone()
        return None if row is None else Answered(row[0] == self._hash.of(request), row[1])

    def keep_token(self, access: Access, digest: str) -> None:
        self._connection.execute(
            f"INSERT INTO accesses (digest, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, NULL, NULL)",
            (digest, access.id, access.client, access.name, show_time(access.made_at)),
        )

    def note_use(self, token_id: str, at: datetime) -> None:
        self._connection.execute(
            "UPDATE accesses SET used_at = ? WHERE id = ?", (show_time(at), token_id)
        )

    def revoke_token(self, token_id: str, at: datetime) -> None:
        self._connection.execute(
            "UPDATE accesses SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
            (show_time(at), token_id),
        )

    def keep_answer(self, client: str, key: str, request: str, answer: str, at: datetime) -> None:
        self._connection.execute(
            "INSERT INTO answered (key, request, answer, answered_at) VALUES (?, ?, ?, ?)",
            (self._key(client, key), self._hash.of(request), answer, show_time(at)),
        )

    def _key(self, client: str, key: str) -> bytes:
        return self._hash.of(client, "key", key)


def _access(row: tuple[str, str, str, str, str | None, str | None]) -> Access:
    token_id, client, name, made_at, used_at, revoked_at = row
    return Access(
        token_id,
        client,
        name,
        parse_time(made_at),
        (used_at and parse_time(used_at)) or None,
        (revoked_at and parse_time(revoked_at)) or None,
    )
