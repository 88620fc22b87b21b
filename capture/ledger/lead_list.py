"""Lists of leads by page: the protocol and the SQL.

A page continues after a position, never after a number of rows, so leads that arrive meanwhile move
nothing. Each filter has an index in the order of receipt, and so has each word of a search. Of
several, the one with the fewest leads is read; the others are checked on each of its rows.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, Final, Protocol

from capture.lead.events import Event, show_time
from capture.lead.model import Lead
from capture.ledger.campaigns import SqlCampaigns, parse_version
from capture.ledger.dialect import Connection, Dialect, placeholders
from capture.ledger.lead_conditions import (
    appointment_stages,
    filter_conditions,
    list_indexes,
    period_conditions,
    review_stages,
)
from capture.ledger.leads import LEAD, lead_from_row
from capture.ledger.people import KeyedHash, answers_from_json, path_of_article
from capture.ledger.search_words import (
    SearchWords,
    is_exact,
    matches,
    microseconds,
    searchable_answers,
    words_of_search,
)
from capture.ledger.types import LeadListQuery, LeadSort, PersonalData, list_position
from capture.text import fold_case

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
"""A filter or word that more leads have is not counted further."""
_MOST_WORDS: Final = 8
"""Words of a search that are looked for."""
_ID_LENGTHS: Final = range(4, 41)
"""Lengths of a text that may be the beginning of an id."""


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


_RECEIPT: Final = ("leads.received_at", "leads.lead_id")
_DEADLINE: Final = ("leads.silence_accepts_at", "leads.lead_id")


@dataclass(frozen=True, slots=True)
class _RowSource:
    """The index that is read in the order of the list. Other conditions are checked on each row."""

    tables: str
    """The tables, after FROM."""
    condition: str
    order: tuple[str, str] = _RECEIPT
    position: str = ":position_at, :position_id"
    """The values of a position in this order."""
    has_words: bool = False
    """Whether it has only leads with each word of the search, as far as they are stored."""


class SqlLeadList:
    """`LeadListQueries`."""

    def __init__(
        self,
        connection: Connection,
        dialect: Dialect,
        keyed_hash: KeyedHash,
        campaigns: SqlCampaigns,
        search_words: SearchWords,
    ) -> None:
        self._connection = connection
        self._dialect = dialect
        self._hash = keyed_hash
        self._campaigns = campaigns
        self._words = search_words

    def page(self, query: LeadListQuery) -> Sequence[Lead]:
        words = words_of_search(query.search or "")[:_MOST_WORDS]
        if query.search is not None and not words:
            return []
        values = self._values(query, words)
        # Each stage that silence may have changed needs a query of its own: only then is the order
        # of an index the order of the list.
        leads = {
            lead.lead_id: lead
            for review, appointment in product(review_stages(query), appointment_stages(query))
            for lead in self._select(query, [*review, *appointment], words, values)
        }
        ordered = sorted(
            leads.values(),
            key=lambda lead: list_position(lead, query.sort),
            reverse=_is_descending(query),
        )[: query.limit]
        return ordered if query.before is None else ordered[::-1]

    def campaigns(self, client: str | None = None) -> Sequence[str]:
        slugs = self._campaigns.slugs()
        if client is None:
            return slugs
        sql = "SELECT client FROM leads WHERE campaign = ? LIMIT 1"
        clients = {slug: self._connection.execute(sql, (slug,)).fetchone()[0] for slug in slugs}
        return [slug for slug in slugs if clients[slug] == client]

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

    def _select(
        self,
        query: LeadListQuery,
        stages: Sequence[str],
        words: Sequence[str],
        values: dict[str, Any],
    ) -> Iterator[Lead]:
        source = self._row_source(query, stages, words, values)
        yield from self._read(query, source, stages, words, values)
        if "id_since" in values:
            yield from self._read(query, _by_id(query), stages, (), values)

    def _read(
        self,
        query: LeadListQuery,
        source: _RowSource,
        stages: Sequence[str],
        words: Sequence[str],
        values: dict[str, Any],
    ) -> Iterator[Lead]:
        """At most `limit` leads of the source, in the order of the list."""
        conditions = [source.condition, *stages, *filter_conditions(query)]
        at, tie = source.order
        is_descending = _is_descending(query)
        if query.after or query.before:
            conditions.append(f"({at}, {tie}) {'<' if is_descending else '>'} ({source.position})")
        direction = "DESC" if is_descending else "ASC"
        rows = self._connection.execute(
            f"SELECT {LEAD}, personal_data.answers, personal_data.unverified FROM {source.tables}"
            " LEFT JOIN personal_data ON personal_data.lead_id = leads.lead_id"
            f" WHERE {' AND '.join(conditions)} ORDER BY {at} {direction}, {tie} {direction}",
            values,
        )
        if source.has_words and all(map(is_exact, words)):
            words = ()
        found = (
            lead
            for *row, answers, unverified in rows
            if (lead := lead_from_row(tuple(row)))
            and (not words or self._matches(words, lead, answers, unverified))
        )
        return islice(found, query.limit)

    def _matches(
        self, words: Sequence[str], lead: Lead, answers: str | None, unverified: str | None
    ) -> bool:
        text = self._campaigns.version_text(lead.campaign, lead.version)
        if answers is None or unverified is None or text is None:
            return False
        terms = parse_version(lead.campaign, lead.version, text)
        data = PersonalData(answers_from_json(answers), unverified=json.loads(unverified))
        return matches(words, searchable_answers(terms, data).values())

    def _row_source(
        self,
        query: LeadListQuery,
        stages: Sequence[str],
        words: Sequence[str],
        values: dict[str, Any],
    ) -> _RowSource:
        """The source with the fewest rows, as far as `_MANY` of each tell."""
        if query.sort is LeadSort.DEADLINE:
            is_ahead = "leads.silence_accepts_at > :now"
            return self._by_index("leads_by_deadline", is_ahead, _DEADLINE)
        sources = []
        if words:
            keys = [f"key_{number}" for number in range(len(words))]
            rarest = keys[0]
            if len(keys) > 1:
                rarest = min(keys, key=lambda key: self._count_word(values[key]))
            sources.append(self._by_word(rarest, keys, query))
        if query.signal is not None:
            tables = f"lead_signals {self._dialect.outer_join_first} leads USING (lead_id)"
            order = ("lead_signals.received_at", "lead_signals.lead_id")
            sources.append(_RowSource(tables, "lead_signals.signal = :signal", order))
        sources += [
            self._by_index(index, condition)
            for index, condition in list_indexes(query, stages, is_searched=bool(sources))
        ]
        if len(sources) == 1:
            return sources[0]
        return min(sources, key=lambda source: self._count(query, source, values))

    def _by_index(
        self, index: str, condition: str, order: tuple[str, str] = _RECEIPT
    ) -> _RowSource:
        return _RowSource(f"leads {self._dialect.use_index.format(index)}", condition, order)

    def _by_word(self, rarest: str, keys: Sequence[str], query: LeadListQuery) -> _RowSource:
        conditions = [f"search_words.word = :{rarest}"]
        conditions += [
            "EXISTS (SELECT 1 FROM search_words AS other WHERE"
            f" other.word = :{key} AND other.received = search_words.received"
            " AND other.lead_id = search_words.lead_id)"
            for key in keys
            if key != rarest
        ]
        if query.received_since is not None:
            conditions.append("search_words.received >= :since")
        if query.received_until is not None:
            conditions.append("search_words.received < :until")
        tables = f"search_words {self._dialect.outer_join_first} leads"
        return _RowSource(
            f"{tables} ON leads.lead_id = search_words.lead_id",
            " AND ".join(conditions),
            ("search_words.received", "search_words.lead_id"),
            ":position_received, :position_id",
            has_words=True,
        )

    def _count_word(self, key: int) -> int:
        rows = f"SELECT 1 FROM search_words WHERE word = ? LIMIT {_MANY:d}"
        row = self._connection.execute(f"SELECT count(*) FROM ({rows}) AS some", (key,)).fetchone()
        return int(row[0])

    def _count(self, query: LeadListQuery, source: _RowSource, values: dict[str, Any]) -> int:
        """The number of rows of a source, at most `_MANY`."""
        where = [source.condition]
        if source.order == _RECEIPT:
            where += period_conditions(query)
        rows = f"SELECT 1 FROM {source.tables} WHERE {' AND '.join(where)} LIMIT {_MANY:d}"
        row = self._connection.execute(f"SELECT count(*) FROM ({rows}) AS some", values).fetchone()
        return int(row[0])

    def _values(self, query: LeadListQuery, words: Sequence[str]) -> dict[str, Any]:
        at, lead_id = query.after or query.before or (None, None)
        article = None if query.article is None else path_of_article({"path": query.article})
        since, until = query.received_since, query.received_until
        values = {
            "now": show_time(query.now),
            "client": query.client,
            "campaign": query.campaign,
            "review": query.review,
            "appointment": query.appointment,
            "sale": query.sale,
            "source": query.source,
            "article": None if article is None else self._hash.of("article", article),
            "signal": query.signal,
            "received_since": since and show_time(since),
            "received_until": until and show_time(until),
            "since": since and microseconds(since),
            "until": until and microseconds(until),
            "position_at": at and show_time(at),
            "position_received": at and microseconds(at),
            "position_id": lead_id,
            **{f"key_{number}": self._words.key(word) for number, word in enumerate(words)},
        }
        text = fold_case((query.search or "").strip())
        if len(text) in _ID_LENGTHS and text.isalnum():
            values |= {"id_since": text, "id_until": f"{text}\U0010ffff"}
        return values


def _by_id(query: LeadListQuery) -> _RowSource:
    """Leads whose id begins with the text of a search: few, so they can be sorted."""
    condition = "leads.lead_id >= :id_since AND leads.lead_id < :id_until"
    if query.sort is LeadSort.DEADLINE:
        condition += " AND leads.silence_accepts_at > :now"
        return _RowSource("leads", condition, _DEADLINE)
    return _RowSource("leads", condition)


def _is_descending(query: LeadListQuery) -> bool:
    return (query.sort is LeadSort.NEWEST) == (query.before is None)
