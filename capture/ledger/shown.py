"""Which leads a client sees, in SQLite: the tables' side of `protocol.Shown`."""

from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from capture.lead import Lead, show_time
from capture.ledger.facts import Shown
from capture.ledger.rows import LEAD, lead_from

SHOWN = "test = 0 AND review IN ('qualified', 'accepted', 'rejected')"
"""As in the partial index, letter by letter, so that SQLite takes it."""
_SILENT = "(review = 'qualified' AND explicit = 0 AND deadline IS NOT NULL AND deadline <= :now)"
_TAKEN_HELD = (
    "(appointment = 'scheduled' AND review IN ('qualified', 'accepted')"
    " AND taken_held_at IS NOT NULL AND taken_held_at <= :now)"
)
_WHERE = {
    "lead_id": "leads.lead_id = :lead_id",
    "campaign": "campaign = :campaign",
    "month": "month = :month",
    "stage": f"CASE WHEN {_SILENT} THEN 'accepted' ELSE review END = :stage",
    "received_since": "received_at >= :received_since",
    "received_until": "received_at < :received_until",
    # By an event, or by silence, of which no event tells yet.
    "changed": "(EXISTS (SELECT 1 FROM events WHERE events.lead_id = leads.lead_id"
    " AND sequence > :sequence)"
    f" OR ({_SILENT} AND deadline > :at) OR ({_TAKEN_HELD} AND taken_held_at > :at))",
    "after": "(received_at, leads.lead_id) < (:after_received, :after_lead)",
}


def shown_leads(db: Database, wanted: Shown) -> Sequence[Lead]:
    """The newest first. The stage is that of `Lead.review_at`, said in SQL so that a client with
    many leads waits no longer for a few of them."""
    where = [_WHERE[name] for name in _WHERE if getattr(wanted, name) is not None]
    rows = db.execute(
        f"SELECT {LEAD} FROM leads WHERE client = :client AND {SHOWN}"
        + "".join(f" AND {clause}" for clause in where)
        + " ORDER BY received_at DESC, leads.lead_id DESC LIMIT :limit",
        _values(wanted),
    )
    return [lead_from(row) for row in rows]


def _values(wanted: Shown) -> dict[str, str | int | None]:
    changed, (received, lead_id) = wanted.changed, wanted.after or (None, None)
    return {
        "client": wanted.client,
        "now": show_time(wanted.now),
        "limit": wanted.limit,
        "lead_id": wanted.lead_id,
        "campaign": wanted.campaign,
        "month": wanted.month,
        "stage": wanted.stage,
        "received_since": _text(wanted.received_since),
        "received_until": _text(wanted.received_until),
        "sequence": None if changed is None else changed.sequence,
        "at": None if changed is None else show_time(changed.at),
        "after_received": _text(received),
        "after_lead": lead_id,
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else show_time(moment)
