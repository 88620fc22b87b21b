"""Counts of leads for the desk's overview, computed by the database: the protocol and the SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from capture.lead.events import parse_time, show_time
from capture.lead.moves import NOT_STARTED
from capture.ledger.dialect import Connection, Dialect

_QUARTER: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class StageCount:
    """How many leads of a month are in the same stages."""

    month: str
    review: str
    """As of the time of the query, including what silence decides: `Lead.review_at`."""
    entered: bool
    """Whether the agency entered the decision for the client."""
    sale: str
    count: int


@dataclass(frozen=True, slots=True)
class QuarterCount:
    """How many leads of one stage were received within a quarter of an hour."""

    start: datetime
    """In UTC. Every time zone is a multiple of 15 minutes from UTC, so days consist of quarters."""
    review: str
    count: int


class LeadCountQueries(Protocol):
    """Counts of a campaign's leads, without test leads. Stages are as of `now`."""

    def by_stage(self, campaign: str, first: str, last: str, now: datetime) -> Sequence[StageCount]:
        """The leads of the months from `first` to `last`, both included."""

    def by_quarter_hour(self, campaign: str, month: str, now: datetime) -> Sequence[QuarterCount]:
        """The leads of a month by the time of their receipt, in order."""

    def with_sale(self, campaign: str) -> Sequence[str]:
        """The ids of leads whose sale was decided at some time, in the order of recording."""


INDEXES: Final = """
    DROP INDEX IF EXISTS leads_by_month;
    CREATE INDEX leads_by_month ON leads (
        campaign, month, review, test, free_over_cap, entered, sale,
        silence_accepts_at, confirm_until
    );
    CREATE INDEX leads_with_sale ON leads (campaign, id)
        WHERE sale <> 'none' AND test = 0;
"""
"""For the migration: `by_stage` reads only the first index, not the leads."""

_STAGE: Final = (
    "CASE WHEN silence_accepts_at <= :now THEN 'accepted'"
    " WHEN review = 'unconfirmed' AND confirm_until <= :now THEN 'expired' ELSE review END"
)


class SqlLeadCounts:
    """`LeadCountQueries`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect

    def by_stage(self, campaign: str, first: str, last: str, now: datetime) -> Sequence[StageCount]:
        rows = self._connection.execute(
            f"SELECT month, {_STAGE} AS stage, entered, sale, count(*) FROM leads"
            " WHERE campaign = :campaign AND month BETWEEN :first AND :last AND test = 0"
            " GROUP BY month, stage, entered, sale ORDER BY month, stage, entered, sale",
            {"campaign": campaign, "first": first, "last": last, "now": show_time(now)},
        )
        return [
            StageCount(month, stage, bool(entered), sale, count)
            for month, stage, entered, sale, count in rows
        ]

    def by_quarter_hour(self, campaign: str, month: str, now: datetime) -> Sequence[QuarterCount]:
        rows = self._connection.execute(
            "SELECT substr(received_at, 1, 13) AS hour,"
            " CAST(substr(received_at, 15, 2) AS INTEGER) / 15 AS quarter,"
            f" {_STAGE} AS stage, count(*) FROM leads"
            " WHERE campaign = :campaign AND month = :month AND test = 0"
            " GROUP BY hour, quarter, stage ORDER BY hour, quarter, stage",
            {"campaign": campaign, "month": month, "now": show_time(now)},
        )
        return [
            QuarterCount(parse_time(f"{hour}:00:00.000000Z") + quarter * _QUARTER, stage, count)
            for hour, quarter, stage, count in rows
        ]

    def with_sale(self, campaign: str) -> Sequence[str]:
        rows = self._connection.execute(
            f"SELECT lead_id FROM leads {self._dialect.use_index.format('leads_with_sale')}"
            f" WHERE campaign = ? AND sale <> '{NOT_STARTED}' AND test = 0 ORDER BY id",
            (campaign,),
        )
        return [lead_id for (lead_id,) in rows]
