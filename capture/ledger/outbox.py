"""Tables and SQL of the outbox: messages that are sent after the transaction that caused them."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import product
from operator import itemgetter
from typing import Any, Final

from capture.lead.events import parse_time, show_time
from capture.ledger.dialect import Connection, Dialect, placeholders
from capture.ledger.messages import (
    VISITOR,
    Attempt,
    Channel,
    FailedReceiver,
    Message,
    MessageQuery,
    MessageState,
    NewMessage,
)
from capture.ledger.people import KeyedHash
from capture.text import canonical

TABLES: Final = """
    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        channel TEXT NOT NULL,
        kind TEXT NOT NULL,
        recipient TEXT NOT NULL,
        address BLOB,  -- keyed hash of a visitor's address
        client TEXT NOT NULL,
        campaign TEXT NOT NULL,
        lead_id TEXT NOT NULL,
        data TEXT NOT NULL,
        queued_at TEXT NOT NULL,
        due_at TEXT NOT NULL,
        expires_at TEXT,
        state TEXT NOT NULL DEFAULT 'waiting',
        attempts INTEGER NOT NULL DEFAULT 0,
        claimed_until TEXT,
        finished_at TEXT,
        result TEXT NOT NULL DEFAULT '',
        status INTEGER
    ) STRICT;
    CREATE INDEX outbox_open ON outbox (due_at) WHERE state IN ('waiting', 'sending');
    CREATE INDEX outbox_failed ON outbox (finished_at) WHERE state = 'failed';
    CREATE INDEX outbox_by_lead ON outbox (lead_id);
    CREATE INDEX outbox_by_address ON outbox (address, queued_at) WHERE address IS NOT NULL;
    CREATE TABLE last_planned_event (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        sequence INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE unsubscribed (
        address BLOB NOT NULL,  -- keyed hash, as in outbox
        letter TEXT NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (address, letter)
    ) STRICT, WITHOUT ROWID;
"""
"""The tables of this subject, for the first migration."""
INDEXES: Final = """
    CREATE INDEX outbox_by_state ON outbox (state, channel, id);
    CREATE INDEX outbox_by_client ON outbox (client, state, channel, id);
"""
"""For lists, newest first; for a later migration."""

_COLUMNS: Final = (
    "id, key, channel, kind, recipient, client, campaign, lead_id, data, queued_at, due_at,"
    " expires_at, state, attempts, claimed_until, finished_at, result, status"
)
_SELECTED: Final = (
    f"{_COLUMNS}, (SELECT rtrim(text) FROM message_answers WHERE message_id = outbox.id"
    " ORDER BY message_answers.id DESC LIMIT 1)"
)
"""The columns that `_message` reads."""
_CAN_BE_CLAIMED: Final = (
    "(state = 'waiting' AND due_at <= :now OR state = 'sending' AND claimed_until <= :now)"
)
_KEYS_IN_A_QUERY: Final = 500
_IS_OPEN: Final = "state IN ('waiting', 'sending')"
"""As in the index `outbox_open`."""


class SqlOutbox:
    """`messages.OutboxWrites`."""

    def __init__(self, connection: Connection, dialect: Dialect, keyed_hash: KeyedHash) -> None:
        self._connection = connection
        self._dialect = dialect
        self._hash = keyed_hash

    def get(self, message_id: int) -> Message | None:
        row = self._connection.execute(
            f"SELECT {_SELECTED} FROM outbox WHERE id = ?", (message_id,)
        ).fetchone()
        return None if row is None else _message(row)

    def select(
        self,
        *states: MessageState,
        lead_id: str = "",
        kind: str = "",
        recipient: str = "",
        client: str = "",
        newest: int | None = None,
    ) -> Sequence[Message]:
        conditions = {
            "lead_id = ?": lead_id,
            "kind = ?": kind,
            "recipient = ?": recipient,
            "client = ?": client,
        }
        clauses = [clause for clause, value in conditions.items() if value]
        values: list[Any] = [value for value in conditions.values() if value]
        if states:
            clauses.append(f"state IN ({placeholders(states)})")
            values += states
        where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
        limit = "" if newest is None else f"LIMIT {newest:d}"
        rows = self._connection.execute(
            f"SELECT {_SELECTED} FROM outbox {where} ORDER BY id DESC {limit}", values
        )
        return [_message(row) for row in rows][::-1]

    def page(self, query: MessageQuery) -> Sequence[Message]:
        client = "" if query.client is None else "client = :client AND "
        below = "" if query.below is None else " AND id < :below"
        rows: list[tuple[Any, ...]] = []
        # One query for each state and channel: an index returns its rows without a sort.
        for state, channel in product(query.states, (query.channel,) if query.channel else Channel):
            rows += self._connection.execute(
                f"SELECT {_SELECTED} FROM outbox WHERE {client}state = :state"
                f" AND channel = :channel{below} ORDER BY id DESC LIMIT :limit",
                {
                    "client": query.client,
                    "state": state,
                    "channel": channel,
                    "below": query.below,
                    "limit": query.limit,
                },
            ).fetchall()
        newest_first = sorted(rows, key=itemgetter(0), reverse=True)
        return [_message(row) for row in newest_first[: query.limit]]

    def count_unfinished(self) -> Mapping[MessageState, int]:
        rows = self._connection.execute(
            "SELECT state, count(*) FROM outbox WHERE state IN ('failed', 'sending', 'waiting')"
            " GROUP BY state"
        )
        return {MessageState(state): int(number) for state, number in rows}

    def failed_receivers(self) -> Sequence[FailedReceiver]:
        rows = self._connection.execute(
            "SELECT channel, recipient, count(*) AS number, max(id) FROM outbox"
            " WHERE state = 'failed' AND recipient <> ? GROUP BY channel, recipient"
            " ORDER BY number DESC, recipient",
            (VISITOR,),
        )
        return [
            FailedReceiver(Channel(channel), recipient, number, newest)
            for channel, recipient, number, newest in rows
        ]

    def by_key(self, keys: Iterable[str]) -> Mapping[str, Message]:
        unique = sorted(set(keys))
        rows: list[tuple[Any, ...]] = []
        for start in range(0, len(unique), _KEYS_IN_A_QUERY):
            part = unique[start : start + _KEYS_IN_A_QUERY]
            rows += self._connection.execute(
                f"SELECT {_SELECTED} FROM outbox WHERE key IN ({placeholders(part)})", part
            ).fetchall()
        return {message.key: message for message in map(_message, rows)}

    def failed_since(self, moment: datetime, limit: int) -> Sequence[Message]:
        rows = self._connection.execute(
            f"SELECT {_SELECTED} FROM outbox WHERE state = 'failed' AND finished_at >= ?"
            f" ORDER BY finished_at, id LIMIT {limit:d}",
            (show_time(moment),),
        )
        return [_message(row) for row in rows]

    def count_failed(self) -> int:
        row = self._connection.execute(
            "SELECT count(*) FROM outbox WHERE state = 'failed'"
        ).fetchone()
        return int(row[0])

    def next_due(self) -> datetime | None:
        (due,) = self._connection.execute(
            "SELECT min(CASE state WHEN 'waiting' THEN due_at ELSE claimed_until END) FROM outbox"
            f" WHERE {_IS_OPEN}"
        ).fetchone()
        return due and parse_time(due)

    def count_letters_to(self, address: str, since: datetime) -> int:
        (number,) = self._connection.execute(
            "SELECT count(*) FROM outbox"
            " WHERE address = ? AND queued_at >= ? AND state != 'dropped'",
            (self._hash_of_address(address), show_time(since)),
        ).fetchone()
        return int(number)

    def address_id(self, address: str) -> str:
        return self._hash_of_address(address).hex()

    def is_unsubscribed(self, address_id: str, letter: str) -> bool:
        row = self._connection.execute(
            "SELECT 1 FROM unsubscribed WHERE address = ? AND letter = ?",
            (bytes.fromhex(address_id), letter),
        ).fetchone()
        return row is not None

    def last_planned_event(self) -> int:
        row = self._connection.execute("SELECT sequence FROM last_planned_event").fetchone()
        return 0 if row is None else int(row[0])

    def queue(self, message: NewMessage, *, address: str = "") -> bool:
        rows = self._connection.execute(
            "INSERT INTO outbox (key, channel, kind, recipient, address, client, campaign, lead_id,"
            " data, queued_at, due_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (key) DO NOTHING",
            (
                message.key,
                message.channel,
                message.kind,
                message.recipient,
                self._hash_of_address(address) if address else None,
                message.client,
                message.campaign,
                message.lead_id,
                canonical(message.data),
                show_time(message.queued_at),
                show_time(message.due_at),
                message.expires_at and show_time(message.expires_at),
            ),
        )
        return rows.rowcount == 1

    def claim(
        self, now: datetime, until: datetime, limit: int, last: Collection[str] = ()
    ) -> Sequence[Message]:
        values = {"now": show_time(now), "until": show_time(until), "limit": limit}
        names = {f"last{number}": recipient for number, recipient in enumerate(last)}
        is_last = f"recipient IN ({', '.join(f':{name}' for name in names)})," if names else ""
        self._connection.execute(
            "UPDATE outbox SET state = 'dropped', finished_at = :now,"
            " result = 'not sent before it expired'"
            f" WHERE {_IS_OPEN} AND {_CAN_BE_CLAIMED} AND expires_at <= :now",
            values,
        )
        rows = self._connection.execute(
            "UPDATE outbox SET state = 'sending', claimed_until = :until, attempts = attempts + 1"
            " WHERE id IN (SELECT id FROM outbox"
            f" WHERE {_IS_OPEN} AND {_CAN_BE_CLAIMED} ORDER BY {is_last} due_at, id LIMIT :limit)"
            f" RETURNING {_SELECTED}",
            values | names,
        ).fetchall()
        return sorted(map(_message, rows), key=lambda message: (message.due_at, message.id))

    def record_sent(self, message: Message, at: datetime, attempt: Attempt) -> bool:
        return self._finish(message, MessageState.SENT, at, attempt)

    def record_failed(self, message: Message, at: datetime, attempt: Attempt) -> bool:
        return self._finish(message, MessageState.FAILED, at, attempt)

    def record_retry(self, message: Message, due_at: datetime, attempt: Attempt) -> bool:
        rows = self._connection.execute(
            "UPDATE outbox SET state = 'waiting', due_at = ?, claimed_until = NULL, result = ?,"
            " status = ? WHERE id = ? AND state = 'sending' AND attempts = ?",
            (show_time(due_at), attempt.result, attempt.status, message.id, message.attempts),
        )
        return rows.rowcount == 1 and self._save_answer(message.id, attempt.answer)

    def drop(
        self, message_id: int, at: datetime, reason: str, *, even_failed: bool = False
    ) -> bool:
        is_failed = " OR state = 'failed'" if even_failed else ""
        rows = self._connection.execute(
            "UPDATE outbox SET state = 'dropped', finished_at = ?, claimed_until = NULL, result = ?"
            f" WHERE id = ? AND ({_IS_OPEN}{is_failed})",
            (show_time(at), reason, message_id),
        )
        return rows.rowcount == 1

    def retry(self, message_id: int, now: datetime) -> bool:
        rows = self._connection.execute(
            "UPDATE outbox SET state = 'waiting', due_at = ?, expires_at = NULL, attempts = 0,"
            " finished_at = NULL, claimed_until = NULL"
            " WHERE id = ? AND state IN ('failed', 'dropped')",
            (show_time(now), message_id),
        )
        return rows.rowcount == 1

    def unsubscribe(self, address_id: str, letter: str, at: datetime) -> bool:
        rows = self._connection.execute(
            "INSERT INTO unsubscribed (address, letter, at) VALUES (?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (bytes.fromhex(address_id), letter, show_time(at)),
        )
        return rows.rowcount == 1

    def subscribe_again(self, address_id: str, letter: str) -> bool:
        rows = self._connection.execute(
            "DELETE FROM unsubscribed WHERE address = ? AND letter = ?",
            (bytes.fromhex(address_id), letter),
        )
        return rows.rowcount == 1

    def save_last_planned_event(self, sequence: int) -> None:
        self._connection.execute(
            "INSERT INTO last_planned_event (id, sequence) VALUES (1, ?)"
            " ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence",
            (sequence,),
        )

    def _finish(
        self, message: Message, state: MessageState, at: datetime, attempt: Attempt
    ) -> bool:
        rows = self._connection.execute(
            "UPDATE outbox SET state = ?, finished_at = ?, claimed_until = NULL, result = ?,"
            " status = ? WHERE id = ? AND state = 'sending' AND attempts = ?",
            (state, show_time(at), attempt.result, attempt.status, message.id, message.attempts),
        )
        return rows.rowcount == 1 and self._save_answer(message.id, attempt.answer)

    def _save_answer(self, message_id: int, answer: str) -> bool:
        """Replaces the answer, and overwrites the old row in its place; see
        `capture.ledger.erasure`. Always returns True."""
        self._connection.execute(
            f"UPDATE message_answers SET text = {self._dialect.blank_text.format('text')}"
            " WHERE message_id = ?",
            (message_id,),
        )
        if answer:
            self._connection.execute(
                "INSERT INTO message_answers (message_id, text) VALUES (?, ?)",
                (message_id, answer),
            )
        return True

    def _hash_of_address(self, address: str) -> bytes:
        return self._hash.of("letter", address)


def _message(row: tuple[Any, ...]) -> Message:
    values = dict(zip((*_COLUMNS.split(", "), "answer"), row, strict=True))
    values["answer"] = values["answer"] or ""
    for name in ("queued_at", "due_at", "expires_at", "claimed_until", "finished_at"):
        values[name] = values[name] and parse_time(values[name])
    values["channel"] = Channel(values["channel"])
    values["state"] = MessageState(values["state"])
    values["data"] = json.loads(values["data"])
    return Message(**values)
