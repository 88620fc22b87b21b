"""SQL for webhook endpoints."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from capture.lead.events import parse_time, show_time
from capture.ledger.dialect import Connection
from capture.ledger.endpoints import Endpoint

_COLUMNS: Final = (
    "id, client, url, secret, made_at, previous_secret, previous_until, failures, paused_at,"
    " pause_reason"
)

TABLE: Final = """
    CREATE TABLE webhook_endpoints (
        id TEXT PRIMARY KEY,
        client TEXT NOT NULL,
        url TEXT NOT NULL,
        secret BLOB NOT NULL,  -- encrypted
        made_at TEXT NOT NULL,
        previous_secret BLOB NOT NULL,  -- encrypted; empty: none
        previous_until TEXT,
        failures INTEGER NOT NULL CHECK (failures >= 0),
        paused_at TEXT,
        pause_reason TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
"""


class SqlEndpoints:
    """`endpoints.EndpointWrites`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, endpoint_id: str) -> Endpoint | None:
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM webhook_endpoints WHERE id = ?", (endpoint_id,)
        ).fetchone()
        return None if row is None else _endpoint(row)

    def select(self, client: str | None = None) -> Sequence[Endpoint]:
        where, values = ("", ()) if client is None else ("WHERE client = ?", (client,))
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM webhook_endpoints {where} ORDER BY made_at, id", values
        )
        return [_endpoint(row) for row in rows]

    def save(self, endpoint: Endpoint) -> None:
        self._connection.execute(
            f"INSERT INTO webhook_endpoints ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                endpoint.id,
                endpoint.client,
                endpoint.url,
                endpoint.secret,
                show_time(endpoint.made_at),
                endpoint.previous_secret,
                endpoint.previous_until and show_time(endpoint.previous_until),
                endpoint.failures,
                endpoint.paused_at and show_time(endpoint.paused_at),
                endpoint.pause_reason,
            ),
        )

    def replace_secret(self, endpoint_id: str, secret: bytes, previous_until: datetime) -> bool:
        rows = self._connection.execute(
            "UPDATE webhook_endpoints SET previous_secret = secret, previous_until = ?, secret = ?"
            " WHERE id = ?",
            (show_time(previous_until), secret, endpoint_id),
        )
        return rows.rowcount == 1

    def count_failure(self, endpoint_id: str) -> int:
        row = self._connection.execute(
            "UPDATE webhook_endpoints SET failures = failures + 1 WHERE id = ? RETURNING failures",
            (endpoint_id,),
        ).fetchone()
        return 0 if row is None else int(row[0])

    def clear_failures(self, endpoint_id: str) -> None:
        self._connection.execute(
            "UPDATE webhook_endpoints SET failures = 0 WHERE id = ?", (endpoint_id,)
        )

    def pause(self, endpoint_id: str, at: datetime, reason: str) -> bool:
        rows = self._connection.execute(
            "UPDATE webhook_endpoints SET paused_at = ?, pause_reason = ?"
            " WHERE id = ? AND paused_at IS NULL",
            (show_time(at), reason, endpoint_id),
        )
        return rows.rowcount == 1

    def resume(self, endpoint_id: str) -> bool:
        rows = self._connection.execute(
            "UPDATE webhook_endpoints SET paused_at = NULL, pause_reason = '', failures = 0"
            " WHERE id = ? AND paused_at IS NOT NULL",
            (endpoint_id,),
        )
        return rows.rowcount == 1

    def remove(self, endpoint_id: str) -> bool:
        rows = self._connection.execute(
            "DELETE FROM webhook_endpoints WHERE id = ?", (endpoint_id,)
        )
        return rows.rowcount == 1


def _endpoint(row: tuple[Any, ...]) -> Endpoint:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    for name in ("made_at", "previous_until", "paused_at"):
        values[name] = values[name] and parse_time(values[name])
    return Endpoint(**values)
