"""The tables of the SQLite ledger, as sqlite-utils migrations: appended to, never edited.

Events hold no personal data and only grow; dossiers hold the personal data and can be erased;
`leads` is a projection that `verify` derives again.
"""

from sqlite_utils import Database, Migrations

from capture.ledger.owed import BILLED, dues

migrations = Migrations("gatepost")

GUARDED = {
    "events": ("sequence",),
    "campaign_versions": ("slug", "version"),
    "statements": ("number",),
    "statement_lines": ("lead_id", "period"),
}
"""Tables that only grow, and their keys. REPLACE goes round delete triggers, so inserts are
guarded as well."""


def guards(*tables: str) -> dict[str, str]:
    """The triggers that keep the tables growing only: name to SQL, as `verify` checks."""
    triggers: dict[str, str] = {}
    for table in tables:
        same = " AND ".join(f"{key} = NEW.{key}" for key in GUARDED[table])
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
        triggers |= {
            f"{table}_never_updated": f"BEFORE UPDATE ON {table} {refuse}",
            f"{table}_never_deleted": f"BEFORE DELETE ON {table} {refuse}",
            f"{table}_never_replaced": f"BEFORE INSERT ON {table} WHEN EXISTS "
            f"(SELECT 1 FROM {table} WHERE {same}) {refuse}",
        }
    return {name: f"CREATE TRIGGER {name} {rest}" for name, rest in triggers.items()}


@migrations()
def create_events(db: Database) -> None:
    """Events, the chain's head (one row that every write updates first), campaign versions."""
    db.executescript("""
        CREATE TABLE chain (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            sequence INTEGER NOT NULL,
            head TEXT NOT NULL
        ) STRICT;
        INSERT INTO chain VALUES (1, 0, printf('%064d', 0));
        CREATE TABLE events (
            sequence INTEGER PRIMARY KEY,
            campaign TEXT NOT NULL,
            lead_id TEXT,
            kind TEXT NOT NULL,
            occurred_at TEXT NOT NULL,
            recorded_at TEXT NOT NULL,
            actor TEXT NOT NULL,
            data TEXT NOT NULL,
            before TEXT NOT NULL,
            hash TEXT NOT NULL
        ) STRICT;
        CREATE INDEX events_by_lead ON events (lead_id, sequence);
        CREATE INDEX events_by_campaign ON events (campaign, sequence);
        CREATE INDEX events_of_doors ON events (campaign, sequence) WHERE lead_id IS NULL;
        CREATE TABLE campaign_versions (
            version TEXT PRIMARY KEY,
            slug TEXT NOT NULL,
            text TEXT NOT NULL,
            kept_at TEXT NOT NULL
        ) STRICT;
    """)
    for trigger in guards("events", "campaign_versions").values():
        db.execute(trigger)


@migrations()
def create_leads(db: Database) -> None:
    """The projection, one row a lead, and the personal data in a table of its own."""
    db.executescript("""
        CREATE TABLE leads (
            lead_id TEXT NOT NULL UNIQUE,
            campaign TEXT NOT NULL,
            client TEXT NOT NULL,
            version TEXT NOT NULL,
            consent_version TEXT NOT NULL,
            source TEXT NOT NULL,
            received_at TEXT NOT NULL,
            month TEXT NOT NULL,
            test INTEGER NOT NULL,
            free INTEGER NOT NULL,
            explicit INTEGER NOT NULL,
            review TEXT NOT NULL,
            appointment TEXT NOT NULL,
            sale TEXT NOT NULL,
            deadline TEXT,
            accepted_at TEXT
        ) STRICT;
        CREATE INDEX leads_by_month ON leads (campaign, month, review, test, free);
        CREATE TABLE dossiers (
            lead_id TEXT NOT NULL UNIQUE,
            campaign TEXT NOT NULL,
            answers TEXT NOT NULL,
            judged TEXT NOT NULL,
            reasons TEXT NOT NULL,
            first_touch TEXT NOT NULL,
            last_touch TEXT NOT NULL
        ) STRICT;
    """)


@migrations()
def create_identities(db: Database) -> None:
    """What makes two submissions one and two people the same: keyed hashes, no clear text."""
    db.executescript("""
        CREATE TABLE submissions (
            one_time_id BLOB UNIQUE,
            answers BLOB NOT NULL,
            received_at TEXT NOT NULL,
            lead_id TEXT NOT NULL
        ) STRICT;
        CREATE INDEX submissions_by_answers ON submissions (answers, received_at);
        CREATE TABLE duplicate_keys (
            mac BLOB NOT NULL,
            lead_id TEXT NOT NULL,
            PRIMARY KEY (mac, lead_id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE key_check (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            mac BLOB NOT NULL
        ) STRICT;
        CREATE TABLE suppressions (
            mac BLOB PRIMARY KEY,
            client TEXT NOT NULL,
            added_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
    """)


@migrations()
def create_outbox(db: Database) -> None:
    """Messages that were committed with their lead and wait to be sent."""
    db.executescript("""
        CREATE TABLE outbox (
            id INTEGER PRIMARY KEY,
            lead_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            queued_at TEXT NOT NULL,
            expires_at TEXT,
            sent_at TEXT
        ) STRICT;
        CREATE INDEX outbox_waiting ON outbox (id) WHERE sent_at IS NULL;
    """)


@migrations()
def add_review(db: Database) -> None:
    """What review needs beside the events: open disputes, and notes, which can be erased."""
    db.executescript("""
        ALTER TABLE leads ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE leads ADD COLUMN meeting_lost INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE leads ADD COLUMN disputed INTEGER NOT NULL DEFAULT 0;
        UPDATE leads SET told = 1 WHERE deadline IS NOT NULL;
        CREATE TABLE notes (
            id INTEGER PRIMARY KEY,
            lead_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            author TEXT NOT NULL,
            text TEXT NOT NULL,
            written_at TEXT NOT NULL
        ) STRICT;
        CREATE INDEX notes_by_lead ON notes (lead_id);
    """)


@migrations()
def add_statements(db: Database) -> None:
    """Closed statements as they were frozen, and the lines that no lead can have twice."""
    db.executescript("""
        CREATE TABLE statements (
            number TEXT PRIMARY KEY,
            client TEXT NOT NULL,
            campaign TEXT NOT NULL,
            month TEXT NOT NULL,
            json TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            closed_at TEXT NOT NULL,
            UNIQUE (campaign, month)
        ) STRICT;
        CREATE INDEX statements_by_client ON statements (client);
        CREATE TABLE statement_lines (
            lead_id TEXT NOT NULL,
            period TEXT NOT NULL,
            number TEXT NOT NULL,
            PRIMARY KEY (lead_id, period)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX statement_lines_by_number ON statement_lines (number);
    """)
    for trigger in guards("statements", "statement_lines").values():
        db.execute(trigger)


@migrations()
def add_meetings(db: Database) -> None:
    """When a lead's meeting is, and when silence takes it as held."""
    db.executescript("""
        ALTER TABLE leads ADD COLUMN meeting_at TEXT;
        ALTER TABLE leads ADD COLUMN taken_held_at TEXT;
    """)


@migrations()
def add_programs(db: Database) -> None:
    """Tokens of clients' programs (hashes only), what these were answered under a key, and a way
    to a client's leads that passes by no others."""
    db.executescript("""
        CREATE TABLE accesses (
            digest TEXT PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            client TEXT NOT NULL,
            name TEXT NOT NULL,
            made_at TEXT NOT NULL,
            used_at TEXT,
            revoked_at TEXT
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE answered (
            key BLOB PRIMARY KEY,
            request BLOB NOT NULL,
            answer TEXT NOT NULL,
            answered_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX leads_shown ON leads (client, received_at, lead_id)
            WHERE test = 0 AND review IN ('qualified', 'accepted', 'rejected');
    """)


@migrations()
def add_bills(db: Database) -> None:
    """When a lead's next line falls due, and which statement billed it last; of all that came."""
    db.execute("ALTER TABLE leads ADD COLUMN due_at TEXT")
    db.execute("ALTER TABLE leads ADD COLUMN billed TEXT NOT NULL DEFAULT ''")
    db.execute(f"UPDATE leads SET billed = {BILLED}")
    for lead_id, due in dues(db):
        if due is not None:
            db.execute("UPDATE leads SET due_at = ? WHERE lead_id = ?", (due, lead_id))


@migrations()
def add_worklists(db: Database) -> None:
    """Ways to the few leads of very many that a close, a notice or a preview has to look at.

    What is written by lead alone is read by lead alone, so one index of a campaign's events makes
    room for another.
    """
    db.executescript("""
        CREATE INDEX leads_in_review ON leads (campaign, deadline) WHERE review = 'qualified';
        CREATE INDEX leads_booked ON leads (campaign, taken_held_at)
            WHERE appointment = 'scheduled';
        CREATE INDEX leads_due ON leads (campaign, due_at) WHERE due_at IS NOT NULL;
        DROP INDEX events_by_campaign;
        CREATE INDEX events_by_time ON events (campaign, recorded_at);
    """)


@migrations()
def add_entered(db: Database) -> None:
    """Whether the agency entered a lead's last review for the client (rule 41)."""
    db.execute("ALTER TABLE leads ADD COLUMN entered INTEGER NOT NULL DEFAULT 0")


@migrations()
def add_consent(db: Database) -> None:
    """What was ticked, which wording was shown if any is known, and the basis in its place."""
    db.executescript("""
        ALTER TABLE leads ADD COLUMN consent_given INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE leads ADD COLUMN basis TEXT;
        ALTER TABLE leads ADD COLUMN shown_version TEXT;
        UPDATE leads SET shown_version = consent_version;
        ALTER TABLE leads DROP COLUMN consent_version;
        ALTER TABLE leads RENAME COLUMN shown_version TO consent_version;
    """)


@migrations()
def add_references(db: Database) -> None:
    """A way to the events that carry the reference of a client's own system (rule 38)."""
    db.execute(
        "CREATE INDEX events_by_reference ON events (json_extract(data, '$.reference'), kind)"
        " WHERE json_extract(data, '$.reference') IS NOT NULL"
    )


@migrations()
def add_unverified(db: Database) -> None:
    """What was typed and is no answer, beside the answers, so that it is erased with them."""
    db.execute("ALTER TABLE dossiers ADD COLUMN unverified TEXT NOT NULL DEFAULT '{}'")


@migrations()
def keep_versions_by_campaign(db: Database) -> None:
    """Two campaigns may have the same text, and so the same version."""
    db.executescript("""
        CREATE TABLE kept_versions (
            slug TEXT NOT NULL,
            version TEXT NOT NULL,
            text TEXT NOT NULL,
            kept_at TEXT NOT NULL,
            PRIMARY KEY (slug, version)
        ) STRICT;
        INSERT INTO kept_versions
            SELECT slug, version, text, kept_at FROM campaign_versions ORDER BY rowid;
        DROP TABLE campaign_versions;
        ALTER TABLE kept_versions RENAME TO campaign_versions;
    """)
    for trigger in guards("campaign_versions").values():
        db.execute(trigger)
