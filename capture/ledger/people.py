"""People: the protocol and the SQL. Identity keys as keyed hashes, and personal data.

Personal data is stored apart from events, so that it can be erased (rule 31 of docs/rules.md).
"""

import hmac
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from capture.campaign.model import Answer
from capture.email_domains import domain_of
from capture.lead.events import parse_time, show_time
from capture.ledger.dialect import Connection, Dialect, placeholders
from capture.ledger.types import Keys, Note, PersonalData
from capture.text import canonical

PERSONAL_DATA: Final = "answers, judged, reasons, first_touch, last_touch, unverified, page"
"""The columns that `personal_data_from_row` reads."""

TABLES: Final = """
    CREATE TABLE personal_data (
        lead_id TEXT NOT NULL UNIQUE,
        campaign TEXT NOT NULL,
        answers TEXT NOT NULL CHECK (json_valid(answers)),
        judged TEXT NOT NULL CHECK (json_valid(judged)),
        reasons TEXT NOT NULL CHECK (json_valid(reasons)),
        first_touch TEXT NOT NULL CHECK (json_valid(first_touch)),
        last_touch TEXT NOT NULL CHECK (json_valid(last_touch)),
        unverified TEXT NOT NULL CHECK (json_valid(unverified)),
        page TEXT NOT NULL,  -- the path of the page with the form; empty if unknown
        address BLOB  -- keyed hash of the exact e-mail address; none without one
    ) STRICT;
    CREATE INDEX personal_data_by_address ON personal_data (address) WHERE address IS NOT NULL;
    CREATE TABLE notes (
        id INTEGER PRIMARY KEY,
        lead_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        author TEXT NOT NULL,
        text TEXT NOT NULL,
        written_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX notes_by_lead ON notes (lead_id);
    -- From here on keyed hashes, no clear text.
    CREATE TABLE submissions (
        one_time_id BLOB UNIQUE,
        answers BLOB NOT NULL,
        received_at TEXT NOT NULL,
        lead_id TEXT NOT NULL
    ) STRICT;
    CREATE INDEX submissions_by_answers ON submissions (answers, received_at);
    CREATE TABLE duplicate_keys (
        mac BLOB NOT NULL CHECK (length(mac) = 16),
        lead_id TEXT NOT NULL,
        PRIMARY KEY (mac, lead_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE suppressions (
        mac BLOB PRIMARY KEY CHECK (length(mac) = 16),
        client TEXT NOT NULL,
        added_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE key_check (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        mac BLOB NOT NULL
    ) STRICT;
"""

_MOST_HASHES: Final = 10_000


class KeyedHash:
    """HMAC-SHA-256, cut to 16 bytes (rule 31). The last results of the transaction are cached."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cache: dict[tuple[str, ...], bytes] = {}

    def of(self, *parts: str) -> bytes:
        """The hash of the parts, joined by line feeds."""
        mac = self._cache.get(parts)
        if mac is None:
            digest = hmac.digest(self._key, "\n".join(parts).encode(), "sha256")
            if len(self._cache) >= _MOST_HASHES:
                self._cache.clear()
            mac = self._cache[parts] = digest[:16]
        return mac

    def of_keys(self, client: str, keys: Keys) -> list[bytes]:
        """The hash of each key. The same key has another hash for another client."""
        return [self.of(client, kind, value) for kind, value in keys.items()]


class SearchIndex(Protocol):
    """The words by which a search finds leads; see `capture.ledger.search_words`."""

    def save(self, lead_id: str, data: PersonalData) -> None:
        """Adds the words of a lead."""

    def delete(self, lead_id: str, data: PersonalData) -> None:
        """Removes the words of a lead; `data` is as it was when they were added."""


class VisitIndex(Protocol):
    """The counts of leads by the pages of their visits; see `capture.ledger.page_sums`."""

    def save_visits(self, lead_id: str, data: PersonalData) -> None:
        """Counts a lead at the pages of its visits."""

    def delete_visits(self, lead_id: str, data: PersonalData) -> None:
        """Counts a lead at no page; `data` is as it was when its visits were counted."""


class PeopleQueries(Protocol):
    """Identity keys, submissions and personal data."""

    def submitted_lead(self, one_time_id: str | None, answers: str, since: datetime) -> str | None:
        """The lead of an earlier equal submission; None if there is none.

        Compares the one-time id, or without one the answers since `since`.
        """

    def is_suppressed(self, client: str, keys: Keys) -> bool:
        """Whether the client's suppression list contains any of the keys (rule 4)."""

    def pseudonym(self, client: str, name: str) -> str:
        """A keyed hash of a person's name, for events."""

    def personal_data(self, lead_id: str) -> PersonalData | None:
        """A lead's personal data; None after erasure."""

    def address_key(self, address: str) -> str:
        """A keyed hash of the exact e-mail address, in hex, for a link without the address."""

    def leads_with_address_key(self, key: str) -> Sequence[str]:
        """The ids of the leads of the address with this key; see `leads_of_address`."""

    def leads_of_address(self, address: str) -> Sequence[str]:
        """The ids of the leads with exactly this e-mail address, in the order of recording.

        The domain is compared without case, the rest exactly: `ann@`, `Ann@` and `ann+guide@` are
        three addresses.
        """

    def notes(self, lead_id: str) -> Sequence[Note]:
        """The notes that people wrote about the lead, oldest first."""


class PeopleWrites(PeopleQueries, Protocol):
    """Writes submissions, identity keys and personal data."""

    def save_submission(
        self, one_time_id: str | None, answers: str, at: datetime, lead_id: str
    ) -> None:
        """Stores which lead a submission created."""

    def save_keys(self, lead_id: str, client: str, keys: Keys) -> None:
        """Stores the identity keys of a lead as HMACs."""

    def replace_keys(self, lead_id: str, client: str, keys: Keys) -> None:
        """Replaces the keys of a lead; empty keys remove them."""

    def suppress(self, client: str, keys: Iterable[tuple[str, str]], at: datetime) -> int:
        """Adds (kind, value) pairs to the client's suppression list. Returns how many were new."""

    def save_personal_data(self, campaign: str, lead_id: str, personal_data: PersonalData) -> None:
        """Stores a new lead's personal data."""

    def replace_personal_data(self, lead_id: str, personal_data: PersonalData) -> None:
        """Replaces a lead's personal data."""

    def save_note(self, note: Note) -> None:
        """Stores a note about a lead."""


class SqlPeople:
    """`PeopleWrites`."""

    def __init__(
        self,
        connection: Connection,
        dialect: Dialect,
        keyed_hash: KeyedHash,
        search_words: SearchIndex,
        visits: VisitIndex,
    ) -> None:
        self._connection = connection
        self._dialect = dialect
        self._hash = keyed_hash
        self._search_words = search_words
        self._visits = visits

    def submitted_lead(self, one_time_id: str | None, answers: str, since: datetime) -> str | None:
        if one_time_id:
            row = self._connection.execute(
                "SELECT lead_id FROM submissions WHERE one_time_id = ?",
                (self._hash.of(one_time_id),),
            ).fetchone()
        else:
            row = self._connection.execute(
                "SELECT lead_id FROM submissions WHERE answers = ? AND received_at > ?"
                " ORDER BY received_at DESC LIMIT 1",
                (self._hash.of(answers), show_time(since)),
            ).fetchone()
        return None if row is None else str(row[0])

    def is_suppressed(self, client: str, keys: Keys) -> bool:
        hashes = self._hash.of_keys(client, keys)
        row = self._connection.execute(
            f"SELECT 1 FROM suppressions WHERE mac IN ({placeholders(hashes)}) LIMIT 1", hashes
        ).fetchone()
        return row is not None

    def pseudonym(self, client: str, name: str) -> str:
        return self._hash.of(client, "person", name.strip().casefold()).hex()

    def personal_data(self, lead_id: str) -> PersonalData | None:
        row = self._connection.execute(
            f"SELECT {PERSONAL_DATA} FROM personal_data WHERE lead_id = ?", (lead_id,)
        ).fetchone()
        return None if row is None else personal_data_from_row(row)

    def address_key(self, address: str) -> str:
        return self.hash_of_address(address).hex()

    def leads_of_address(self, address: str) -> Sequence[str]:
        return self.leads_with_address_key(self.address_key(address))

    def leads_with_address_key(self, key: str) -> Sequence[str]:
        rows = self._connection.execute(
            "SELECT leads.lead_id FROM personal_data"
            " JOIN leads ON leads.lead_id = personal_data.lead_id"
            " WHERE address = ? ORDER BY leads.id",
            (bytes.fromhex(key),),
        )
        return [lead_id for (lead_id,) in rows]

    def notes(self, lead_id: str) -> Sequence[Note]:
        rows = self._connection.execute(
            "SELECT kind, author, text, written_at FROM notes WHERE lead_id = ? ORDER BY id",
            (lead_id,),
        )
        return [
            Note(lead_id, kind, author, text, parse_time(written_at))
            for kind, author, text, written_at in rows
        ]

    def save_submission(
        self, one_time_id: str | None, answers: str, at: datetime, lead_id: str
    ) -> None:
        self._connection.execute(
            "INSERT INTO submissions (one_time_id, answers, received_at, lead_id)"
            " VALUES (?, ?, ?, ?)",
            (
                self._hash.of(one_time_id) if one_time_id else None,
                self._hash.of(answers),
                show_time(at),
                lead_id,
            ),
        )

    def save_keys(self, lead_id: str, client: str, keys: Keys) -> None:
        self._connection.executemany(
            "INSERT INTO duplicate_keys (mac, lead_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [(digest, lead_id) for digest in self._hash.of_keys(client, keys)],
        )

    def replace_keys(self, lead_id: str, client: str, keys: Keys) -> None:
        # Reads the whole table: this is rare, and an index would make each new lead slower.
        self._connection.execute("DELETE FROM duplicate_keys WHERE lead_id = ?", (lead_id,))
        self.save_keys(lead_id, client, keys)

    def suppress(self, client: str, keys: Iterable[tuple[str, str]], at: datetime) -> int:
        rows = [(self._hash.of(client, kind, value), client, show_time(at)) for kind, value in keys]
        inserted = self._connection.executemany(
            "INSERT INTO suppressions (mac, client, added_at) VALUES (?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            rows,
        )
        return max(inserted.rowcount, 0)  # sqlite3 reports -1 if there was no row

    def save_personal_data(self, campaign: str, lead_id: str, personal_data: PersonalData) -> None:
        self._connection.execute(
            f"INSERT INTO personal_data (lead_id, campaign, {PERSONAL_DATA}, address) VALUES"
            " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                lead_id,
                campaign,
                *_personal_data_row(personal_data),
                self._hash_of_email(personal_data),
            ),
        )
        self._connection.execute(
            "UPDATE leads SET article = ? WHERE lead_id = ?",
            (self.article_of(personal_data), lead_id),
        )
        self._search_words.save(lead_id, personal_data)
        self._visits.save_visits(lead_id, personal_data)

    def replace_personal_data(self, lead_id: str, personal_data: PersonalData) -> None:
        # The old row is overwritten in its place; see `capture.ledger.erasure`.
        row = self._connection.execute(
            "SELECT campaign FROM personal_data WHERE lead_id = ?", (lead_id,)
        ).fetchone()
        if row is not None:
            self.forget(lead_id)
            self._connection.execute(f"{self._dialect.blank_people} WHERE lead_id = ?", (lead_id,))
            self.save_personal_data(row[0], lead_id, personal_data)

    def forget(self, lead_id: str) -> None:
        """Removes the words by which a search finds the lead, and the pages of its visits. Comes
        before an erasure, which overwrites the data that they are computed from."""
        personal_data = self.personal_data(lead_id)
        if personal_data is not None:
            self._search_words.delete(lead_id, personal_data)
            self._visits.delete_visits(lead_id, personal_data)

    def article_of(self, personal_data: PersonalData) -> bytes | None:
        """The column `leads.article` of a lead with this data."""
        return article_key(self._hash, personal_data.first_touch, personal_data.page)

    def save_note(self, note: Note) -> None:
        self._connection.execute(
            "INSERT INTO notes (lead_id, kind, author, text, written_at) VALUES (?, ?, ?, ?, ?)",
            (note.lead_id, note.kind, note.author, note.text, show_time(note.written_at)),
        )

    def hash_of_address(self, address: str) -> bytes:
        """Of the exact address: only the domain is written alike, as DNS compares it."""
        address = address.strip()
        local = unicodedata.normalize("NFC", address.rpartition("@")[0] or address)
        return self._hash.of("address", local, domain_of(address))

    def _hash_of_email(self, personal_data: PersonalData) -> bytes | None:
        email = personal_data.answers.get("email") or personal_data.unverified.get("email")
        return self.hash_of_address(str(email)) if email else None


def path_of_article(first_touch: Mapping[str, str], page: str = "") -> str | None:
    """The path of the page of the first touch, or else of the page with the form; None if neither
    is known. Without query, and without a slash at the end."""
    path = re.split("[?#]", first_touch.get("path") or page, maxsplit=1)[0]
    return (path and (path.rstrip("/") or "/")) or None


def article_key(keyed_hash: KeyedHash, first_touch: Mapping[str, str], page: str) -> bytes | None:
    """The keyed hash of a lead's article. An index of paths could not be erased."""
    path = path_of_article(first_touch, page)
    return None if path is None else keyed_hash.of("article", path)


def answers_from_json(text: str) -> dict[str, Answer]:
    """The answers from JSON. A list (multiple choice) becomes a tuple."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(text).items()
    }


def _personal_data_row(personal_data: PersonalData) -> tuple[str, ...]:
    answers = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in personal_data.answers.items()
    }
    rest = (
        personal_data.judged,
        personal_data.reasons,
        personal_data.first_touch,
        personal_data.last_touch,
    )
    return (
        canonical(answers),
        *map(canonical, rest),
        canonical(personal_data.unverified),
        personal_data.page,
    )


def personal_data_from_row(row: tuple[Any, ...]) -> PersonalData:
    answers, judged, reasons, first_touch, last_touch, unverified, page = row
    return PersonalData(
        answers=answers_from_json(answers),
        judged=json.loads(judged),
        reasons=json.loads(reasons),
        first_touch=json.loads(first_touch),
        last_touch=json.loads(last_touch),
        unverified=json.loads(unverified),
        page=page,
    )
