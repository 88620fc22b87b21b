"""Erasure of personal data: the protocol and the SQL.

A text is overwritten in its row by spaces of the same length, and is not deleted. SQLite then
changes the bytes in their place and moves no row. If rows were deleted or changed their size,
SQLite would move other rows between pages. Old copies of these rows would remain in unused parts of
a page, where no later erasure reaches them. So the tables with personal data only grow:
`personal_data`, `notes` and `message_answers`. Only a `VACUUM` frees the space of erased rows.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, Protocol

from capture.lead.events import show_time
from capture.lead.moves import VISIBLE_TO_CLIENT
from capture.ledger.dialect import Connection, Dialect, placeholders, quoted
from capture.ledger.people import SqlPeople

TABLES: Final = """
    -- The beginnings of receivers' answers. The last row of a message counts. The table only grows,
    -- like personal_data and notes; see erasure.py.
    CREATE TABLE message_answers (
        id INTEGER PRIMARY KEY,
        message_id INTEGER NOT NULL,
        text TEXT NOT NULL
    ) STRICT;
    CREATE INDEX message_answers_by_message ON message_answers (message_id);
    CREATE TABLE erasure_requests (
        lead_id TEXT PRIMARY KEY,
        address BLOB NOT NULL,  -- keyed hash, as in personal_data
        at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX erasure_requests_by_address ON erasure_requests (address);
"""
"""The tables of this subject, for the first migration."""

_WAS_SEEN: Final = f"(was_notified = 1 OR review IN ({quoted(VISIBLE_TO_CLIENT)}))"
_IS_OPEN: Final = "state IN ('waiting', 'sending')"


@dataclass(frozen=True, slots=True)
class ErasedPlaces:
    """The number of rows with personal data of some leads, before or after erasure, by place."""

    answers: int = 0
    """Leads with answers, touches and judged values."""
    notes: int = 0
    """Names and texts of people who acted on a lead."""
    queued_messages: int = 0
    """Messages that were not sent yet. They contain no personal data, but their letters would."""
    message_answers: int = 0
    """Answers of receivers to webhooks and letters, which may repeat personal data."""
    downloads: int = 0
    """Files that the person downloaded, with times."""

    def __add__(self, other: "ErasedPlaces") -> "ErasedPlaces":
        sums = {field.name: _sum(self, other, field.name) for field in fields(self)}
        return ErasedPlaces(**sums)


def _sum(left: ErasedPlaces, right: ErasedPlaces, name: str) -> int:
    return int(getattr(left, name)) + int(getattr(right, name))


class ErasureQueries(Protocol):
    """Queries on personal data that can be erased, and on earlier erasures."""

    def places(self, lead_ids: Sequence[str]) -> ErasedPlaces:
        """The rows that `erase` would erase."""

    def requested_by(self, address: str) -> Sequence[str]:
        """The leads that were erased at the request of this exact address, the oldest first."""

    def undelivered_since(self, moment: datetime) -> Sequence[str]:
        """Leads with personal data that the client never saw, without an event after the moment.

        Sorted by id. Includes test leads. Leaves out leads whose notice is not sent yet.
        """

    def delivered_since(self, moment: datetime) -> Sequence[str]:
        """Leads with personal data that the client saw, without an event after the moment.

        Sorted by id. Only leads that are decided, without a dispute, a pending meeting or a line
        that falls due.
        """


class ErasureWrites(ErasureQueries, Protocol):
    """Erases personal data."""

    def erase(self, lead_ids: Sequence[str], at: datetime) -> ErasedPlaces:
        """Overwrites all personal data of these leads and drops their messages.

        Keyed hashes are kept: identity keys and submissions.
        """

    def save_request(self, lead_id: str, address: str, at: datetime) -> None:
        """Stores the keyed hash of the address whose owner requested the erasure of a lead."""


class SqlErasure:
    """`ErasureWrites`."""

    def __init__(self, connection: Connection, dialect: Dialect, people: SqlPeople) -> None:
        self._connection = connection
        self._dialect = dialect
        self._people = people

    def places(self, lead_ids: Sequence[str]) -> ErasedPlaces:
        return ErasedPlaces(
            answers=self._count("personal_data", "lead_id", lead_ids),
            notes=self._count("notes", "lead_id", lead_ids),
            queued_messages=self._count("outbox", "lead_id", lead_ids, f" AND {_IS_OPEN}"),
            message_answers=self._count(
                "message_answers", "message_id", self._messages_with_answers(lead_ids)
            ),
            downloads=self._count("downloads", "lead_id", lead_ids),
        )

    def requested_by(self, address: str) -> Sequence[str]:
        rows = self._connection.execute(
            "SELECT lead_id FROM erasure_requests WHERE address = ? ORDER BY at, lead_id",
            (self._people.hash_of_address(address),),
        )
        return [lead_id for (lead_id,) in rows]

    def undelivered_since(self, moment: datetime) -> Sequence[str]:
        return self._old_leads(f"(test = 1 OR NOT {_WAS_SEEN})", moment)

    def delivered_since(self, moment: datetime) -> Sequence[str]:
        nothing_is_open = (
            "review NOT IN ('held_back', 'qualified', 'quarantined', 'unconfirmed')"
            " AND disputed = 0"
            " AND appointment != 'scheduled' AND due_at IS NULL"
        )
        return self._old_leads(f"test = 0 AND {_WAS_SEEN} AND {nothing_is_open}", moment)

    def erase(self, lead_ids: Sequence[str], at: datetime) -> ErasedPlaces:
        places = self.places(lead_ids)
        ids, marks = list(lead_ids), placeholders(lead_ids)
        self._connection.execute(
            "UPDATE outbox SET state = 'dropped', finished_at = ?, claimed_until = NULL,"
            " result = 'the person''s data was erased'"
            f" WHERE lead_id IN ({marks}) AND {_IS_OPEN}",
            (show_time(at), *ids),
        )
        messages = self._messages_with_answers(ids)
        self._connection.execute(
            f"UPDATE message_answers SET text = {self._dialect.blank_text.format('text')}"
            f" WHERE message_id IN ({placeholders(messages)})",
            messages,
        )
        self._connection.execute(f"{self._dialect.blank_notes} WHERE lead_id IN ({marks})", ids)
        for lead_id in ids:
            self._people.forget(lead_id)
        self._connection.execute(f"{self._dialect.blank_people} WHERE lead_id IN ({marks})", ids)
        self._connection.execute(f"UPDATE leads SET article = NULL WHERE lead_id IN ({marks})", ids)
        self._connection.execute(f"DELETE FROM downloads WHERE lead_id IN ({marks})", ids)
        return places

    def save_request(self, lead_id: str, address: str, at: datetime) -> None:
        self._connection.execute(
            "INSERT INTO erasure_requests (lead_id, address, at) VALUES (?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (lead_id, self._people.hash_of_address(address), show_time(at)),
        )

    def _old_leads(self, condition: str, moment: datetime) -> Sequence[str]:
        rows = self._connection.execute(
            f"SELECT lead_id FROM leads WHERE erased = 0 AND {condition}"
            " AND received_at <= ?"
            " AND EXISTS (SELECT 1 FROM personal_data"
            " WHERE personal_data.lead_id = leads.lead_id)"
            " AND NOT EXISTS (SELECT 1 FROM events WHERE events.lead_id = leads.lead_id"
            " AND recorded_at > ? AND kind <> 'noted')"  # a note keeps no data longer
            " ORDER BY lead_id",
            (show_time(moment), show_time(moment)),
        )
        return [lead_id for (lead_id,) in rows]

    def _messages_with_answers(self, lead_ids: Sequence[str]) -> list[int]:
        """Messages about any of the leads, alone or in a digest, to which a receiver answered."""
        rows = self._connection.execute(
            "SELECT DISTINCT outbox.id, outbox.lead_id, outbox.data FROM message_answers"
            f" {self._dialect.outer_join_first} outbox ON outbox.id = message_answers.message_id"
            f" WHERE text != {self._dialect.blank_text.format('text')}"
            f" AND (outbox.lead_id IN ({placeholders(lead_ids)})"
            " OR outbox.data LIKE '%\"leads\"%')",
            list(lead_ids),
        )
        leads = set(lead_ids)
        return [
            message_id
            for message_id, lead_id, data in rows
            if lead_id in leads or leads.intersection(json.loads(data).get("leads", ()))
        ]

    def _count(self, table: str, column: str, values: Sequence[Any], more: str = "") -> int:
        (number,) = self._connection.execute(
            f"SELECT count(*) FROM {table} WHERE {column} IN ({placeholders(values)}){more}",
            list(values),
        ).fetchone()
        return int(number)
