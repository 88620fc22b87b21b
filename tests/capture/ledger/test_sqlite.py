"""The SQLite ledger: the contract, and behaviour of this backend only."""

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from capture.errors import Refused, Unavailable
from capture.lead.events import EventKind
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger, ReadTransaction, WriteTransaction
from capture.ledger.review_queue import ReviewQuery
from capture.ledger.sqlite import BUSY_SECONDS
from capture.ledger.types import LeadFilter
from tests.capture.ledger.contract import LedgerContract
from tests.capture.ledger.contract_api import ApiContract
from tests.capture.ledger.contract_campaigns import CampaignContract
from tests.capture.ledger.contract_downloads import DownloadContract
from tests.capture.ledger.contract_endpoints import EndpointContract
from tests.capture.ledger.contract_erasure import ErasureContract
from tests.capture.ledger.contract_held_leads import HeldLeadContract
from tests.capture.ledger.contract_lead_counts import LeadCountContract
from tests.capture.ledger.contract_lead_list import LeadListContract
from tests.capture.ledger.contract_outbox import OutboxContract
from tests.capture.ledger.contract_page_sums import PageSumContract
from tests.capture.ledger.contract_page_views import PageViewContract
from tests.capture.ledger.contract_people import PeopleContract
from tests.capture.ledger.contract_review_queue import ReviewQueueContract
from tests.capture.ledger.contract_search import SearchContract
from tests.capture.ledger.contract_traits import TraitContract
from tests.capture.ledger.contract_users import UserContract
from tests.capture.ledger.contract_worklists import WorklistContract
from tests.processes import PROCESSES
from tests.samples import NOW, later_event, received_event

KEY = b"a key for tests only"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture
def open_again(url: str) -> Iterator[Callable[[], Ledger]]:
    with ExitStack() as opened:
        yield lambda: opened.enter_context(closing(open_ledger(url, KEY)))


class TestSqlite(
    LedgerContract,
    PeopleContract,
    LeadListContract,
    SearchContract,
    WorklistContract,
    LeadCountContract,
    PageViewContract,
    ApiContract,
    OutboxContract,
    DownloadContract,
    EndpointContract,
    ReviewQueueContract,
    HeldLeadContract,
    PageSumContract,
    ErasureContract,
    TraitContract,
    UserContract,
    CampaignContract,
):
    pass


@pytest.fixture
def connection(url: str) -> Iterator[sqlite3.Connection]:
    """A raw connection to a ledger that holds one qualified lead."""
    with closing(open_ledger(url, KEY)) as ledger:
        ledger.transact(
            lambda records: records.append(
                received_event("a"), later_event("a", EventKind.QUALIFIED)
            )
        )
        path = url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            yield connection


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE events SET kind = 'spam' WHERE sequence = 2",
        "DELETE FROM events WHERE sequence = 2",
        "REPLACE INTO events SELECT * FROM events WHERE sequence = 2",
        "INSERT OR REPLACE INTO events SELECT * FROM events WHERE sequence = 2",
        "UPDATE OR REPLACE events SET sequence = 1 WHERE sequence = 2",
    ],
)
def test_no_program_can_change_or_delete_an_event(connection: sqlite3.Connection, sql: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="events only grows"):
        connection.execute(sql)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (
            "DROP TRIGGER events_never_updated;"
            """UPDATE events SET data = '{"free_over_cap":true}' WHERE sequence = 2""",
            "event 2 (qualified of a): broken link",
        ),
        (
            "DROP TRIGGER events_never_deleted; DELETE FROM events WHERE sequence = 1",
            "event 1: missing",
        ),
        (
            "DROP TRIGGER events_never_deleted; DELETE FROM events WHERE sequence = 2",
            "chain: its head counts 2 events",
        ),
        ("UPDATE leads SET review = 'accepted'", "lead a: its row differs from its events"),
        ("DELETE FROM leads", "lead a: has events but no row"),
        ("DROP TRIGGER events_never_replaced", "trigger events_never_replaced: missing"),
        ("UPDATE chain SET sequence = 7", "chain: its head counts 7 events"),
    ],
)
def test_verify_reports_the_first_damage(
    connection: sqlite3.Connection, url: str, damage: str, problem: str
) -> None:
    connection.executescript(damage)
    problems = open_ledger(url, KEY).verify().problems
    assert any(line.startswith(problem) for line in problems), problems


def _open_and_write(url: str, number: int) -> None:
    open_ledger(url, KEY).transact(lambda records: records.append(received_event(f"lead{number}")))


@pytest.mark.slow
def test_ten_processes_that_create_the_same_database_all_succeed(url: str) -> None:
    with PROCESSES.Pool(10) as pool:
        pool.starmap(_open_and_write, [(url, number) for number in range(10)])
    assert open_ledger(url, KEY).verify().events == 10


def test_a_database_locked_by_another_program_gives_one_line(
    connection: sqlite3.Connection, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capture.ledger.sqlite.BUSY_SECONDS", 0.1)
    connection.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable, match=r"ledger\.db: another program holds the database"):
        _open_and_write(url, 1)


def test_a_write_that_waited_for_other_writes_does_not_wait_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the writes that queue behind a locked database would wait one after the other."""
    ledger = open_ledger(url, KEY)
    clock = itertools.count(step=BUSY_SECONDS)  # so long each waits for its turn
    monkeypatch.setattr("capture.ledger.sqlite.time", SimpleNamespace(monotonic=clock.__next__))
    with pytest.raises(Unavailable, match=r"ledger\.db: another program holds the database"):
        ledger.transact(lambda records: records.append(received_event("a")))
    assert ledger.verify().events == 0


def test_a_full_disk_gives_one_line_and_nothing_is_written(url: str) -> None:
    ledger = open_ledger(url, KEY)
    ledger.transact(lambda records: records.append(received_event("a")))
    pages = ledger._connection()[0].execute("PRAGMA page_count").fetchone()[0]
    ledger._connection()[0].execute(f"PRAGMA max_page_count = {pages}")

    def work(records: WriteTransaction) -> None:
        for number in range(200):
            records.append(received_event(f"lead{number}"))

    with pytest.raises(Unavailable, match="the disk is full; nothing was written"):
        ledger.transact(work)
    assert ledger.verify().events == 1


def test_a_file_that_is_not_a_database_gives_one_line(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes, nothing like a database at all\n" * 50)
    with pytest.raises(Unavailable, match="not an SQLite database"):
        open_ledger(f"sqlite:///{path}", KEY)


def test_an_unsupported_database_url_is_refused_with_the_supported_one() -> None:
    with pytest.raises(Refused, match="only sqlite:///PATH is supported"):
        open_ledger("oracle://somewhere", KEY)


def test_a_ledger_does_not_open_with_another_key(url: str) -> None:
    open_ledger(url, KEY)
    with pytest.raises(Refused, match="made with another key"):
        open_ledger(url, b"some other key, by mistake")


def plans_of(url: str, query: Callable[[ReadTransaction], object]) -> list[object]:
    """How SQLite runs each statement of a query, which must find something."""
    statements: list[str] = []
    with closing(open_ledger(url, KEY)) as ledger:

        def trace(reading: ReadTransaction) -> None:
            traced = reading.connection  # type: ignore[attr-defined]
            traced.set_trace_callback(statements.append)
            assert query(reading)
            traced.set_trace_callback(None)

        ledger.read(trace)
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as raw:
        return [raw.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall() for sql in statements]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            lambda reading: reading.lead_counts.by_stage(["guide"], "2026-10", "2026-11", NOW),
            "month_counts USING PRIMARY KEY (campaign=? AND month>? AND month<?)",
        ),
        (
            lambda reading: reading.lead_counts.by_day(["guide"], "2026-11", NOW),
            "day_counts USING PRIMARY KEY (campaign=? AND day>? AND day<?)",
        ),
    ],
    ids=["by_stage", "by_day"],
)
def test_counts_of_leads_use_an_index(
    url: str,
    connection: sqlite3.Connection,
    query: Callable[[ReadTransaction], object],
    index: str,
) -> None:
    connection.close()
    in_review, unconfirmed, counts = plans_of(url, query)
    assert index in str(counts)
    assert "leads_by_deadline (silence_accepts_at<?)" in str(in_review)
    assert "leads_unconfirmed (confirm_until<?)" in str(unconfirmed)


@pytest.mark.parametrize(
    "query",
    [
        lambda reading: list(reading.events.by_qualified_lead()),
        lambda reading: list(reading.leads.select(LeadFilter(campaign="guide"))),
        lambda reading: list(reading.leads.judged("guide")),
        lambda reading: list(reading.leads.for_kpi("guide")),
    ],
    ids=["by_qualified_lead", "select", "judged", "for_kpi"],
)
def test_a_campaigns_leads_are_read_in_stored_order_without_a_sort_in_memory(
    url: str, connection: sqlite3.Connection, query: Callable[[ReadTransaction], object]
) -> None:
    plans = plans_of(url, query)
    connection.close()
    assert plans
    assert "TEMP B-TREE" not in str(plans)


@pytest.mark.parametrize(
    ("index", "query"),
    [
        ("events_of_account", lambda reading: reading.campaigns.last_pause("guide")),
        ("leads_in_review", lambda reading: reading.review_queue.select(ReviewQuery(NOW), 9)),
        ("leads_in_review", lambda reading: reading.review_queue.counts(ReviewQuery(NOW, "acme"))),
        ("leads_in_review", lambda reading: reading.campaigns.count_in_review("guide", NOW)),
        ("sqlite_autoindex", lambda reading: reading.campaigns.stored_versions("guide")),
        (
            "open_lines_by_month",
            lambda reading: reading.statements.open_sum("guide", ["2026-11"], NOW),
        ),
    ],
    ids=[
        *("last_pause", "review_queue", "review_counts", "count_in_review", "stored_versions"),
        "open_sum",
    ],
)
def test_a_query_for_the_desk_uses_an_index(
    url: str, index: str, query: Callable[[ReadTransaction], object]
) -> None:
    statements: list[str] = []
    with closing(open_ledger(url, KEY)) as ledger:

        def trace(reading: ReadTransaction) -> str:
            traced = reading.connection  # type: ignore[attr-defined]
            traced.set_trace_callback(statements.append)
            query(reading)
            traced.set_trace_callback(None)
            return str(traced.execute(f"EXPLAIN QUERY PLAN {statements[0]}").fetchall())

        assert f"INDEX {index}" in ledger.read(trace)


def test_the_write_ahead_log_is_emptied_when_nobody_reads_an_earlier_state(url: str) -> None:
    path = Path(url.removeprefix("sqlite:///"))
    with closing(open_ledger(url, KEY)) as ledger:
        ledger.transact(lambda records: records.append(received_event("a")))
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM events").fetchone()
            ledger.transact(lambda records: records.append(received_event("b")))
            assert not ledger.empty_log()
            reader.execute("COMMIT")
            assert ledger.empty_log()
        assert path.with_name(f"{path.name}-wal").stat().st_size == 0
        ledger.transact(lambda records: records.append(received_event("c")))
        assert ledger.verify().events == 3
