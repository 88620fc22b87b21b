"""Leads and payments by the pages of their visits: the protocol, the projection and the SQL.

`page_sums` counts the leads of a month, and adds up the payments made in it, for the page of the
first visit and for that of the last one; `page_rejections` counts the rejected leads by reason.
Test leads are in neither. A page is a keyed hash of its path, because a visitor's browser may send
any path, and counts must not keep what an erasure overwrites. An erased lead moves to `NO_PAGE`.
Both tables are written in the same transaction as the events and the personal data, and `verify`
derives them again. What time alone decides is added by each query, as in `lead_counts`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final, Protocol

from capture.billing.customers import Customer
from capture.lead.events import Event, EventKind
from capture.lead.model import Lead
from capture.ledger.dialect import Connection, Dialect, placeholders
from capture.ledger.leads import LEAD, SqlLeads, lead_from_row
from capture.ledger.page_tally import (
    COLUMNS,
    MOST_ROWS,
    UNKNOWN,
    Key,
    Pages,
    PageTally,
    Touch,
    page_key,
    rejection_reason,
    states,
)
from capture.ledger.people import KeyedHash
from capture.ledger.types import PersonalData

OTHER_PAGES: Final = ""
"""The path under which a query adds up all pages that it was not asked about."""


@dataclass(slots=True)
class PageSum:
    """The leads of a month with their visit on a page, and their customers' payments in it."""

    leads: int = 0
    """Without the stages in `NON_LEAD_STAGES`."""
    qualified: int = 0
    """Leads that the client received."""
    accepted: int = 0
    """Including those that silence accepted, with or without an event."""
    rejected: int = 0
    revenue: int = 0
    """Payments less refunds, in minor units."""
    reasons: Counter[str] = field(default_factory=Counter)
    """The rejected leads by reason."""


PageSumsByPath = Mapping[tuple[Touch, str], PageSum]


class PageSumQueries(Protocol):
    """Sums of the leads of campaigns together, without test leads."""

    def of_month(
        self, campaigns: Sequence[str], month: str, paths: Iterable[str], now: datetime
    ) -> PageSumsByPath:
        """The sums of a month, such as `2026-11`, for each of the paths that has any.

        All other pages are added up as `OTHER_PAGES`. The campaigns have one currency.
        """

    def revenue_between(
        self, campaign: str, first: date, last: date, paths: Iterable[str]
    ) -> Mapping[tuple[Touch, str], int]:
        """Payments less refunds on some days, both included; reads each payment."""


TABLES: Final = """
    CREATE TABLE page_sums (
        month TEXT NOT NULL,  -- of the leads' receipt, and of the payments
        touch TEXT NOT NULL CHECK (touch IN ('first', 'last')),
        page BLOB NOT NULL,  -- keyed hash of the path; empty if it is not known any more
        campaign TEXT NOT NULL,
        leads INTEGER NOT NULL,
        qualified INTEGER NOT NULL,
        accepted INTEGER NOT NULL,
        rejected INTEGER NOT NULL,
        revenue INTEGER NOT NULL,
        PRIMARY KEY (month, touch, page, campaign)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE page_rejections (
        month TEXT NOT NULL,
        touch TEXT NOT NULL CHECK (touch IN ('first', 'last')),
        page BLOB NOT NULL,
        campaign TEXT NOT NULL,
        reason TEXT NOT NULL,
        leads INTEGER NOT NULL,
        PRIMARY KEY (month, touch, page, campaign, reason)
    ) STRICT, WITHOUT ROWID;
"""
"""The tables of this subject, for the migration."""

_KEYS: Final = "page_key(first_touch ->> 'path'), page_key(last_touch ->> 'path')"


class SqlPageSums:
    """`PageSumQueries`, and the writes of the two tables."""

    def __init__(
        self, connection: Connection, dialect: Dialect, keyed_hash: KeyedHash, leads: SqlLeads
    ) -> None:
        self._connection = connection
        self._dialect = dialect
        self._hash = keyed_hash
        self._leads = leads

    def of_month(
        self, campaigns: Sequence[str], month: str, paths: Iterable[str], now: datetime
    ) -> PageSumsByPath:
        by_path: defaultdict[tuple[Touch, str], PageSum] = defaultdict(PageSum)
        path_of = self._path_of(paths)
        values = (month, *campaigns)
        where = f"month = ? AND campaign IN ({placeholders(campaigns)})"
        names = COLUMNS["page_sums"][1]
        sums = ", ".join(f"sum({name})" for name in names)
        for touch, page, *amounts in self._connection.execute(
            f"SELECT touch, page, {sums} FROM page_sums WHERE {where} GROUP BY touch, page", values
        ):
            found = by_path[Touch(touch), path_of.get(page, OTHER_PAGES)]
            for name, amount in zip(names, amounts, strict=True):
                setattr(found, name, getattr(found, name) + amount)
        for touch, page, reason, leads in self._connection.execute(
            f"SELECT touch, page, reason, sum(leads) FROM page_rejections WHERE {where}"
            " GROUP BY touch, page, reason",
            values,
        ):
            by_path[Touch(touch), path_of.get(page, OTHER_PAGES)].reasons[reason] += leads
        for (_, touch, page, _), changes in self._changes_by_time(campaigns, month, now).items():
            found = by_path[Touch(touch), path_of.get(page, OTHER_PAGES)]
            for name, amount in changes.items():
                setattr(found, name, getattr(found, name) + amount)
        return by_path

    def revenue_between(
        self, campaign: str, first: date, last: date, paths: Iterable[str]
    ) -> Mapping[tuple[Touch, str], int]:
        path_of = self._path_of(paths)
        revenue: Counter[tuple[Touch, str]] = Counter()
        for amount, *pages in self._connection.execute(
            f"SELECT amount, {_KEYS} FROM lead_payments LEFT JOIN personal_data"
            " ON personal_data.lead_id = lead_payments.lead_id"
            " WHERE lead_payments.campaign = ? AND day BETWEEN ? AND ?",
            (campaign, first.isoformat(), last.isoformat()),
        ):
            for touch, page in zip(Touch, pages, strict=True):
                revenue[touch, path_of.get(page, OTHER_PAGES)] += amount
        return revenue

    def changes(
        self,
        earlier: Mapping[str, Lead | None],
        leads: Mapping[str, Lead],
        events: Mapping[str, Sequence[Event]],
    ) -> PageTally:
        """What new events change, before they are stored. All by the id of the lead: the lead
        before them, if it was there, the lead after them, and the events."""
        tally = PageTally()
        for lead_id, lead in leads.items():
            before = earlier[lead_id]
            reason_before = "" if before is None else self._stored_reason(before)
            reason = rejection_reason(lead, events[lead_id], reason_before)
            if before is None:
                tally.add_lead(lead, reason, UNKNOWN)  # its personal data comes after its events
            elif (states(before), reason_before) != (states(lead), reason):
                pages = self._pages_of(lead_id)
                tally.add_lead(before, reason_before, pages, -1)
                tally.add_lead(lead, reason, pages)
        return tally

    def add_payments(
        self, tally: PageTally, lead: Lead, before: Customer | None, after: Customer | None
    ) -> None:
        """Adds to a tally what changes in the payments of a lead's customer."""
        old, new = (() if item is None else item.payments for item in (before, after))
        if old == new:
            return
        pages = self._pages_of(lead.lead_id)
        for payments, sign in ((old, -1), (new, 1)):
            for payment in payments:
                day = payment.day.isoformat()
                tally.add_payment(lead.campaign, day, sign * payment.amount, pages)

    def save_visits(self, lead_id: str, data: PersonalData) -> None:
        """Moves a lead to the pages of its visits, which are stored now."""
        self._move(lead_id, UNKNOWN, self.pages_in(data))

    def delete_visits(self, lead_id: str, data: PersonalData) -> None:
        """Moves a lead to `NO_PAGE`, before its visits are erased."""
        self._move(lead_id, self.pages_in(data), UNKNOWN)

    def pages_in(self, data: PersonalData | None) -> Pages:
        """The pages of the visits in a lead's personal data."""
        if data is None:
            return UNKNOWN
        first, last = (
            page_key(self._hash, touch.get("path")) for touch in (data.first_touch, data.last_touch)
        )
        return first, last

    def save(self, tally: PageTally) -> None:
        """Adds a tally to the stored sums."""
        for table, (keys, amounts) in COLUMNS.items():
            rows = list(tally.rows(table))
            columns = (*keys, *amounts)
            self._connection.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES"
                f" ({placeholders(columns)}) ON CONFLICT ({', '.join(keys)}) DO UPDATE SET "
                + ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in amounts),
                [(*key, *row) for key, row in rows],
            )
            # A row of zeros would keep the hash of an erased visit.
            self._connection.executemany(
                f"DELETE FROM {table} WHERE {' AND '.join(f'{name} = ?' for name in keys)}"
                f" AND {' AND '.join(f'{name} = 0' for name in amounts)}",
                [key for key, row in rows if min(row) < 0],
            )

    def fill(self) -> None:
        """Fills the empty tables from the leads, their visits and their customers' payments."""
        tally = PageTally()
        of_lead = "LEFT JOIN personal_data ON personal_data.lead_id"
        for *row, reason, first, last in self._connection.execute(
            f"SELECT {LEAD}, CASE review WHEN 'rejected' THEN coalesce(({_LAST_REASON}),"
            f" '') ELSE '' END, {_KEYS} FROM leads {self._dialect.in_stored_order}"
            f" {of_lead} = leads.lead_id ORDER BY leads.id"
        ):
            tally.add_lead(lead_from_row(tuple(row)), reason, (first, last))
            tally = self._save_if_large(tally)
        for campaign, day, amount, first, last in self._connection.execute(
            f"SELECT lead_payments.campaign, day, amount, {_KEYS} FROM lead_payments"
            f" {of_lead} = lead_payments.lead_id"
        ):
            tally.add_payment(campaign, day, amount, (first, last))
            tally = self._save_if_large(tally)
        self.save(tally)

    def stored(self, table: str) -> Iterable[tuple[Key, tuple[int, ...]]]:
        """The keys and amounts of a table, for `verify`."""
        keys, amounts = COLUMNS[table]
        rows = self._connection.execute(f"SELECT {', '.join((*keys, *amounts))} FROM {table}")
        return ((row[: len(keys)], row[len(keys) :]) for row in rows)

    def _path_of(self, paths: Iterable[str]) -> dict[bytes, str]:
        return {page_key(self._hash, path): path for path in paths}

    def _changes_by_time(
        self, campaigns: Sequence[str], month: str, now: datetime
    ) -> Mapping[Key, Counter[str]]:
        """What has to be added to the stored sums because of leads that silence accepts, or that
        expire, by `now`. They are few: soon an event records it."""
        tally = PageTally()
        for lead in (*self._leads.in_review(silent_by=now), *self._leads.unconfirmed(now)):
            if lead.campaign in campaigns and lead.month == month:
                pages = self._pages_of(lead.lead_id)
                tally.add_lead(lead, "", pages, -1)
                tally.add_lead(replace(lead, review=lead.review_at(now)), "", pages)
        return tally.tables["page_sums"]

    def _move(self, lead_id: str, before: Pages, after: Pages) -> None:
        lead = self._leads.get(lead_id)
        if lead is None or lead.test or before == after:
            return
        tally, reason = PageTally(), self._stored_reason(lead)
        tally.add_lead(lead, reason, before, -1)
        tally.add_lead(lead, reason, after)
        for day, amount in self._connection.execute(
            "SELECT day, amount FROM lead_payments WHERE lead_id = ?", (lead_id,)
        ):
            tally.add_payment(lead.campaign, day, -amount, before)
            tally.add_payment(lead.campaign, day, amount, after)
        self.save(tally)

    def _save_if_large(self, tally: PageTally) -> PageTally:
        if len(tally) <= MOST_ROWS:
            return tally
        self.save(tally)
        return PageTally()

    def _pages_of(self, lead_id: str) -> Pages:
        row = self._connection.execute(
            f"SELECT {_KEYS} FROM personal_data WHERE lead_id = ?", (lead_id,)
        ).fetchone()
        return UNKNOWN if row is None else (row[0], row[1])

    def _stored_reason(self, lead: Lead) -> str:
        if lead.review != "rejected":
            return ""
        row = self._connection.execute(
            f"SELECT ({_LAST_REASON}) FROM leads WHERE lead_id = ?", (lead.lead_id,)
        ).fetchone()
        return row[0] or ""


_LAST_REASON: Final = (
    "SELECT data ->> 'reason' FROM events WHERE events.lead_id = leads.lead_id"
    f" AND kind = '{EventKind.REJECTED}' ORDER BY sequence DESC LIMIT 1"
)
"""SQL for the reason of a lead's last rejection."""
