"""The tables of the SQLite ledger, and their migrations.

Table `events` is append-only and holds no personal data. Tables `personal_data` and `notes` hold
personal data and can be erased. Table `leads` is derived from events.

To change the tables, add a function with `@MIGRATIONS()` after the last one; never change an
existing one. The number of migrations is the schema version, in `PRAGMA user_version`.
"""

import os
from pathlib import Path
from typing import Final

from sqlite_utils import Database, Migrations

from capture.errors import Refused
from capture.files import open_private
from capture.ledger import (
    api_store,
    customers,
    downloads,
    due_projection,
    endpoint_store,
    erasure,
    events,
    held_leads,
    lead_counts,
    lead_list,
    outbox,
    page_sums,
    page_views,
    people,
    search_words,
    statements,
    traits,
    users,
)
from capture.ledger.dialect import SQLITE, Connection
from capture.ledger.projections import (
    fill_held_leads,
    fill_lead_payments,
    fill_open_lines,
    fill_projections,
)
from capture.ledger.store import SqlReadTransaction

MIGRATIONS: Final = Migrations("gatepost")

_UNIQUE_KEYS: Final = {
    "events": ("sequence = NEW.sequence",),
    "campaign_versions": ("id = NEW.id", "slug = NEW.slug AND version = NEW.version"),
    "statements": (
        "id = NEW.id",
        "number = NEW.number",
        "client = NEW.client AND currency = NEW.currency AND month = NEW.month",
    ),
    "statement_lines": ("lead_id = NEW.lead_id AND period = NEW.period",),
}
"""Append-only tables with all their unique keys. REPLACE deletes the row with the same key without
firing a delete trigger, so inserts have a trigger as well."""


def migrate(db: Database, path: Path, migrations: Migrations = MIGRATIONS) -> None:
    """Runs all pending migrations in one transaction. The caller holds the write lock.

    Before that, an existing ledger is copied to `PATH.before-version-N`. Raises `Refused` for a
    ledger that this version of Gatepost cannot read.
    """
    check_version(db, path, migrations)
    pending = migrations.pending(db)
    if not pending:
        return
    version = len(migrations.applied(db))
    if version:
        copy = path.with_name(f"{path.name}.before-version-{version + len(pending)}")
        copy.unlink(missing_ok=True)  # left over from an interrupted attempt
        os.close(open_private(copy))  # sets the file mode before SQLite writes data into it
        db.execute("VACUUM INTO ?", (str(copy),))
    with db.atomic():
        migrations.apply(db)
        db.execute(f"PRAGMA user_version = {version + len(pending)}")


def check_version(db: Database, path: Path, migrations: Migrations = MIGRATIONS) -> None:
    """Raises `Refused` if the ledger has migrations that this version of Gatepost lacks."""
    known = {
        migration.name
        for migration in migrations.pending(Database(memory=True, execute_plugins=False))
    }
    applied = [migration.name for migration in migrations.applied(db)]
    unknown = [name for name in applied if name not in known]
    if unknown:
        raise Refused(
            f"{path}: its tables are of another version of Gatepost (they have {unknown[0]}); "
            "use that version, or name a new file in GATEPOST_DATABASE_URL"
        )


def trigger_problems(connection: Connection) -> list[str]:
    """One line for each append-only trigger that is missing or changed."""
    triggers = dict(
        connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    )
    return [
        f"trigger {name}: missing or changed; rows could be changed unnoticed"
        for name, sql in _trigger_sql().items()
        if triggers.get(name) != sql
    ]


def _trigger_sql() -> dict[str, str]:
    """The SQL of each append-only trigger by name: no update, no delete, no replacement."""
    triggers: dict[str, str] = {}
    for table, keys in _UNIQUE_KEYS.items():
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
        same = " OR ".join(f"({key})" for key in keys)
        triggers |= {
            f"{table}_never_updated": f"BEFORE UPDATE ON {table} {refuse}",
            f"{table}_never_deleted": f"BEFORE DELETE ON {table} {refuse}",
            f"{table}_never_replaced": f"BEFORE INSERT ON {table} WHEN EXISTS "
            f"(SELECT 1 FROM {table} WHERE {same}) {refuse}",
        }
    return {name: f"CREATE TRIGGER {name} {rest}" for name, rest in triggers.items()}


@MIGRATIONS()
def create_tables(db: Database) -> None:
    """The first schema."""
    for tables in (
        *(_EVENTS, _LEADS, people.TABLES, statements.TABLES, api_store.TABLES, outbox.TABLES),
        *(downloads.TABLE, endpoint_store.TABLE, traits.TABLES, erasure.TABLES),
    ):
        db.executescript(tables)
    for trigger in _trigger_sql().values():
        db.execute(trigger)


@MIGRATIONS()
def create_users(db: Database) -> None:
    """Users of the desk, their sessions, and the access log."""
    db.executescript(users.TABLES)


@MIGRATIONS()
def index_worklists(db: Database) -> None:
    """Indexes for the desk's lists of spam and of deliveries."""
    db.executescript(_LEADS_SPAM + outbox.INDEXES)


@MIGRATIONS()
def list_leads(db: Database) -> None:
    """Indexes for lists of leads, the article of each lead, and its risk signals."""
    db.executescript(lead_list.TABLES)
    if db.execute("SELECT 1 FROM leads LIMIT 1").fetchone():
        db.execute(
            "UPDATE leads SET article = (SELECT article_key(first_touch, page) FROM personal_data"
            " WHERE personal_data.lead_id = leads.lead_id)"
        )
        db.execute(
            "INSERT INTO lead_signals SELECT DISTINCT signal.value ->> 'name', received_at, lead_id"
            " FROM events JOIN leads USING (lead_id), json_each(data, '$.signals') AS signal"
            " WHERE signal.type = 'object'"
        )


@MIGRATIONS()
def index_leads_for_counts(db: Database) -> None:
    """Indexes for the counts of leads on the desk's overview."""
    db.executescript(lead_counts.INDEXES)


@MIGRATIONS()
def create_page_views(db: Database) -> None:
    """Counts of the site's pages by day."""
    db.executescript(page_views.TABLES)


@MIGRATIONS()
def index_words(db: Database) -> None:
    """The words by which a search finds leads."""
    db.executescript(search_words.TABLE)
    if db.execute("SELECT 1 FROM personal_data LIMIT 1").fetchone():
        db.execute(
            "INSERT OR IGNORE INTO search_words SELECT word.value,"
            " CAST(strftime('%s', received_at) AS INTEGER) * 1000000"
            " + CAST(substr(received_at, 21, 6) AS INTEGER), lead_id"
            " FROM leads JOIN personal_data USING (lead_id)"
            " JOIN campaign_versions AS terms"
            " ON terms.slug = leads.campaign AND terms.version = leads.version,"
            " json_each(search_keys(slug, terms.version, text, answers, unverified)) AS word"
        )


@MIGRATIONS()
def count_leads_and_sales(db: Database) -> None:
    """Counts of leads, sums over customers, and totals of statements, for the desk's overview."""
    for tables in (lead_counts.TABLES, customers.TABLES, statements.TOTALS):
        db.executescript(tables)
    if db.execute("SELECT 1 FROM events LIMIT 1").fetchone():
        fill_projections(SqlReadTransaction(db.conn, SQLITE, key=b""))


@MIGRATIONS()
def list_quarantine(db: Database) -> None:
    """Fills the table of leads in quarantine from the events."""
    db.executescript(held_leads.TABLE)
    fill_held_leads(SqlReadTransaction(db.conn, SQLITE, key=b""))


@MIGRATIONS()
def index_account_events(db: Database) -> None:
    """An index for events without a lead, by kind."""
    db.executescript(events.ACCOUNT_INDEX)


@MIGRATIONS()
def list_payments(db: Database) -> None:
    """The payments of leads; indexes of sales and of what to decide before a month is closed."""
    db.executescript(_LEADS_TO_DECIDE + customers.LEAD_PAYMENTS)
    fill_lead_payments(SqlReadTransaction(db.conn, SQLITE, key=b""))


@MIGRATIONS()
def describe_sessions(db: Database) -> None:
    """Device and network of each session, and an index for deleting old looks at data."""
    db.executescript(users.COLUMNS_OF_DEVICES)


@MIGRATIONS()
def index_held_back_leads(db: Database) -> None:
    """An index of the leads in quarantine that a client sees."""
    db.execute(
        "CREATE INDEX leads_held_back ON leads (client, received_at, lead_id)"
        " WHERE review = 'held_back' AND test = 0"
    )


@MIGRATIONS()
def name_outsiders(db: Database) -> None:
    """Who looked at personal data without being a user of the desk."""
    db.execute(users.COLUMN_OF_OUTSIDERS)


@MIGRATIONS()
def count_visits(db: Database) -> None:
    """Leads and payments by the pages of their visits."""
    db.executescript(page_sums.TABLES)
    SqlReadTransaction(db.conn, SQLITE, key=b"").page_sums.fill()


@MIGRATIONS()
def list_open_lines(db: Database) -> None:
    """The lines of leads that are on no statement yet."""
    db.executescript(due_projection.TABLE)
    fill_open_lines(SqlReadTransaction(db.conn, SQLITE, key=b""))


@MIGRATIONS()
def index_entered_rejections(db: Database) -> None:
    """An index of the rejections that the agency entered for clients."""
    db.execute(
        "CREATE INDEX leads_rejected_for_client ON leads (client, deadline, lead_id)"
        " WHERE review = 'rejected' AND entered = 1 AND test = 0"
    )


_EVENTS: Final = """
    -- One row. Every write updates it first, and so holds the write lock before it reads.
    CREATE TABLE chain (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        sequence INTEGER NOT NULL CHECK (sequence >= 0),
        head TEXT NOT NULL CHECK (length(head) = 64)
    ) STRICT;
    INSERT INTO chain VALUES (1, 0, printf('%064d', 0));
    CREATE TABLE events (
        sequence INTEGER PRIMARY KEY CHECK (sequence > 0),
        campaign TEXT NOT NULL,
        lead_id TEXT,  -- none: about the account
        kind TEXT NOT NULL,
        occurred_at TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        actor TEXT NOT NULL CHECK (actor IN ('visitor', 'client', 'agency', 'system')),
        data TEXT NOT NULL CHECK (json_valid(data)),
        before TEXT NOT NULL CHECK (length(before) = 64),
        hash TEXT NOT NULL CHECK (length(hash) = 64)
    ) STRICT;
    CREATE INDEX events_by_lead ON events (lead_id, sequence);
    CREATE INDEX events_by_time ON events (campaign, recorded_at);
    CREATE INDEX events_of_account ON events (campaign, sequence) WHERE lead_id IS NULL;
    CREATE INDEX events_by_reference ON events (data ->> 'reference', kind)
        WHERE data ->> 'reference' IS NOT NULL;
    CREATE TABLE campaign_versions (
        id INTEGER PRIMARY KEY,  -- in the order of keeping
        slug TEXT NOT NULL,
        version TEXT NOT NULL CHECK (length(version) = 64),
        text TEXT NOT NULL,
        kept_at TEXT NOT NULL,
        UNIQUE (slug, version)  -- two campaigns may have the same text
    ) STRICT;
"""

_LEADS: Final = """
    CREATE TABLE leads (
        id INTEGER PRIMARY KEY,  -- in the order of recording
        lead_id TEXT NOT NULL UNIQUE,
        campaign TEXT NOT NULL,
        client TEXT NOT NULL,
        version TEXT NOT NULL,
        consent_version TEXT,
        source TEXT NOT NULL,
        received_at TEXT NOT NULL,
        month TEXT NOT NULL CHECK (length(month) = 7),
        consent_given INTEGER NOT NULL CHECK (consent_given IN (0, 1)),
        basis TEXT,
        test INTEGER NOT NULL CHECK (test IN (0, 1)),
        free_over_cap INTEGER NOT NULL CHECK (free_over_cap IN (0, 1)),
        needs_explicit_acceptance INTEGER NOT NULL CHECK (needs_explicit_acceptance IN (0, 1)),
        review TEXT NOT NULL,
        appointment TEXT NOT NULL,
        sale TEXT NOT NULL,
        deadline TEXT,
        entered INTEGER NOT NULL CHECK (entered IN (0, 1)),
        accepted_at TEXT,
        notified INTEGER NOT NULL CHECK (notified IN (0, 1)),
        was_notified INTEGER NOT NULL CHECK (was_notified IN (0, 1)),
        meeting_lost INTEGER NOT NULL CHECK (meeting_lost IN (0, 1)),
        bounced INTEGER NOT NULL CHECK (bounced IN (0, 1)),
        confirm_until TEXT,
        confirmed INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
        consent_withdrawn INTEGER NOT NULL CHECK (consent_withdrawn IN (0, 1)),
        erased INTEGER NOT NULL CHECK (erased IN (0, 1)),
        disputed INTEGER NOT NULL CHECK (disputed IN (0, 1)),
        meeting_at TEXT,
        deemed_held_at TEXT,
        silence_accepts_at TEXT,  -- what silence does, as the lead says it
        silence_holds_at TEXT,
        due_at TEXT,  -- when its next bill line falls due
        billed TEXT NOT NULL DEFAULT ''  -- the statement that billed it last
    ) STRICT;
    CREATE INDEX leads_by_month ON leads (campaign, month, review, test, free_over_cap);
    CREATE INDEX leads_shown ON leads (client, received_at, lead_id)
        WHERE test = 0
        AND (review IN ('accepted', 'held_back', 'qualified', 'rejected') OR was_notified = 1);
    CREATE INDEX leads_in_review ON leads (campaign, silence_accepts_at)
        WHERE review = 'qualified';
    CREATE INDEX leads_unconfirmed ON leads (confirm_until) WHERE review = 'unconfirmed';
    CREATE INDEX leads_held ON leads (campaign, id)
        WHERE review IN ('held_back', 'quarantined');
    CREATE INDEX leads_booked ON leads (campaign, silence_holds_at)
        WHERE appointment = 'scheduled';
    CREATE INDEX leads_due ON leads (campaign, due_at) WHERE due_at IS NOT NULL;
"""

_LEADS_SPAM: Final = """
    CREATE INDEX leads_spam ON leads (received_at, lead_id, campaign)
        WHERE review IN ('discarded', 'spam') AND test = 0 AND erased = 0;
"""

_LEADS_TO_DECIDE: Final = """
    CREATE INDEX leads_disputed ON leads (campaign) WHERE disputed = 1;
    CREATE INDEX leads_sold ON leads (campaign, sale) WHERE sale <> 'none';
"""
