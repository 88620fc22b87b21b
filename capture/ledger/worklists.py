"""Which few leads of very many there is something to do about, in SQLite, by indexed columns.

A caller asks `Lead` or `lines_for` what really holds of each; here only those are left out of which
a row's columns say that it cannot be (rule 33).
"""

from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from capture.lead import Lead, show_time
from capture.ledger.rows import LEAD, lead_from

# INDEXED BY: left to itself, SQLite reads all leads in their order if no campaign is asked for.
_IN_REVIEW = "leads INDEXED BY leads_in_review WHERE review = 'qualified'"
_BOOKED = "leads INDEXED BY leads_booked WHERE appointment = 'scheduled'"


def in_review(
    db: Database, campaign: str | None = None, ended_by: datetime | None = None
) -> Sequence[Lead]:
    """Leads that nobody has decided; with a time, those whose window had ended by then."""
    return _leads(db, _IN_REVIEW, "deadline <= :at", campaign, ended_by)


def booked(
    db: Database, campaign: str | None = None, silent_by: datetime | None = None
) -> Sequence[Lead]:
    """Leads with a pending meeting; with a time, those of which nobody spoke in time."""
    return _leads(db, _BOOKED, "taken_held_at <= :at", campaign, silent_by)


def _leads(
    db: Database, state: str, ended: str, campaign: str | None, at: datetime | None
) -> Sequence[Lead]:
    where = "" if campaign is None else " AND campaign = :campaign"
    where += "" if at is None else f" AND {ended}"
    rows = db.execute(
        f"SELECT {LEAD} FROM {state}{where} ORDER BY leads.rowid",
        {"campaign": campaign, "at": at and show_time(at)},
    )
    return [lead_from(row) for row in rows]


def free(db: Database, campaign: str, month: str) -> Sequence[str]:
    """The ids of a month's leads that were delivered over a cap, tests left out (rule 8)."""
    rows = db.execute(
        "SELECT lead_id FROM leads WHERE campaign = ? AND month = ? AND test = 0 AND free = 1",
        (campaign, month),
    )
    return [lead_id for (lead_id,) in rows]


def first_lead(db: Database, campaign: str) -> Lead | None:
    """The lead that was recorded first, tests left out."""
    row = db.execute(
        f"SELECT {LEAD} FROM events CROSS JOIN leads USING (lead_id)"
        " WHERE events.campaign = ? AND test = 0 ORDER BY recorded_at, sequence LIMIT 1",
        (campaign,),
    ).fetchone()
    return None if row is None else lead_from(row)


def billable(db: Database, campaign: str, month: str, as_of: datetime) -> set[str]:
    """The ids of leads that may have a line in a month, as far as all events tell until now.

    Their next line has fallen due, or a statement of that month or a later one has a line.
    """
    rows = db.execute(
        "SELECT lead_id FROM leads WHERE campaign = :campaign AND due_at <= :as_of"
        " UNION ALL SELECT lead_id FROM statements CROSS JOIN statement_lines USING (number)"
        " WHERE campaign = :campaign AND month >= :month",
        {"campaign": campaign, "month": month, "as_of": show_time(as_of)},
    )
    return {lead_id for (lead_id,) in rows}


def changed_after(
    db: Database, campaign: str, *, until: datetime | None = None, last: int | None = None
) -> set[str]:
    """The ids of leads with an event that was recorded after a time, or after a number."""
    found: set[str | None] = set()
    if until is not None:
        rows = db.execute(
            "SELECT lead_id FROM events WHERE campaign = ? AND recorded_at > ?",
            (campaign, show_time(until)),
        )
        found.update(lead_id for (lead_id,) in rows)
    if last is not None:
        # NOT INDEXED: from that number on, not all events of the campaign.
        rows = db.execute(
            "SELECT lead_id FROM events NOT INDEXED WHERE sequence > ? AND campaign = ?",
            (last, campaign),
        )
        found.update(lead_id for (lead_id,) in rows)
    return {lead_id for lead_id in found if lead_id is not None}  # others are of the account
