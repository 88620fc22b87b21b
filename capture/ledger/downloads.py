"""Downloads of gated files, counted for each lead, outside the chain of events.

A download is no term of an agreement and never billed. So it is no event, and its count may change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from capture.lead.events import parse_time, show_time
from capture.ledger.dialect import Connection

TABLE: Final = """
    CREATE TABLE downloads (
        lead_id TEXT NOT NULL,
        file TEXT NOT NULL,
        first_at TEXT NOT NULL,
        last_at TEXT NOT NULL,
        count INTEGER NOT NULL CHECK (count > 0),
        PRIMARY KEY (lead_id, file)
    ) STRICT, WITHOUT ROWID;
"""
"""The table of this subject, for the migration."""


@dataclass(frozen=True, slots=True)
class Download:
    """How often a lead's person downloaded one file."""

    lead_id: str
    file: str
    first_at: datetime
    last_at: datetime
    count: int


class DownloadQueries(Protocol):
    """Downloads of gated files."""

    def of_lead(self, lead_id: str) -> Sequence[Download]:
        """One lead's downloads, one entry for each file, in the order of the first download."""


class DownloadWrites(DownloadQueries, Protocol):
    """Counts downloads."""

    def count(self, lead_id: str, file: str, at: datetime) -> None:
        """Counts one download. Does nothing for a test lead (rule 5) or an unknown lead."""


class SqlDownloads:
    """`DownloadWrites`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_lead(self, lead_id: str) -> Sequence[Download]:
        rows = self._connection.execute(
            "SELECT file, first_at, last_at, count FROM downloads WHERE lead_id = ?"
            " ORDER BY first_at, file",
            (lead_id,),
        )
        return [
            Download(lead_id, file, parse_time(first_at), parse_time(last_at), count)
            for file, first_at, last_at, count in rows
        ]

    def count(self, lead_id: str, file: str, at: datetime) -> None:
        self._connection.execute(
            "INSERT INTO downloads (lead_id, file, first_at, last_at, count)"
            " SELECT lead_id, :file, :at, :at, 1 FROM leads WHERE lead_id = :lead_id AND test = 0"
            " ON CONFLICT (lead_id, file) DO UPDATE"
            " SET last_at = excluded.last_at, count = downloads.count + 1",
            {"lead_id": lead_id, "file": file, "at": show_time(at)},
        )
