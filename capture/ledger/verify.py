"""Checks a ledger: recomputes the hash chain, checks the triggers, derives every projection anew.

It scans twice: the events in order for the chain, then the leads with their events for the
projections. It never holds more than one lead in memory.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from capture.errors import EventNotAllowed
from capture.lead.fold import apply_event, fold_events
from capture.lead.model import Lead
from capture.ledger.dialect import Connection
from capture.ledger.due_projection import BILLED, due_time
from capture.ledger.events import EVENT_COLUMNS, GENESIS, event_hash, recorded_from_row
from capture.ledger.held_leads import held_row
from capture.ledger.lead_list import risk_signals_of
from capture.ledger.leads import LEAD_ROW, lead_row
from capture.ledger.projections import ProjectionCheck
from capture.ledger.store import SqlReadTransaction
from capture.ledger.types import PersonalData, RecordedEvent, Verification

_MAX_NAMED: Final = 5
"""Problems of one kind that are listed; further ones are only counted."""

Row = tuple[object, ...]


def verify(reading: SqlReadTransaction, trigger_problems: Sequence[str]) -> Verification:
    """Checks the whole ledger within the caller's transaction.

    `trigger_problems` are the problems of the append-only triggers; each database checks its own.
    """
    chain = check_chain(reading.connection)
    problems = [*chain.problems, *trigger_problems]
    is_sound = not problems
    scan = _LeadScan(reading, is_sound=is_sound)
    scan.run(chain.events)
    missing = sorted(scan.versions - chain.versions)
    problems += [f"campaign {slug}, version {name[:12]}: not stored" for slug, name in missing]
    problems += scan.problems()
    return Verification(
        chain.events, scan.leads, chain.head, tuple(problems), can_rebuild=is_sound and not missing
    )


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """The chain of events, and the campaign versions that they cite."""

    events: int
    """The number of events up to the first broken link."""
    head: str
    """The hash of the last of them."""
    versions: AbstractSet[tuple[str, str]]
    """The slug and the version of each stored campaign version."""
    problems: Sequence[str]


def check_chain(db: Connection) -> ChainCheck:
    """Recomputes the hash of each event and of each stored campaign version."""
    problems: list[str] = []
    events, head = _check_events(db, problems)
    stored = db.execute("SELECT sequence, head FROM chain").fetchone()
    if not problems and stored != (events, head):
        problems.append(
            f"chain: its head counts {stored[0]} events, the last {stored[1][:12]}, "
            f"but there are {events}, the last {head[:12]}"
        )
    versions = _check_versions(db, problems)
    return ChainCheck(events, head, versions, problems)


def _check_events(db: Connection, problems: list[str]) -> tuple[int, str]:
    """Recomputes each hash in order and stops at the first broken link.

    Returns the number of events and the last hash.
    """
    head, count = GENESIS, 0
    for row in db.execute(f"SELECT {EVENT_COLUMNS}, before FROM events ORDER BY sequence"):
        count += 1
        try:
            recorded = recorded_from_row(row[:-1])
        except ValueError as error:
            problems.append(f"event {row[0]}: cannot be read: {error}")
            break
        event = recorded.event
        if recorded.sequence != count:
            problems.append(f"event {count}: missing; the next one is {recorded.sequence}")
            break
        if row[-1] != head or recorded.hash != event_hash(head, event, count):
            problems.append(
                f"event {count} ({event.kind} of {event.lead_id or event.campaign}): "
                "broken link; it or the one before it was changed"
            )
            break
        head = recorded.hash
    return count, head


def _check_versions(db: Connection, problems: list[str]) -> set[tuple[str, str]]:
    """Checks the hash of each stored campaign version. Returns (slug, version) of each."""
    stored = set()
    for slug, version, text in db.execute("SELECT slug, version, text FROM campaign_versions"):
        stored.add((slug, version))
        if sha256(text.encode()).hexdigest() != version:
            problems.append(f"campaign version {version[:12]}: its text was changed")
    return stored


@dataclass
class _ProblemKind:
    """Problems of one kind: the first few in words, the others as a number."""

    what: str
    named: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, name: str, what: str = "") -> None:
        self.count += 1
        if self.count <= _MAX_NAMED:
            self.named.append(f"{name}: {what or self.what}")

    def lines(self) -> Iterator[str]:
        yield from self.named
        if self.count > _MAX_NAMED:
            yield f"and {self.count - _MAX_NAMED} more of these"


class _LeadScan:
    """Compares each lead's row with the row that its events and statements give."""

    def __init__(self, reading: SqlReadTransaction, *, is_sound: bool) -> None:
        """Due times depend on events and versions, so they are checked only if `is_sound`."""
        self.leads = 0
        self.versions: set[tuple[str, str]] = set()
        self._reading = reading
        self._db = reading.connection
        self._is_sound = is_sound
        self._events = 0
        self._forbidden = _ProblemKind("not an allowed move")
        self._rows = _ProblemKind("its row differs from its events")
        self._missing = _ProblemKind("has events but no row")
        self._billed = _ProblemKind("its row does not name the statement that billed it last")
        self._signals = _ProblemKind("its risk signals in the list differ from its events")
        self._signal_count = 0
        self._held = _ProblemKind("its row in the list of quarantine differs from its events")
        self._held_count = 0
        self._words = _ProblemKind("the words by which a search finds it differ from its answers")
        self._word_count = 0
        self._articles = _ProblemKind("its article in the list of leads differs from its visits")
        self._due = _ProblemKind("its row has a due time that differs from its events")
        self._open = _ProblemKind("its lines that are not billed yet differ from its events")
        self._open_count = 0
        self._customers = _ProblemKind("its rows in the tables of customers differ from its events")
        self._projections = ProjectionCheck(reading)
        self._is_complete = True

    def problems(self) -> Iterator[str]:
        for kind in (
            *(self._forbidden, self._rows, self._missing, self._billed, self._due, self._open),
            *(self._signals, self._held, self._customers, self._articles, self._words),
        ):
            yield from kind.lines()
        if self._is_sound and self._is_complete:
            yield from self._projections.problems()

    def run(self, events: int) -> None:
        """Checks every lead. `events` is the number of events in the chain."""
        # In stored order, because the events of a lead are mostly stored together as well.
        rows = self._db.execute(
            f"SELECT {LEAD_ROW}, article, due_at, billed, {BILLED}"
            f" FROM leads {self._reading.dialect.in_stored_order} ORDER BY leads.id"
        )
        for *row, article, due, billed, derived in rows:
            data = self._reading.people.personal_data(row[0])
            self._check_row(tuple(row), due, data)
            self._check_personal_data(row[0], article, data)
            if billed != derived:
                self._billed.add(f"lead {row[0]}")
        if self._is_sound and self._reading.lead_list.count_signals() != self._signal_count:
            self._signals.add("the list of risk signals", "has rows of no event")
        if self._is_sound and self._reading.held_leads.count() != self._held_count:
            self._held.add("the list of quarantine", "has rows of no lead in quarantine")
        is_counted = self._is_sound and self._is_complete and not self._rows.count
        if is_counted and self._reading.due.count() != self._open_count:
            self._open.add("the table of unbilled lines", "has rows of no lead's line")
        if self._reading.words.count() != self._word_count:
            self._words.add("the list of words", "it has words of no lead")
        account_events = "SELECT count(*) FROM events WHERE lead_id IS NULL"
        if self._events + self._db.execute(account_events).fetchone()[0] != events:
            self._find_missing_rows()

    def _find_missing_rows(self) -> None:
        rows = self._db.execute(
            "SELECT DISTINCT lead_id FROM events WHERE lead_id IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM leads WHERE leads.lead_id = events.lead_id)"
        )
        for (lead_id,) in rows:
            self.leads += 1
            self._is_complete = False
            self._missing.add(f"lead {lead_id}")

    def _check_row(self, row: Row, due: str | None, data: PersonalData | None) -> None:
        lead_id = str(row[0])
        events = self._events_of(lead_id)
        lead = self._fold(events)
        if lead is not None:
            self._check_counts(lead, events, data)
        if lead is None or lead_row(lead) != row:
            self._is_complete = self._is_complete and lead is not None
            self._rows.add(f"lead {lead_id}")
            return
        self._check_signals(lead, events)
        self._check_held(lead, events)
        versions = {lead.version, lead.consent_version}
        self.versions |= {(lead.campaign, version) for version in versions if version is not None}
        if self._is_sound:
            lines = self._reading.due.derive(lead, (recorded.event for recorded in events))
            self._open_count += len(lines)
            if lines and lines != self._reading.due.stored(lead_id):
                self._open.add(f"lead {lead_id}")
            if due != due_time(lines):
                self._due.add(f"lead {lead_id}")

    def _check_counts(
        self, lead: Lead, events: Sequence[RecordedEvent], data: PersonalData | None
    ) -> None:
        if self._is_sound and not self._projections.add(
            lead, [recorded.event for recorded in events], data
        ):
            self._customers.add(f"lead {lead.lead_id}")

    def _check_personal_data(
        self, lead_id: str, article: bytes | None, data: PersonalData | None
    ) -> None:
        """Checks what is derived from the lead's personal data, which is None after erasure."""
        if article != (None if data is None else self._reading.people.article_of(data)):
            self._articles.add(f"lead {lead_id}")
        if data is not None:
            expected, found = self._reading.words.compare(lead_id, data)
            self._word_count += found
            if expected != found:
                self._words.add(f"lead {lead_id}")

    def _check_signals(self, lead: Lead, events: Sequence[RecordedEvent]) -> None:
        names = risk_signals_of(recorded.event for recorded in events)
        self._signal_count += len(names)
        if names and not self._reading.lead_list.has_signals(lead, names):
            self._signals.add(f"lead {lead.lead_id}")

    def _check_held(self, lead: Lead, events: Sequence[RecordedEvent]) -> None:
        row = held_row(lead, (recorded.event for recorded in events))
        self._held_count += row is not None
        if row is not None and not self._reading.held_leads.has_row(row):
            self._held.add(f"lead {lead.lead_id}")

    def _events_of(self, lead_id: str) -> Sequence[RecordedEvent]:
        """The lead's events; empty if one is damaged, because the chain is then broken too."""
        rows = self._db.execute(
            f"SELECT {EVENT_COLUMNS} FROM events WHERE lead_id = ? ORDER BY sequence", (lead_id,)
        ).fetchall()
        self._events += len(rows)
        self.leads += bool(rows)
        try:
            return [recorded_from_row(row) for row in rows]
        except ValueError:
            return []

    def _fold(self, events: Sequence[RecordedEvent]) -> Lead | None:
        """The lead after these events; None if they are damaged or not allowed."""
        try:
            return fold_events(recorded.event for recorded in events)
        except EventNotAllowed:
            self._add_forbidden(events)
        except (KeyError, ValueError):  # damaged: the chain is broken there as well
            pass
        return None

    def _add_forbidden(self, events: Sequence[RecordedEvent]) -> None:
        lead: Lead | None = None
        for recorded in events:
            try:
                lead = apply_event(lead, recorded.event)
            except EventNotAllowed as error:
                self._forbidden.add(f"event {recorded.sequence}", f"not an allowed move: {error}")
                return
