"""The tables of the SQLite ledger: constraints, triggers and migrations."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from capture.errors import Refused
from capture.lead.events import EventKind
from capture.ledger import open_ledger
from capture.ledger.protocol import WriteTransaction
from capture.ledger.schema import MIGRATIONS, migrate
from capture.ledger.types import ClosedStatement, PersonalData
from tests.samples import NOW, campaign, later_event, received_event

KEY = b"a key for tests only"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with one billed lead."""
    path = tmp_path / "ledger.db"

    def work(records: WriteTransaction) -> None:
        records.campaigns.save_version(campaign(), NOW)
        records.append(received_event("a"), later_event("a", EventKind.QUALIFIED))
        statement = ClosedStatement("acme-0001", "acme", "USD", "2026-11", '{"parts":[]}', "", NOW)
        records.statements.save(statement, [("a", "")])

    with closing(open_ledger(f"sqlite:///{path}", KEY)) as ledger:
        ledger.transact(work)
    return path


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    """The file as another program opens it: without recursive triggers, so REPLACE fires none."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield Database(connection, recursive_triggers=False)


CURRENT = MIGRATIONS.pending(Database(memory=True))


def next_version(*, broken: bool = False) -> Migrations:
    """The migrations of a next version, which adds a column."""
    migrations = Migrations("gatepost")
    for migration in CURRENT:
        migrations()(migration.fn)

    @migrations()
    def add_colour(db: Database) -> None:
        db.execute("ALTER TABLE leads ADD COLUMN colour TEXT")
        if broken:
            raise ValueError

    return migrations


def columns(db: Database) -> set[str]:
    return {column.name for column in db["leads"].columns}


def version(db: Database) -> int:
    (number,) = db.execute("PRAGMA user_version").fetchone()
    return int(number)


def test_a_new_ledger_has_the_newest_version(db: Database, tmp_path: Path) -> None:
    assert version(db) == len(MIGRATIONS.applied(db)) == len(CURRENT)
    assert not MIGRATIONS.pending(db)
    assert not list(tmp_path.glob("*.before-*"))


def test_a_migration_keeps_the_data_and_makes_a_private_copy_first(
    db: Database, path: Path
) -> None:
    migrate(db, path, next_version())
    assert (version(db), "colour" in columns(db)) == (len(CURRENT) + 1, True)
    assert [row["lead_id"] for row in db["leads"].rows] == ["a"]
    copy = path.with_name(f"ledger.db.before-version-{len(CURRENT) + 1}")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(open_ledger(f"sqlite:///{copy}", KEY)) as old_ledger:
        assert old_ledger.verify().events == 2
        assert old_ledger.verify().problems == ()


def test_a_migration_that_fails_changes_nothing_and_can_be_repeated(
    db: Database, path: Path
) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - raised by `add_colour`
        migrate(db, path, next_version(broken=True))
    assert (version(db), "colour" in columns(db)) == (len(CURRENT), False)
    migrate(db, path, next_version())
    assert (version(db), "colour" in columns(db)) == (len(CURRENT) + 1, True)


def test_a_migrated_ledger_is_not_migrated_again(db: Database, path: Path) -> None:
    migrate(db, path, next_version())
    path.with_name(f"ledger.db.before-version-{len(CURRENT) + 1}").unlink()
    migrate(db, path, next_version())
    assert not list(path.parent.glob("*.before-*"))


def test_a_ledger_of_a_newer_version_is_refused(db: Database, path: Path) -> None:
    migrate(db, path, next_version())
    with pytest.raises(
        Refused, match=r"ledger\.db: its tables are of another version .*add_colour"
    ):
        open_ledger(f"sqlite:///{path}", KEY)


def test_a_ledger_older_than_the_first_schema_is_refused(db: Database, path: Path) -> None:
    db.execute("UPDATE _sqlite_migrations SET name = 'create_events' WHERE name = 'create_tables'")
    with pytest.raises(Refused, match=r"another version of Gatepost .*create_events.* use that"):
        open_ledger(f"sqlite:///{path}", KEY)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("events", "campaign = 'other'"),
        ("campaign_versions", "text = ''"),
        ("campaign_versions", "id = NULL, text = ''"),
        ("campaign_versions", "slug = 'other'"),
        ("statements", "json = ''"),
        ("statements", "id = NULL, json = ''"),
        ("statements", "id = NULL, number = 'acme-0002'"),
        ("statements", "number = 'acme-0002', month = '2026-12'"),
        ("statement_lines", "number = 'acme-0002'"),
    ],
)
def test_a_row_of_an_append_only_table_cannot_be_replaced_by_any_key(
    db: Database, table: str, change: str
) -> None:
    rows = db.execute(f"SELECT * FROM {table}").fetchall()
    db.execute(f"CREATE TEMP TABLE other AS SELECT * FROM {table} LIMIT 1")
    db.execute(f"UPDATE other SET {change}")
    with pytest.raises(sqlite3.IntegrityError, match=f"{table} only grows"):
        db.execute(f"REPLACE INTO {table} SELECT * FROM other")
    assert db.execute(f"SELECT * FROM {table}").fetchall() == rows


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE leads SET test = 2",
        "UPDATE leads SET month = '2026-1'",
        "UPDATE chain SET head = 'short'",
        "UPDATE chain SET sequence = -1",
        "INSERT INTO chain SELECT 2, sequence, head FROM chain",
        "INSERT INTO events SELECT sequence + 9, campaign, lead_id, kind, occurred_at, recorded_at,"
        " actor, 'no JSON', before, hash FROM events",
        "INSERT INTO events SELECT sequence + 9, campaign, lead_id, kind, occurred_at, recorded_at,"
        " 'nobody', data, before, hash FROM events",
    ],
)
def test_a_table_refuses_an_impossible_value(db: Database, sql: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="CHECK constraint failed"):
        db.execute(sql)


def test_a_ledger_from_before_the_lists_gets_their_columns_and_words(path: Path) -> None:
    data = PersonalData(
        {"full_name": "Ann Lee", "email": "ann@x.example"}, first_touch={"path": "/posts/a/?x"}
    )

    def work(records: WriteTransaction) -> None:
        signals = {"signals": [{"name": "burst"}, {"name": "alike"}]}
        records.append(received_event("b"), later_event("b", EventKind.QUARANTINED, **signals))
        records.people.save_personal_data("guide", "b", data)
        records.append(received_event("c"), later_event("c", EventKind.SPAM, signals=["honeypot"]))

    def derived() -> list[object]:
        with closing(sqlite3.connect(path)) as connection:
            tables = (
                "held_leads",
                "lead_signals",
                "search_words",
                "(SELECT lead_id, article FROM leads)",
            )
            return [connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables]

    with closing(open_ledger(f"sqlite:///{path}", KEY)) as ledger:
        ledger.transact(work)
    expected = derived()
    assert all(expected)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            "DELETE FROM _sqlite_migrations WHERE name IN"
            " ('list_leads', 'index_words', 'list_quarantine');"
            "DROP TABLE held_leads; DROP TABLE lead_signals; DROP TABLE search_words;"
            "DROP INDEX leads_by_article;"
            "ALTER TABLE leads DROP COLUMN article;"
        )
        indexes = connection.execute(
            "SELECT name FROM sqlite_master WHERE tbl_name = 'leads' AND name LIKE 'leads_by_%'"
        ).fetchall()
        for (name,) in indexes:
            if name != "leads_by_month":
                connection.execute(f"DROP INDEX {name}")
    with closing(open_ledger(f"sqlite:///{path}", KEY)) as ledger:
        assert ledger.verify().problems == ()
    assert derived() == expected
