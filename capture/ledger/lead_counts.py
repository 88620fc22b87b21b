"""Counts of leads by month and by day: the protocol, the projection and the SQL.

The tables `month_counts` and `day_counts` have the number of leads in each stored stage, without
test leads. They are written in the same transaction as the leads' rows. What time alone decides
(rules 7 and 12 of docs/rules.md) is added by each query, from the few leads to which it applies.
`verify` derives both tables again.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from typing import Any, Final, Protocol

from capture.lead.model import Lead
from capture.ledger.campaigns import SqlCampaigns, parse_version
from capture.ledger.dialect import Connection, placeholders
from capture.ledger.leads import SqlLeads


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
class DayCount:
    """How many leads of one stage were received on a day in the campaign's zone."""

    day: date
    review: str
    """As of the time of the query, including what silence decides: `Lead.review_at`."""
    count: int


class LeadCountQueries(Protocol):
    """Counts of the leads of campaigns together, without test leads. Stages are as of `now`."""

    def by_stage(
        self, campaigns: Sequence[str], first: str, last: str, now: datetime
    ) -> Sequence[StageCount]:
        """The leads of the months from `first` to `last`, both included."""

    def by_day(self, campaigns: Sequence[str], month: str, now: datetime) -> Sequence[DayCount]:
        """The leads of a month by the day of their receipt, in order."""


TABLES: Final = """
    CREATE TABLE month_counts (
        campaign TEXT NOT NULL,
        month TEXT NOT NULL,
        review TEXT NOT NULL,
        entered INTEGER NOT NULL,
        sale TEXT NOT NULL,
        leads INTEGER NOT NULL,
        PRIMARY KEY (campaign, month, review, entered, sale)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE day_counts (
        campaign TEXT NOT NULL,
        day TEXT NOT NULL,  -- in the campaign's time zone
        review TEXT NOT NULL,
        leads INTEGER NOT NULL,
        PRIMARY KEY (campaign, day, review)
    ) STRICT, WITHOUT ROWID;
    -- Counts of leads do not read these any more.
    DROP INDEX IF EXISTS leads_with_sale;
    DROP INDEX IF EXISTS leads_by_month;
    CREATE INDEX leads_by_month ON leads (campaign, month, review, test, free_over_cap);
"""
INDEXES: Final = """
    DROP INDEX IF EXISTS leads_by_month;
    CREATE INDEX leads_by_month ON leads (
        campaign, month, review, test, free_over_cap, entered, sale,
        silence_accepts_at, confirm_until
    );
    CREATE INDEX leads_with_sale ON leads (campaign, id)
        WHERE sale <> 'none' AND test = 0;
"""
"""For an earlier migration. `TABLES` replaces these indexes."""

Keys = tuple[Any, ...]


class LeadTally:
    """Adds up leads by month and by day, with the keys of the two tables."""

    def __init__(self, campaigns: SqlCampaigns) -> None:
        self.months: Counter[Keys] = Counter()
        self.days: Counter[Keys] = Counter()
        self._campaigns = campaigns
        self._zones: dict[tuple[str, str], tzinfo] = {}

    def add(self, lead: Lead, count: int = 1) -> None:
        """Counts a lead. `count` is -1 for a lead as it was before a change."""
        if not lead.test:
            day = lead.received_at.astimezone(self._zone(lead.campaign, lead.version)).date()
            month_key = lead.campaign, lead.month, lead.review, int(lead.entered), lead.sale
            self.months[month_key] += count
            self.days[lead.campaign, day.isoformat(), lead.review] += count

    def _zone(self, campaign: str, version: str) -> tzinfo:
        """The campaign's time zone; UTC if the ledger does not have the version, which `verify`
        reports."""
        key = campaign, version
        if key not in self._zones:
            text = self._campaigns.version_text(campaign, version)
            self._zones[key] = UTC if text is None else parse_version(*key, text).zone
        return self._zones[key]


class SqlLeadCounts:
    """`LeadCountQueries`, and the writes of the two tables."""

    def __init__(self, connection: Connection, campaigns: SqlCampaigns, leads: SqlLeads) -> None:
        self._connection = connection
        self._campaigns = campaigns
        self._leads = leads

    def by_stage(
        self, campaigns: Sequence[str], first: str, last: str, now: datetime
    ) -> Sequence[StageCount]:
        months = self._changes_by_time(campaigns, now).months
        keys = "month", "review", "entered", "sale"
        counts = self._counts("month_counts", keys, campaigns, (first, last), months)
        return [
            StageCount(month, review, bool(entered), sale, count)
            for (month, review, entered, sale), count in counts
        ]

    def by_day(self, campaigns: Sequence[str], month: str, now: datetime) -> Sequence[DayCount]:
        days, period = self._changes_by_time(campaigns, now).days, (f"{month}-01", f"{month}-31")
        counts = self._counts("day_counts", ("day", "review"), campaigns, period, days)
        return [DayCount(date.fromisoformat(day), review, count) for (day, review), count in counts]

    def tally(self) -> LeadTally:
        """An empty tally."""
        return LeadTally(self._campaigns)

    def save(self, tally: LeadTally) -> None:
        """Adds a tally to the stored counts."""
        self._connection.executemany(
            "INSERT INTO month_counts (campaign, month, review, entered, sale, leads)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (campaign, month, review, entered, sale)"
            " DO UPDATE SET leads = month_counts.leads + excluded.leads",
            [(*key, count) for key, count in tally.months.items() if count],
        )
        self._connection.executemany(
            "INSERT INTO day_counts (campaign, day, review, leads) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (campaign, day, review)"
            " DO UPDATE SET leads = day_counts.leads + excluded.leads",
            [(*key, count) for key, count in tally.days.items() if count],
        )

    def stored(self) -> tuple[dict[Keys, int], dict[Keys, int]]:
        """Both tables, for `verify`: by month and by day, without zeros."""
        tables = []
        for table in ("month_counts", "day_counts"):
            rows = self._connection.execute(f"SELECT * FROM {table} WHERE leads <> 0")
            tables.append({tuple(key): leads for *key, leads in rows})
        by_month, by_day = tables
        return by_month, by_day

    def _counts(
        self,
        table: str,
        keys: Sequence[str],
        campaigns: Sequence[str],
        period: tuple[str, str],
        changes: Mapping[Keys, int],
    ) -> Sequence[tuple[Keys, int]]:
        """The stored counts of the campaigns together, plus `changes`, in order and without zeros.

        `keys` are the columns after the campaign; the first one is the time, which is in `period`,
        both ends included.
        """
        if not campaigns:
            return []
        counts: Counter[Keys] = Counter()
        first, last = period
        for (_, *key), change in changes.items():
            if first <= key[0] <= last:
                counts[tuple(key)] += change
        names = ", ".join(keys)
        for *key, leads in self._connection.execute(
            f"SELECT {names}, sum(leads) FROM {table}"
            f" WHERE campaign IN ({placeholders(campaigns)}) AND {keys[0]} BETWEEN ? AND ?"
            f" GROUP BY {names}",
            (*campaigns, first, last),
        ):
            counts[tuple(key)] += leads
        return [(key, count) for key, count in sorted(counts.items()) if count]

    def _changes_by_time(self, campaigns: Sequence[str], now: datetime) -> LeadTally:
        """What has to be added to the stored counts because of leads that silence accepts, or that
        expire, by `now`. They are few: soon an event records it, and their stage is stored."""
        tally = self.tally()
        for lead in (*self._leads.in_review(silent_by=now), *self._leads.unconfirmed(now)):
            if lead.campaign in campaigns:
                tally.add(lead, -1)
                tally.add(replace(lead, review=lead.review_at(now)))
        return tally
