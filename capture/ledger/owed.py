"""What a lead's row says of its bill (rule 33): when its next line falls due, and what billed it.

Both follow from events: of the lead, and of the closings whose statements have its lines. The row
is written in the same transaction; `verify` derives it again by `dues`.
"""

from collections.abc import Container, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from sqlite_utils import Database

from capture.billing import Life, life_of, lines_for
from capture.campaign import Campaign, parse_campaign
from capture.lead import DELIVERED, Lead, show_time
from capture.ledger.rows import EVENT_COLUMNS, recorded_from

_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)
_AT_ONCE: Final = 1000
"""Rows held while a table is walked that may be written meanwhile."""

BILLED: Final = """coalesce((
    SELECT number FROM statement_lines LEFT JOIN statements USING (number)
    WHERE statement_lines.lead_id = leads.lead_id ORDER BY statements.rowid DESC LIMIT 1
), '')"""
"""The number of the statement that billed a lead last; empty while none did."""


@lru_cache(maxsize=64)  # a version never changes, and leads share a few
def parsed(slug: str, version: str, text: str) -> Campaign:
    """A campaign version as it was kept."""
    return parse_campaign(slug, text, f"{slug} (version {version[:12]})")


def may_owe(lead: Lead) -> bool:
    """Whether a line may come of the lead as it stands (rules 5 and 8)."""
    return lead.review in DELIVERED and not lead.test and not lead.free


def due_at(life: Life, terms: Campaign, billed: Container[str]) -> datetime | None:
    """When a lead's next line falls due if nobody says anything more, what silence says included.

    `billed` holds the periods of its lines that a statement has. None: nothing falls due by itself.
    """
    lines = lines_for(life, terms, _FOR_EVER)
    return min((line.due_at for line in lines if line.period not in billed), default=None)


def dues(db: Database) -> Iterator[tuple[str, str | None]]:
    """Each lead's id and due time as its column holds it, derived from its events."""
    rowid = 0
    while rows := db.execute(
        "SELECT rowid, lead_id FROM leads WHERE rowid > ? ORDER BY rowid LIMIT ?", (rowid, _AT_ONCE)
    ).fetchall():
        for rowid, lead_id in rows:  # noqa: B007 - goes on from there
            found = db.execute(
                f"SELECT {EVENT_COLUMNS} FROM events WHERE lead_id = ? ORDER BY sequence",
                (lead_id,),
            )
            yield lead_id, due_of(db, life_of(recorded_from(row).event for row in found))


def due_of(db: Database, life: Life) -> str | None:
    """What a lead's column has to hold, derived from its events and its lines on statements."""
    lead = life.lead
    if not may_owe(lead):
        return None
    kept = db.execute(
        "SELECT text FROM campaign_versions WHERE slug = ? AND version = ?",
        (lead.campaign, lead.version),
    ).fetchone()
    if kept is None:
        return None
    due = due_at(life, parsed(lead.campaign, lead.version, *kept), periods_billed(db, lead.lead_id))
    return None if due is None else show_time(due)


def periods_billed(db: Database, lead_id: str) -> set[str]:
    """The periods of a lead's lines that a statement has."""
    rows = db.execute("SELECT period FROM statement_lines WHERE lead_id = ?", (lead_id,))
    return {period for (period,) in rows}
