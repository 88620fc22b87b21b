"""Lists of leads by page: the query, its protocol and the SQL.

A page continues after a position, never after a number of rows, so leads that arrive meanwhile move
nothing. Each filter has an index in the order of receipt. Of several filters, the one that the
fewest leads meet chooses the index; the others are checked on each row.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import product
from typing import Any, Final, Protocol

from capture.lead.events import Event, show_time
from capture.lead.model import Lead
from capture.ledger.campaigns import SqlCampaigns
from capture.ledger.dialect import Connection, Dialect, placeholders
from capture.ledger.leads import IS_DELIVERED, LEAD, VISIBLE, lead_from_row
from capture.ledger.people import KeyedHash, path_of_article

TABLES: Final = """
    -- A keyed hash of the path; none if it is unknown, or after erasure.
    ALTER TABLE leads ADD COLUMN article BLOB;
    CREATE INDEX leads_by_time ON leads (received_at, lead_id);
    -- Stage and source, so that they are checked without the row.
    CREATE INDEX leads_by_campaign ON leads (campaign, received_at, lead_id, review, source);
    CREATE INDEX leads_by_review ON leads (review, received_at, lead_id);
    CREATE INDEX leads_by_source ON leads (source, received_at, lead_id);
    CREATE INDEX leads_by_appointment ON leads (appointment, received_at, lead_id)
        WHERE appointment != 'none';
    CREATE INDEX leads_by_sale ON leads (sale, received_at, lead_id) WHERE sale != 'none';
    CREATE INDEX leads_by_article ON leads (article, received_at, lead_id)
        WHERE article IS NOT NULL;
    CREATE INDEX leads_by_deadline ON leads (silence_accepts_at, lead_id)
        WHERE silence_accepts_at IS NOT NULL;
    -- Derived from events, as leads is.
    CREATE TABLE lead_signals (
        signal TEXT NOT NULL,
        received_at TEXT NOT NULL,
        lead_id TEXT NOT NULL,
        PRIMARY KEY (signal, received_at, lead_id)
    ) STRICT, WITHOUT ROWID;
"""

_MANY: Final = 2000
"""A filter that more leads meet is not counted further."""


class LeadSort(StrEnum):
    """The order of a list."""

    NEWEST = "newest"
    OLDEST = "oldest"
    DEADLINE = "deadline"
    """Only leads that silence will accept, the soonest first."""


Position = tuple[datetime, str]
"""The time that the list is sorted by, and the id, of the lead beside which a page begins."""


@dataclass(frozen=True, slots=True)
class LeadListQuery:
    """Conditions of a list of leads; None means any."""

    now: datetime
    limit: int
    client: str | None = None
    """Only leads that this client may see, as for `ClientLeadQuery`, without removed ones."""
    campaign: str | None = None
    review: str | None = None
    """The stage in review as of `now`: silence accepts (rule 12 of docs/rules.md)."""
    appointment: str | None = None
    """The stage of the meeting as of `now` (rule 14)."""
    sale: str | None = None
    source: str | None = None
    article: str | None = None
    """The path of the page of the first touch, or else of the page with the form."""
    signal: str | None = None
    """The name of a risk signal."""
    received_since: datetime | None = None
    received_until: datetime | None = None
    """Exclusive."""
    sort: LeadSort = LeadSort.NEWEST
    after: Position | None = None
    """The last lead of the page before."""
    before: Position | None = None
    """The first lead of the page after: the result is the page that ends before it."""


class LeadListQueries(Protocol):
    """Pages of lists of leads."""

    def page(self, query: LeadListQuery) -> Sequence[Lead]:
        """At most `limit` leads, in the order of the list."""

    def campaigns(self, client: str | None = None) -> Sequence[str]:
        """The slugs of the campaigns with leads, or only those of this client."""


def risk_signals_of(events: Iterable[Event]) -> set[str]:
    """The names of the risk signals in these events. Those of spam are texts, and none of them."""
    signals = (signal for event in events for signal in event.data.get("signals", ()))
    return {signal["name"] for signal in signals if isinstance(signal, Mapping)}


def list_position(lead: Lead, sort: LeadSort) -> Position:
    """The position of a lead in a list."""
    at = lead.silence_accepts_at if sort is LeadSort.DEADLINE else lead.received_at
    return at or lead.received_at, lead.lead_id


@dataclass(frozen=True, slots=True)
class _Driver:
    """What is read in the order of the list; the other conditions are checked on each row."""

    source: str
    """The tables, after FROM."""
    condition: str
    order: tuple[str, str] = ("leads.received_at", "leads.lead_id")


class SqlLeadList:
    """`LeadListQueries`."""

    def __init__(
        self,
        connection: Connection,
        dialect: Dialect,
        keyed_hash: KeyedHash,
        campaigns: SqlCampaigns,
    ) -> None:
        self._connection = connection
        self._dialect = dialect
        self._hash = keyed_hash
        self._campaigns = campaigns

    def page(self, query: LeadListQuery) -> Sequence[Lead]:
        values = self._values(query)
        # Each stage that silence may have changed needs a query of its own: only then is the order
        # of an index the order of the list.
        leads = [
            lead
            for review, appointment in product(_review_stages(query), _appointment_stages(query))
            for lead in self._select(query, [*review, *appointment], values)
        ]
        leads.sort(key=lambda lead: list_position(lead, query.sort), reverse=_is_descending(query))
        leads = leads[: query.limit]
        return leads if query.before is None else leads[::-1]

    def save_signals(self, leads: Mapping[str, Lead], events: Iterable[Event]) -> None:
        """Saves the risk signals of new events. `leads` are the leads of the events, by id."""
        rows = [
            (name, show_time(leads[event.lead_id].received_at), event.lead_id)
            for event in events
            if event.lead_id is not None
            for name in risk_signals_of([event])
        ]
        if rows:
            self._connection.executemany(
                "INSERT INTO lead_signals (signal, received_at, lead_id) VALUES (?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                rows,
            )

    def has_signals(self, lead: Lead, names: Collection[str]) -> bool:
        """Whether the table has all these risk signals of a lead."""
        row = self._connection.execute(
            f"SELECT count(*) FROM lead_signals WHERE signal IN ({placeholders(list(names))})"
            " AND received_at = ? AND lead_id = ?",
            (*names, show_time(lead.received_at), lead.lead_id),
        ).fetchone()
        return int(row[0]) == len(names)

    def count_signals(self) -> int:
        """The number of rows of all risk signals."""
        (number,) = self._connection.execute("SELECT count(*) FROM lead_signals").fetchone()
        return int(number)

    def campaigns(self, client: str | None = None) -> Sequence[str]:
        slugs = self._campaigns.slugs()
        if client is None:
            return slugs
        sql = "SELECT client FROM leads WHERE campaign = ? LIMIT 1"
        clients = {slug: self._connection.execute(sql, (slug,)).fetchone()[0] for slug in slugs}
        return [slug for slug in slugs if clients[slug] == client]

    def _select(
        self, query: LeadListQuery, stages: Sequence[str], values: dict[str, Any]
    ) -> list[Lead]:
        conditions = [*stages, *_conditions(query)]
        driver = self._driver(query, stages, values)
        at, lead_id = driver.order
        is_descending = _is_descending(query)
        if query.after or query.before:
            sign = "<" if is_descending else ">"
            conditions.append(f"({at}, {lead_id}) {sign} (:position_at, :position_id)")
        direction = "DESC" if is_descending else "ASC"
        rows = self._connection.execute(
            f"SELECT {LEAD} FROM {driver.source}"
            f" WHERE {' AND '.join([driver.condition, *conditions])}"
            f" ORDER BY {at} {direction}, {lead_id} {direction} LIMIT :limit",
            values,
        )
        return [lead_from_row(row) for row in rows]

    def _driver(
        self, query: LeadListQuery, stages: Sequence[str], values: dict[str, Any]
    ) -> _Driver:
        """The source with the fewest rows, as far as `_MANY` of each tell."""
        if query.sort is LeadSort.DEADLINE:
            order = ("leads.silence_accepts_at", "leads.lead_id")
            return self._by_index("leads_by_deadline", "leads.silence_accepts_at > :now", order)
        if query.signal is not None:
            tables = f"lead_signals {self._dialect.outer_join_first} leads USING (lead_id)"
            order = ("lead_signals.received_at", "lead_signals.lead_id")
            return _Driver(tables, "lead_signals.signal = :signal", order)
        drivers = [self._by_index(index, condition) for index, condition in _indexes(query, stages)]
        if len(drivers) == 1:
            return drivers[0]
        return min(drivers, key=lambda driver: self._count(query, driver, values))

    def _by_index(self, index: str, condition: str, *order: tuple[str, str]) -> _Driver:
        return _Driver(f"leads {self._dialect.use_index.format(index)}", condition, *order)

    def _count(self, query: LeadListQuery, driver: _Driver, values: dict[str, Any]) -> int:
        """The number of rows of a source, at most `_MANY`."""
        where = " AND ".join([driver.condition, *_period(query)])
        rows = f"SELECT 1 FROM {driver.source} WHERE {where} LIMIT {_MANY:d}"
        row = self._connection.execute(f"SELECT count(*) FROM ({rows}) AS some", values).fetchone()
        return int(row[0])

    def _values(self, query: LeadListQuery) -> dict[str, Any]:
        at, lead_id = query.after or query.before or (None, None)
        article = None if query.article is None else path_of_article({"path": query.article})
        return {
            "now": show_time(query.now),
            "limit": query.limit,
            "client": query.client,
            "campaign": query.campaign,
            "review": query.review,
            "appointment": query.appointment,
            "sale": query.sale,
            "source": query.source,
            "article": None if article is None else self._hash.of("article", article),
            "signal": query.signal,
            "received_since": query.received_since and show_time(query.received_since),
            "received_until": query.received_until and show_time(query.received_until),
            "position_at": at and show_time(at),
            "position_id": lead_id,
        }


def _is_descending(query: LeadListQuery) -> bool:
    return (query.sort is LeadSort.NEWEST) == (query.before is None)


_SILENT: Final = "leads.silence_accepts_at <= :now"
_NOT_SILENT: Final = "(leads.silence_accepts_at IS NULL OR leads.silence_accepts_at > :now)"
_REVIEW_STAGES: Final = {
    "accepted": (("leads.review = 'accepted'",), ("leads.review = 'qualified'", _SILENT)),
    "qualified": (("leads.review = 'qualified'", _NOT_SILENT),),
    "expired": (
        ("leads.review = 'expired'",),
        ("leads.review = 'unconfirmed'", "leads.confirm_until <= :now"),
    ),
    "unconfirmed": (
        (
            "leads.review = 'unconfirmed'",
            "(leads.confirm_until IS NULL OR leads.confirm_until > :now)",
        ),
    ),
}
"""By stage as of now: for each stored stage that gives it, the conditions, an index's first."""
_APPOINTMENT_STAGES: Final = {
    "held": (
        ("leads.appointment = 'held'",),
        ("leads.appointment = 'scheduled'", "leads.silence_holds_at <= :now"),
    ),
    "scheduled": (
        (
            "leads.appointment = 'scheduled'",
            "(leads.silence_holds_at IS NULL OR leads.silence_holds_at > :now)",
        ),
    ),
}

Stages = Sequence[Sequence[str]]


def _review_stages(query: LeadListQuery) -> Stages:
    if query.review is None:
        return ((),)
    return _REVIEW_STAGES.get(query.review, (("leads.review = :review",),))


def _appointment_stages(query: LeadListQuery) -> Stages:
    if query.appointment is None:
        return ((),)
    other = f"leads.appointment = :appointment AND {_HAS_MEETING}"
    return _APPOINTMENT_STAGES.get(query.appointment, ((other,),))


_HAS_MEETING: Final = "leads.appointment != 'none'"
_HAS_SALE: Final = "leads.sale != 'none'"
_HAS_ARTICLE: Final = "leads.article IS NOT NULL"
"""As in the partial indexes; otherwise SQLite does not use them."""

_EQUAL: Final = {
    "campaign": ("leads_by_campaign", "leads.campaign = :campaign"),
    "source": ("leads_by_source", "leads.source = :source"),
    "sale": ("leads_by_sale", f"leads.sale = :sale AND {_HAS_SALE}"),
    "article": ("leads_by_article", f"leads.article = :article AND {_HAS_ARTICLE}"),
}
"""By field of the query: an index, and the condition of its first column."""


def _conditions(query: LeadListQuery) -> list[str]:
    """All conditions except those of the stages."""
    conditions = [
        condition for name, (_, condition) in _EQUAL.items() if getattr(query, name) is not None
    ]
    if query.client is not None:
        conditions.append(f"leads.client = :client AND {VISIBLE} AND {IS_DELIVERED}")
    if query.signal is not None:
        conditions.append(
            "EXISTS (SELECT 1 FROM lead_signals AS found WHERE found.signal = :signal"
            " AND found.received_at = leads.received_at AND found.lead_id = leads.lead_id)"
        )
    return [*conditions, *_period(query)]


def _period(query: LeadListQuery) -> list[str]:
    conditions = {"received_since": ">=", "received_until": "<"}
    return [
        f"leads.received_at {sign} :{name}"
        for name, sign in conditions.items()
        if getattr(query, name) is not None
    ]


def _indexes(query: LeadListQuery, stages: Sequence[str]) -> list[tuple[str, str]]:
    """The indexes that can give the list, each with the condition of its first column."""
    found = [index for name, index in _EQUAL.items() if getattr(query, name) is not None]
    for condition in stages:
        if condition.startswith("leads.review ="):
            found.append(("leads_by_review", condition))
        elif condition.startswith("leads.appointment ="):
            found.append(("leads_by_appointment", f"{condition} AND {_HAS_MEETING}"))
    if query.client is not None:
        found.append(("leads_shown", f"leads.client = :client AND {VISIBLE}"))
    return found or [("leads_by_time", "leads.received_at IS NOT NULL")]
