"""The proof: recomputes every link, looks for the guards, derives every projection again.

Two walks, and neither holds more than one lead: over the events in their order for the chain, and
over the leads with their events for what is derived of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from sqlite_utils import Database

from capture.billing import Life, life_of
from capture.errors import MoveRefused
from capture.lead import Lead, follow
from capture.ledger.chain import GENESIS, link
from capture.ledger.facts import Recorded, Verification
from capture.ledger.migrations import GUARDED, guards
from capture.ledger.owed import BILLED, due_of
from capture.ledger.rows import EVENT_COLUMNS, LEAD, lead_row, recorded_from

_SHOWN: Final = 5
"""How many faulty projections are named before the rest are only counted."""

Row = tuple[object, ...]


def verify(db: Database) -> Verification:
    """Checks the whole ledger within the caller's transaction, so of one moment."""
    faults: list[str] = []
    events, head = _follow_chain(db, faults)
    stored = db.execute("SELECT sequence, head FROM chain").fetchone()
    if not faults and stored != (events, head):
        faults.append(
            f"chain: the head says {stored[0]} events ending in {stored[1][:12]}, "
            f"but there are {events} ending in {head[:12]}"
        )
    faults += _check_guards(db)
    kept = _check_versions(db, faults)
    walk = _Walk(db, sound=not faults)
    walk.go(events)
    missing = sorted(walk.versions - kept)
    faults += [f"campaign {slug}, version {name[:12]}: not kept" for slug, name in missing]
    faults += walk.faults()
    return Verification(events, walk.leads, head, tuple(faults))


def _follow_chain(db: Database, faults: list[str]) -> tuple[int, str]:
    """Recomputes each hash in order; after the first broken link the rest proves nothing."""
    head, count = GENESIS, 0
    for row in db.execute(f"SELECT {EVENT_COLUMNS}, before FROM events ORDER BY sequence"):
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
    return count, head


def _check_guards(db: Database) -> list[str]:
    found = dict(db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    return [
        f"trigger {name}: missing or changed; rows could be altered unseen"
        for name, sql in guards(*GUARDED).items()
        if found.get(name) != sql
    ]


def _check_versions(db: Database, faults: list[str]) -> set[tuple[str, str]]:
    """The campaign versions that are kept, each with its campaign."""
    kept = set()
    for slug, version, text in db.execute("SELECT slug, version, text FROM campaign_versions"):
        kept.add((slug, version))
        if sha256(text.encode()).hexdigest() != version:
            faults.append(f"campaign version {version[:12]}: its text was changed")
    return kept


@dataclass
class _Wrong:
    """Faults of one kind: the first few in words, the others counted."""

    what: str
    named: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, name: str, what: str = "") -> None:
        self.count += 1
        if self.count <= _SHOWN:
            self.named.append(f"{name}: {what or self.what}")

    def lines(self) -> Iterator[str]:
        yield from self.named
        if self.count > _SHOWN:
            yield f"and {self.count - _SHOWN} more of these"


class _Walk:
    """Derives each lead's row from its events, and what the row says of its bill."""

    def __init__(self, db: Database, *, sound: bool) -> None:
        """What is due is drawn from events and versions: it is looked at if those are `sound`."""
        self.leads = 0
        self.versions: set[tuple[str, str]] = set()
        self._db = db
        self._sound = sound
        self._events = 0
        self._unlawful = _Wrong("not a lawful move")
        self._rows = _Wrong("its row differs from its events")
        self._without = _Wrong("has events and no row")
        self._billed = _Wrong("its row names another statement than billed it")
        self._due = _Wrong("its row says that it is due at another time than its events")

    def faults(self) -> Iterator[str]:
        for wrong in (self._unlawful, self._rows, self._without, self._billed, self._due):
            yield from wrong.lines()

    def go(self, events: int) -> None:
        """Looks at every lead; `events` is how many the chain has."""
        # NOT INDEXED: the leads as they lie, whose events mostly lie together as well.
        rows = self._db.execute(
            f"SELECT {LEAD}, due_at, billed, {BILLED} FROM leads NOT INDEXED ORDER BY leads.rowid"
        )
        for *row, due, billed, derived in rows:
            self._look(tuple(row), due)
            if billed != derived:
                self._billed.add(f"lead {row[0]}")
        others = "SELECT count(*) FROM events WHERE lead_id IS NULL"
        if self._events + self._db.execute(others).fetchone()[0] != events:
            self._look_for_rows()

    def _look_for_rows(self) -> None:
        without = self._db.execute(
            "SELECT DISTINCT lead_id FROM events WHERE lead_id IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM leads WHERE leads.lead_id = events.lead_id)"
        )
        for (lead_id,) in without:
            self.leads += 1
            self._without.add(f"lead {lead_id}")

    def _look(self, row: Row, due: str | None) -> None:
        lead_id = str(row[0])
        life = self._life(lead_id)
        if life is None or lead_row(life.lead) != row:
            self._rows.add(f"lead {lead_id}")
            return
        shown = life.lead.consent_version
        versions = {life.lead.version} if shown is None else {life.lead.version, shown}
        self.versions |= {(life.lead.campaign, version) for version in versions}
        if self._sound and due != due_of(self._db, life):
            self._due.add(f"lead {lead_id}")

    def _life(self, lead_id: str) -> Life | None:
        """What its events tell; None if they tell nothing that could be."""
        rows = self._db.execute(
            f"SELECT {EVENT_COLUMNS} FROM events WHERE lead_id = ? ORDER BY sequence", (lead_id,)
        ).fetchall()
        self._events += len(rows)
        self.leads += bool(rows)
        try:
            found = [recorded_from(row) for row in rows]
            return life_of(one.event for one in found)
        except MoveRefused:
            self._name_unlawful(found)
        except (KeyError, ValueError):  # cannot be read: then the chain is broken there as well
            pass
        return None

    def _name_unlawful(self, found: Sequence[Recorded]) -> None:
        lead: Lead | None = None
        for one in found:
            try:
                lead = follow(lead, one.event)
            except MoveRefused as error:
                self._unlawful.add(f"event {one.sequence}", f"not a lawful move: {error}")
                return
