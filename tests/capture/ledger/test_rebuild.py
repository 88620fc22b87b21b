"""Everything that is derived from the events can be derived again, whatever happened to it."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from capture.billing.statement import Agency, Party
from capture.closing.checks import check_documents
from capture.demo.fill import DemoFolder, DemoKeys, fill
from capture.errors import Refused
from capture.ledger import open_ledger
from capture.ledger.rebuild import DERIVED_TABLES
from capture.privacy.erase import erase_leads

KEY = b"a key for tests only"
AGENCY = Agency(Party("Ada's Leads", ("1 Main Street", "New York")))
END = datetime(2026, 11, 20, 12, tzinfo=UTC)
RECORDED = {
    *("chain", "events", "campaign_versions", "statements", "statement_lines", "page_views"),
    *("personal_data", "notes", "submissions", "duplicate_keys", "suppressions", "key_check"),
    *("traits", "trait_rates", "erasure_requests", "downloads", "outbox", "message_answers"),
    *("last_planned_event", "unsubscribed", "webhook_endpoints", "saved_responses"),
    *("api_tokens", "users", "user_sessions", "access_log", "sqlite_sequence"),
    "_sqlite_migrations",
}
"""Tables that are no projections."""
DAMAGES = (
    *(f"DELETE FROM {table}" for table in DERIVED_TABLES),
    "UPDATE leads SET review = 'spam'",
    "UPDATE leads SET due_at = received_at",
    "UPDATE leads SET billed = 'x'",
    "UPDATE leads SET article = x'00'",
    "DELETE FROM leads WHERE lead_id = (SELECT max(lead_id) FROM leads)",
    "UPDATE leads SET lead_id = 'x' WHERE lead_id = (SELECT max(lead_id) FROM leads)",
    "UPDATE month_counts SET leads = leads + 1",
    "UPDATE open_lines SET lead_id = 'x' || lead_id",
    "UPDATE held_leads SET lead_id = 'x' || lead_id",
    "UPDATE lead_signals SET lead_id = 'x' || lead_id",
    "UPDATE search_words SET lead_id = 'x' || lead_id",
    "UPDATE lead_payments SET amount = amount + 1",
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year of leads of all price models, with statements, quarantine and an erased lead."""
    demo = DemoFolder(tmp_path_factory.mktemp("year") / "demo")
    demo.create()
    keys = DemoKeys(KEY, KEY, KEY)
    fill(demo, keys, AGENCY, ["/a/", "/b/"], END, leads=150, seed=3, report=lambda _: None)
    with closing(open_ledger(demo.database_url, KEY)) as ledger:
        first = ledger.read(lambda reading: next(iter(reading.leads.select())))
        ledger.transact(lambda records: erase_leads(records, [first.lead_id], END))
    return demo.var / "gatepost.db"


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(sound)) as db:
        db.execute("VACUUM INTO ?", (str(path),))
    return path


def run_sql(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(sql)


def rows_of(path: Path) -> dict[str, list[str]]:
    """The rows of all projections. Rows of zeros, and the numbers of leads, mean nothing."""
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        tables = {
            table: [dict(row) for row in db.execute(f"SELECT * FROM {table}")]
            for table in ("leads", *DERIVED_TABLES)
        }
    for row in tables["leads"]:
        del row["id"]
    return {
        table: sorted(str(row) for row in rows if not _is_zero(row))
        for table, rows in tables.items()
    }


def _is_zero(row: dict[str, object]) -> bool:
    counts = [row[name] for name in ("leads", "bought", "refunded", "purchases") if name in row]
    return bool(counts) and not any(counts)


def problems_of(path: Path) -> list[str]:
    with closing(open_ledger(f"sqlite:///{path}", KEY)) as ledger:
        return [*ledger.verify().problems, *ledger.read(check_documents)]


def rebuild(path: Path) -> int:
    with closing(open_ledger(f"sqlite:///{path}", KEY)) as ledger:
        return ledger.rebuild()


def test_each_projection_has_rows_and_is_the_same_when_it_is_derived_again(copy: Path) -> None:
    before = rows_of(copy)
    assert all(before.values())
    assert rebuild(copy) == len(before["leads"])
    assert rows_of(copy) == before
    assert problems_of(copy) == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damage_is_reported_and_repaired(copy: Path, sound: Path, damage: str) -> None:
    run_sql(copy, damage)
    assert problems_of(copy)
    rebuild(copy)
    assert problems_of(copy) == []
    assert rows_of(copy) == rows_of(sound)


def test_every_table_is_a_projection_or_a_record(sound: Path) -> None:
    with closing(sqlite3.connect(sound)) as db:
        tables = {name for (name,) in db.execute("SELECT tbl_name FROM sqlite_master")}
    assert tables == RECORDED | {"leads", *DERIVED_TABLES}


def test_nothing_is_derived_from_changed_events(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as db:
        (trigger,) = db.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'events_never_updated'"
        ).fetchone()
    run_sql(copy, "DROP TRIGGER events_never_updated")
    run_sql(copy, "UPDATE events SET occurred_at = recorded_at || 'x' WHERE sequence = 9")
    run_sql(copy, trigger)
    run_sql(copy, "DELETE FROM month_counts")
    before = rows_of(copy)
    with pytest.raises(Refused, match=r"^event 9\b.*restore a backup$"):
        rebuild(copy)
    assert rows_of(copy) == before
