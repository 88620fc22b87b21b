"""SQL for the outbox: messages that are committed with their lead and sent later."""

from collections.abc import Sequence

from capture.lead.events import parse_time, show_time
from capture.ledger.dialect import Connection
from capture.ledger.types import Message


class SqlOutbox:
    """`protocol.OutboxWrites`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def waiting(self) -> Sequence[Message]:
        rows = self._connection.execute(
            "SELECT lead_id, kind, queued_at, expires_at FROM outbox"
            " WHERE sent_at IS NULL ORDER BY id"
        )
        return [
            Message(lead_id, kind, parse_time(queued), expires and parse_time(expires))
            for lead_id, kind, queued, expires in rows
        ]

    def queue(self, message: Message) -> None:
        self._connection.execute(
            "INSERT INTO outbox (lead_id, kind, queued_at, expires_at) VALUES (?, ?, ?, ?)",
            (
                message.lead_id,
                message.kind,
                show_time(message.queued_at),
                message.expires_at and show_time(message.expires_at),
            ),
        )
