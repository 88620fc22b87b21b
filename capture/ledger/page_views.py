"""How often each page of the site was opened, by day: the protocol and the SQL.

A count belongs to no person and to no lead, so it is no event and not in the chain.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Protocol

from capture.ledger.dialect import Connection


class ViewKind(StrEnum):
    """What was seen."""

    PAGE = "page"
    """The page was opened."""
    FORM = "form"
    """Its form came into sight."""


@dataclass(frozen=True, slots=True)
class PageViews:
    """How often something was seen on one day (UTC)."""

    day: date
    path: str
    kind: ViewKind
    count: int


class PageViewQueries(Protocol):
    """Views of pages and forms."""

    def by_path(self, first: date, last: date) -> Sequence[tuple[str, ViewKind, int]]:
        """Path, kind and count of all views of the days, both included, in the order of paths."""


class PageViewWrites(PageViewQueries, Protocol):
    """Counts views."""

    def add(self, views: Iterable[PageViews]) -> None:
        """Adds the counts to those of the same day, path and kind."""


TABLES: Final = """
    CREATE TABLE page_views (
        day TEXT NOT NULL CHECK (length(day) = 10),
        path TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('page', 'form')),
        count INTEGER NOT NULL CHECK (count > 0),
        PRIMARY KEY (day, path, kind)
    ) STRICT, WITHOUT ROWID;
"""
"""The table of this subject, for the migration."""


class SqlPageViews:
    """`PageViewWrites`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def by_path(self, first: date, last: date) -> Sequence[tuple[str, ViewKind, int]]:
        rows = self._connection.execute(
            "SELECT path, kind, sum(count) FROM page_views WHERE day BETWEEN ? AND ?"
            " GROUP BY path, kind ORDER BY path, kind",
            (first.isoformat(), last.isoformat()),
        )
        return [(path, ViewKind(kind), int(count)) for path, kind, count in rows]

    def add(self, views: Iterable[PageViews]) -> None:
        self._connection.executemany(
            "INSERT INTO page_views (day, path, kind, count) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (day, path, kind)"
            " DO UPDATE SET count = page_views.count + excluded.count",
            [(view.day.isoformat(), view.path, view.kind.value, view.count) for view in views],
        )
