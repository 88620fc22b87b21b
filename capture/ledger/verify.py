"""The proof: recomputes every link, looks for the guards, derives every projection again."""

from hashlib import sha256
from itertools import islice

from sqlite_utils import Database

from capture.errors import MoveRefused
from capture.lead import Lead, follow
from capture.ledger.chain import GENESIS, link
from capture.ledger.facts import Verification
from capture.ledger.migrations import GUARDED, guards
from capture.ledger.owed import BILLED, dues
from capture.ledger.rows import EVENT_COLUMNS, LEAD_COLUMNS, lead_row, recorded_from

_SHOWN = 5
"""How many faulty projections are named before the rest are only counted."""


def verify(db: Database) -> Verification:
    """Checks the whole ledger within the caller's transaction, so of one moment."""
    faults: list[str] = []
    events, head, leads = _follow_chain(db, faults)
    stored = db.execute("SELECT sequence, head FROM chain").fetchone()
    if not faults and stored != (events, head):
        faults.append(
            f"chain: the head says {stored[0]} events ending in {stored[1][:12]}, "
            f"but there are {events} ending in {head[:12]}"
        )
    faults += _check_guards(db)
    faults += _check_versions(db, leads)
    faults += _check_projections(db, leads)
    if not faults:  # what is due is drawn from events, and those must be sound
        faults += _check_bills(db)
    return Verification(events, len(leads), head, tuple(faults))


def _follow_chain(db: Database, faults: list[str]) -> tuple[int, str, dict[str, Lead]]:
    """Recomputes each hash in order; after the first broken link the rest proves nothing."""
    head, count = GENESIS, 0
    leads: dict[str, Lead] = {}
    rows = db.execute(f"SELECT {EVENT_COLUMNS}, before FROM events ORDER BY sequence")
    for row in rows:
        count += 1
        try:
            recorded = recorded_from(row[:-1])
        except ValueError as error:
            faults.append(f"event {row[0]}: cannot be read: {error}")
            break
        event = recorded.event
        if recorded.sequence != count:
            faults.append(f"event {count}: missing; the next one is {recorded.sequence}")
            break
        if row[-1] != head or recorded.hash != link(head, event, count):
            faults.append(
                f"event {count} ({event.kind} of {event.lead_id or event.campaign}): "
                "broken link; it or the one before it was changed"
            )
            break
        head = recorded.hash
        if event.lead_id is None:
            continue
        try:
            leads[event.lead_id] = follow(leads.get(event.lead_id), event)
        except (MoveRefused, KeyError) as error:
            faults.append(f"event {count}: not a lawful move: {error}")
            break
    return count, head, leads


def _check_guards(db: Database) -> list[str]:
    found = dict(db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    return [
        f"trigger {name}: missing or changed; rows could be altered unseen"
        for name, sql in guards(*GUARDED).items()
        if found.get(name) != sql
    ]


def _check_versions(db: Database, leads: dict[str, Lead]) -> list[str]:
    faults = []
    kept = set()
    for version, text in db.execute("SELECT version, text FROM campaign_versions"):
        kept.add(version)
        if sha256(text.encode()).hexdigest() != version:
            faults.append(f"campaign version {version[:12]}: its text was changed")
    needed = {lead.version for lead in leads.values()}
    needed |= {lead.consent_version for lead in leads.values()}
    return faults + [f"campaign version {name[:12]}: not kept" for name in sorted(needed - kept)]


def _check_projections(db: Database, leads: dict[str, Lead]) -> list[str]:
    wrong: list[str] = []
    seen = set()
    for row in db.execute(f"SELECT {', '.join(LEAD_COLUMNS)} FROM leads ORDER BY rowid"):
        lead_id = row[0]
        seen.add(lead_id)
        lead = leads.get(lead_id)
        if lead is None or lead_row(lead) != row:
            wrong.append(f"lead {lead_id}: its row differs from its events")
    wrong += [f"lead {lead_id}: has events and no row" for lead_id in leads if lead_id not in seen]
    return _few(wrong)


def _check_bills(db: Database) -> list[str]:
    """What a row says of its bill is what the lead's events and its lines on statements say."""
    billed = f"SELECT lead_id FROM leads WHERE billed <> {BILLED} ORDER BY rowid"
    wrong = [
        f"lead {lead_id}: its row names another statement than billed it"
        for (lead_id,) in db.execute(billed)
    ]
    kept = db.execute("SELECT due_at FROM leads ORDER BY rowid")
    wrong += [
        f"lead {lead_id}: its row says that it is due at another time than its events"
        for (lead_id, due), (stored,) in zip(dues(db), kept, strict=True)
        if due != stored
    ]
    return _few(wrong)


def _few(wrong: list[str]) -> list[str]:
    more = len(wrong) - _SHOWN
    return [*islice(wrong, _SHOWN), *([f"and {more} more rows differ"] if more > 0 else [])]
