"""Writing into the SQLite ledger, within one transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlite_utils import Database

from capture.billing import Life, life_of
from capture.campaign import Campaign
from capture.canonical import canonical
from capture.errors import Refused
from capture.lead import RESERVED, Event, Kind, Lead, follow, show_time
from capture.ledger import programs
from capture.ledger.chain import link_text
from capture.ledger.facts import Access, Dossier, Frozen, Keys, Message, Note
from capture.ledger.owed import due_at, may_owe, parsed, periods_billed
from capture.ledger.reading import SqliteReading
from capture.ledger.rows import LEAD_COLUMNS, STATEMENT_COLUMNS, dossier_row, lead_row

_COLUMNS = ", ".join(LEAD_COLUMNS)
_MARKS = ", ".join("?" * len(LEAD_COLUMNS))
_CHANGES = ", ".join(f"{name} = excluded.{name}" for name in LEAD_COLUMNS)
_RECEIVED_AND_JUDGED: Final = 2


class SqliteRecords(SqliteReading):
    """The writes of `protocol.Records`. Made by `SqliteLedger.transact`, which holds the head."""

    def __init__(self, db: Database, key: bytes, sequence: int, head: str) -> None:
        super().__init__(db, key)
        self._sequence = sequence
        self._head = head

    @property
    def end(self) -> tuple[int, str]:
        """Number and hash of the last event, with those that this work has appended."""
        return self._sequence, self._head

    def append(self, *events: Event) -> None:
        leads: dict[str, Lead] = {}
        spoken: dict[str, list[Event]] = {}
        rows = []
        for event in events:
            if event.kind in RESERVED:
                raise Refused(
                    f"event kind {event.kind}: reserved for a later version, so nothing was "
                    "written; record an event of another kind"
                )
            if event.lead_id is not None:
                before = leads.get(event.lead_id) or self.lead(event.lead_id)
                leads[event.lead_id] = follow(before, event)
                if not event.data.get("silence"):  # what is due counts on silence already
                    spoken.setdefault(event.lead_id, []).append(event)
            rows.append(self._chained(event))
        self._db.conn.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self._db.execute("UPDATE chain SET sequence = ?, head = ?", (self._sequence, self._head))
        self._db.conn.executemany(
            f"INSERT INTO leads ({_COLUMNS}) VALUES ({_MARKS})"
            f" ON CONFLICT (lead_id) DO UPDATE SET {_CHANGES}",
            map(lead_row, leads.values()),
        )
        dues = []
        for lead_id, said in spoken.items():
            new = said[0].kind is Kind.RECEIVED  # then all of its events are at hand
            due = self._due(leads[lead_id], _begun(leads[lead_id], said) if new else None)
            if due is not None or not new:
                dues.append((due, lead_id))
        self._keep_dues(dues)

    def _keep_dues(self, dues: Iterable[tuple[str | None, str]]) -> None:
        self._db.conn.executemany("UPDATE leads SET due_at = ? WHERE lead_id = ?", dues)

    def _due(self, lead: Lead, life: Life | None = None) -> str | None:
        """Without its life, that is looked up."""
        kept = self.version_text(lead.campaign, lead.version) if may_owe(lead) else None
        if kept is None:
            return None
        billed: set[str] = set()
        if life is None:
            life = life_of(one.event for one in self.events(lead_id=lead.lead_id))
            billed = periods_billed(self._db, lead.lead_id)
        due = due_at(life, parsed(lead.campaign, lead.version, kept), billed)
        return None if due is None else show_time(due)

    def _chained(self, event: Event) -> tuple[str | int | None, ...]:
        before, data = self._head, canonical(event.data)
        self._sequence += 1
        self._head = link_text(before, event, self._sequence, data)
        return (
            self._sequence,
            event.campaign,
            event.lead_id,
            event.kind.value,
            show_time(event.occurred_at),
            show_time(event.recorded_at),
            event.actor.value,
            data,
            before,
            self._head,
        )

    def keep_version(self, campaign: Campaign, at: datetime) -> None:
        self._db.execute(
            "INSERT INTO campaign_versions SELECT ?, ?, ?, ? WHERE NOT EXISTS"
            " (SELECT 1 FROM campaign_versions WHERE slug = ? AND version = ?)",
            (
                *(campaign.slug, campaign.version, campaign.text, show_time(at)),
                *(campaign.slug, campaign.version),
            ),
        )

    def keep_dossier(self, campaign: str, lead_id: str, dossier: Dossier) -> None:
        self._db.execute(
            "INSERT INTO dossiers VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            dossier_row(campaign, lead_id, dossier),
        )

    def keep_keys(self, lead_id: str, client: str, keys: Keys) -> None:
        self._db.conn.executemany(
            "INSERT OR IGNORE INTO duplicate_keys VALUES (?, ?)",
            [(self.mac(client, kind, value), lead_id) for kind, value in keys.items()],
        )

    def change_dossier(self, lead_id: str, dossier: Dossier) -> None:
        row = dossier_row("", lead_id, dossier)[2:]
        self._db.execute(
            "UPDATE dossiers SET (answers, judged, reasons, first_touch, last_touch, unverified)"
            " = (?, ?, ?, ?, ?, ?) WHERE lead_id = ?",
            (*row, lead_id),
        )

    def change_keys(self, lead_id: str, client: str, keys: Keys) -> None:
        # Looks through the whole table: this is rare, and an index would burden every new lead.
        self._db.execute("DELETE FROM duplicate_keys WHERE lead_id = ?", (lead_id,))
        self.keep_keys(lead_id, client, keys)

    def keep_statement(self, statement: Frozen, lines: Iterable[tuple[str, str]]) -> None:
        self._db.execute(
            f"INSERT INTO statements ({STATEMENT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                statement.number,
                statement.client,
                statement.campaign,
                statement.month,
                statement.json,
                statement.sha256,
                show_time(statement.closed_at),
            ),
        )
        billed = [(lead_id, period, statement.number) for lead_id, period in lines]
        self._db.conn.executemany("INSERT INTO statement_lines VALUES (?, ?, ?)", billed)
        self._db.conn.executemany(
            "UPDATE leads SET billed = ?, due_at = NULL WHERE lead_id = ?",
            [(number, lead_id) for lead_id, _, number in billed],
        )
        # Who is billed once has nothing more to come; who is billed by the month may have.
        by_month = {lead_id for lead_id, period, _ in billed if period}
        leads = [lead for lead in map(self.lead, by_month) if lead is not None]
        self._keep_dues((self._due(lead), lead.lead_id) for lead in leads)

    def keep_note(self, note: Note) -> None:
        self._db.execute(
            "INSERT INTO notes (lead_id, kind, author, text, written_at) VALUES (?, ?, ?, ?, ?)",
            (note.lead_id, note.kind, note.author, note.text, show_time(note.written_at)),
        )

    def keep_submission(
        self, one_time_id: str | None, answers: str, at: datetime, lead_id: str
    ) -> None:
        self._db.execute(
            "INSERT INTO submissions VALUES (?, ?, ?, ?)",
            (
                self.mac(one_time_id) if one_time_id else None,
                self.mac(answers),
                show_time(at),
                lead_id,
            ),
        )

    def queue(self, message: Message) -> None:
        self._db.execute(
            "INSERT INTO outbox (lead_id, kind, queued_at, expires_at) VALUES (?, ?, ?, ?)",
            (
                message.lead_id,
                message.kind,
                show_time(message.queued_at),
                message.expires_at and show_time(message.expires_at),
            ),
        )

    def keep_access(self, access: Access, digest: str) -> None:
        programs.keep_access(self._db, access, digest)

    def note_use(self, access_id: str, at: datetime) -> None:
        programs.note_use(self._db, access_id, at)

    def revoke_access(self, access_id: str, at: datetime) -> None:
        programs.revoke_access(self._db, access_id, at)

    def keep_answer(self, client: str, key: str, request: str, answer: str, at: datetime) -> None:
        mac = self.mac(client, "key", key)
        programs.keep_answer(self._db, mac, self.mac(request), answer, at)

    def suppress(self, client: str, keys: Iterable[tuple[str, str]], at: datetime) -> int:
        before = self._db.conn.total_changes
        self._db.conn.executemany(
            "INSERT OR IGNORE INTO suppressions VALUES (?, ?, ?)",
            [(self.mac(client, kind, value), client, show_time(at)) for kind, value in keys],
        )
        return self._db.conn.total_changes - before


def _begun(lead: Lead, said: Sequence[Event]) -> Life:
    """The life of a new lead: received and judged it has none yet, beyond its row."""
    return Life(lead, {}) if len(said) <= _RECEIVED_AND_JUDGED else life_of(said)
