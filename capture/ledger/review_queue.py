"""The queue of leads in review, the soonest deadline first: the protocol and the SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from capture.lead.events import parse_time, show_time
from capture.lead.model import Lead
from capture.ledger.dialect import Connection, Dialect
from capture.ledger.leads import LEAD, lead_from_row


@dataclass(frozen=True, slots=True)
class ReviewCursor:
    """A lead's place in the queue. Leads without a deadline are last, in the order of receipt."""

    deadline: datetime | None
    received_at: datetime
    lead_id: str


@dataclass(frozen=True, slots=True)
class ReviewQuery:
    """Conditions of the queue."""

    now: datetime
    """Leads that silence has accepted by then are not in the queue."""
    client: str | None = None
    """None: the leads of all clients."""


@dataclass(frozen=True, slots=True)
class Lapsing:
    """Leads that silence accepts soon."""

    count: int
    first_at: datetime | None
    """When silence accepts the first one; None without a lead."""


class ReviewQueueQueries(Protocol):
    """Leads that wait for their client's review, without test leads."""

    def select(
        self, query: ReviewQuery, limit: int, after: ReviewCursor | None = None
    ) -> Sequence[Lead]:
        """The first leads of the queue, or the first ones after a place in it."""

    def counts(self, query: ReviewQuery) -> Mapping[str, int]:
        """The number of leads in the queue, by client."""

    def lapsing(self, after: datetime, until: datetime) -> Lapsing:
        """The leads that silence accepts after a time and until another."""


_LAST: Final = "9"
"""Sorts after every deadline."""
_PLACE: Final = f"coalesce(deadline, '{_LAST}'), received_at, leads.lead_id"


class SqlReviewQueue:
    """`ReviewQueueQueries`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._by_deadline = f"leads {dialect.use_index.format('leads_by_deadline')}"
        # Without the hint, SQLite may read all leads of the client.
        self._leads = f"leads {dialect.use_index.format('leads_in_review')}"

    def select(
        self, query: ReviewQuery, limit: int, after: ReviewCursor | None = None
    ) -> Sequence[Lead]:
        where, values = _condition(query)
        if after is not None:
            where += f" AND ({_PLACE}) > (:deadline, :received, :lead)"
            values |= {
                "deadline": _LAST if after.deadline is None else show_time(after.deadline),
                "received": show_time(after.received_at),
                "lead": after.lead_id,
            }
        rows = self._connection.execute(
            f"SELECT {LEAD} FROM {self._leads} WHERE {where} ORDER BY {_PLACE} LIMIT :limit",
            {**values, "limit": limit},
        )
        return [lead_from_row(row) for row in rows]

    def counts(self, query: ReviewQuery) -> Mapping[str, int]:
        where, values = _condition(query)
        rows = self._connection.execute(
            f"SELECT client, count(*) FROM {self._leads} WHERE {where}"
            " GROUP BY client ORDER BY client",
            values,
        )
        return dict(rows.fetchall())

    def lapsing(self, after: datetime, until: datetime) -> Lapsing:
        count, first_at = self._connection.execute(
            f"SELECT count(*), min(silence_accepts_at) FROM {self._by_deadline}"
            " WHERE silence_accepts_at > ? AND silence_accepts_at <= ? AND test = 0",
            (show_time(after), show_time(until)),
        ).fetchone()
        return Lapsing(count, first_at and parse_time(first_at))


def _condition(query: ReviewQuery) -> tuple[str, dict[str, str]]:
    where = (
        "review = 'qualified' AND test = 0"
        " AND (silence_accepts_at IS NULL OR silence_accepts_at > :now)"
    )
    values = {"now": show_time(query.now)}
    if query.client is not None:
        where += " AND client = :client"
        values["client"] = query.client
    return where, values
