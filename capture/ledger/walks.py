"""Walks over a campaign's leads in SQLite, in the order in which they lie: however many there are,
few are held.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from sqlite_utils import Database

from capture.lead import parse_time, show_time
from capture.ledger.facts import Judged, Recorded, Tracked
from capture.ledger.rows import (
    EVENT_COLUMNS,
    LEAD,
    answers_from,
    decision_from,
    lead_from,
    recorded_from,
)

_EVER_QUALIFIED = "(review IN ('qualified', 'accepted', 'rejected') OR explicit = 1)"
"""Only a correction by hand leads back from there, and it makes a lead explicit (rule 15)."""
_RECEIVED = "leads.campaign = ?1 AND (?2 IS NULL OR leads.received_at >= ?2)"
_VERDICT = """(
    SELECT json_extract(data, '$.verdict') FROM events
    WHERE events.lead_id = leads.lead_id AND json_extract(data, '$.verdict') IS NOT NULL
    ORDER BY sequence DESC LIMIT 1
)"""
_DECISION = """(
    SELECT json_array(kind, actor, occurred_at, json_extract(data, '$.reason')) FROM events
    WHERE events.lead_id = leads.lead_id AND kind IN ('accepted', 'rejected', 'settled')
    ORDER BY sequence DESC LIMIT 1
)"""
_NOTICE = """(
    SELECT occurred_at FROM events WHERE events.lead_id = leads.lead_id
    AND kind IN ('qualified', 'told') AND json_extract(data, '$.deadline') IS NOT NULL
    ORDER BY sequence DESC LIMIT 1
)"""


def lives(db: Database) -> Iterator[Sequence[Recorded]]:
    columns = ", ".join(f"events.{name}" for name in EVENT_COLUMNS.split(", "))
    # NOT INDEXED, CROSS JOIN: the leads in the order in which they lie, and for each the few
    # events of its index; else SQLite sorts all events first, in memory.
    rows = db.execute(
        f"SELECT {columns} FROM leads NOT INDEXED"
        " CROSS JOIN events ON events.lead_id = leads.lead_id"
        f" WHERE leads.test = 0 AND {_EVER_QUALIFIED}"
        " ORDER BY leads.rowid, events.sequence"
    )
    for _, life in groupby(map(recorded_from, rows), lambda one: one.event.lead_id):
        yield list(life)


def judged(db: Database, campaign: str, since: datetime | None = None) -> Iterator[Judged]:
    # NOT INDEXED: in the order in which they lie, instead of sorting them all first.
    rows = db.execute(
        f"SELECT {LEAD}, {_VERDICT}, dossiers.answers"
        " FROM leads NOT INDEXED LEFT JOIN dossiers USING (lead_id)"
        f" WHERE {_RECEIVED} ORDER BY leads.rowid",
        (campaign, since and show_time(since)),
    )
    for *lead, verdict, answers in rows:
        yield Judged(
            lead_from(tuple(lead)),
            None if verdict is None else json.loads(verdict),
            None if answers is None else answers_from(answers),
        )


def how_many(db: Database, campaign: str, since: datetime | None = None) -> int:
    row = db.execute(
        f"SELECT count(*) FROM leads WHERE {_RECEIVED}", (campaign, since and show_time(since))
    ).fetchone()
    return int(row[0])


def tracked(db: Database, campaign: str) -> Iterator[Tracked]:
    # NOT INDEXED: in the order in which they lie, instead of sorting them all first.
    rows = db.execute(
        f"SELECT {LEAD}, {_DECISION}, {_NOTICE}, dossiers.first_touch, dossiers.last_touch"
        " FROM leads NOT INDEXED LEFT JOIN dossiers USING (lead_id)"
        " WHERE leads.campaign = ? AND leads.test = 0 ORDER BY leads.rowid",
        (campaign,),
    )
    for *lead, decision, notice, first, last in rows:
        yield Tracked(
            lead_from(tuple(lead)),
            None if decision is None else decision_from(decision),
            notice and parse_time(notice),
            None if first is None else (json.loads(first), json.loads(last)),
        )
