"""Group commit: leads that arrive at the same time share a commit; their answers wait for it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import gevent
import pytest

from capture.errors import EventNotAllowed, Unavailable
from capture.lead.events import EventKind
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger, WriteTransaction
from gatepost.server.group_commit import MAX_BATCH, GroupCommit
from tests.samples import NOW, campaign, later_event, received_event
from tests.waiting import HANG_SECONDS

KEY = b"a key for tests only"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Ledger:
    ledger = open_ledger(f"sqlite:///{path}", KEY)
    ledger.transact(lambda records: records.campaigns.save_version(campaign(), NOW))
    return ledger


@pytest.fixture
def group_commit(ledger: Ledger) -> Iterator[GroupCommit]:
    group_commit = GroupCommit(ledger)
    greenlet = group_commit.start()
    yield group_commit
    greenlet.kill()


def receive(lead_id: str) -> Callable[[WriteTransaction], Any]:
    return lambda records: records.append(received_event(lead_id))


def count_committed(path: Path) -> int:
    """The number of leads that another program sees in the file now."""
    db = sqlite3.connect(path)
    count = db.execute("SELECT count(*) FROM leads").fetchone()[0]
    db.close()
    return int(count)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program that holds the lock of writers."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_before_start_each_write_is_its_own_transaction(ledger: Ledger) -> None:
    GroupCommit(ledger).transact(receive("a"))
    assert ledger.verify().leads == 1


def test_leads_that_wait_at_the_same_time_share_a_transaction(
    group_commit: GroupCommit, path: Path
) -> None:
    def receive_next(records: WriteTransaction) -> tuple[int, int]:
        records.append(received_event(f"lead{len(list(records.leads.select()))}"))
        return len(list(records.leads.select())), count_committed(path)

    greenlets = [gevent.spawn(group_commit.transact, receive_next) for _ in range(MAX_BATCH)]
    gevent.joinall(greenlets, timeout=HANG_SECONDS, raise_error=True)
    assert [greenlet.value for greenlet in greenlets] == [(n + 1, 0) for n in range(MAX_BATCH)]
    assert count_committed(path) == MAX_BATCH


def test_each_write_is_answered_only_after_its_commit(
    group_commit: GroupCommit, path: Path
) -> None:
    def receive_and_count(number: int) -> int:
        group_commit.transact(receive(f"lead{number}"))
        return count_committed(path)

    greenlets = [gevent.spawn(receive_and_count, number) for number in range(40)]
    gevent.joinall(greenlets, timeout=HANG_SECONDS, raise_error=True)
    assert min(greenlet.value for greenlet in greenlets) >= MAX_BATCH
    assert count_committed(path) == 40


def test_a_write_that_fails_does_not_affect_the_others(
    ledger: Ledger, group_commit: GroupCommit
) -> None:
    works = [
        receive("a"),
        lambda r: r.append(later_event("nobody", EventKind.ACCEPTED)),
        receive("b"),
    ]
    greenlets = [gevent.spawn(group_commit.transact, work) for work in works]
    gevent.joinall(greenlets, timeout=HANG_SECONDS)
    assert [type(greenlet.exception) for greenlet in greenlets] == [
        type(None),
        EventNotAllowed,
        type(None),
    ]
    assert (ledger.verify().leads, ledger.verify().problems) == (2, ())


def test_pages_are_served_while_another_program_writes(
    group_commit: GroupCommit, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capture.ledger.sqlite.BUSY_SECONDS", 60.0)  # a busy machine reads slowly
    with locked(path):
        greenlet = gevent.spawn(group_commit.transact, receive("a"))
        for _ in range(100):  # one page per millisecond while the lead waits
            gevent.sleep(0.001)
            assert group_commit.read(lambda reading: reading.events.head()[0]) == 0
        assert not greenlet.ready()
    greenlet.get(timeout=HANG_SECONDS)
    assert count_committed(path) == 1


def test_every_waiting_write_gets_the_error_of_the_ledger(
    group_commit: GroupCommit, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capture.ledger.sqlite.BUSY_SECONDS", 0.05)
    with locked(path):
        greenlets = [
            gevent.spawn(group_commit.transact, receive(f"lead{number}")) for number in range(3)
        ]
        gevent.joinall(greenlets, timeout=HANG_SECONDS)
    assert {type(greenlet.exception) for greenlet in greenlets} == {Unavailable}
    group_commit.transact(receive("a"))
    assert count_committed(path) == 1


def test_each_write_sees_the_context_of_its_own_request(group_commit: GroupCommit) -> None:
    user: ContextVar[str] = ContextVar("user")

    def write_as(name: str) -> str:
        user.set(name)
        return group_commit.transact(lambda _: user.get())

    names = [f"user{number}" for number in range(MAX_BATCH)]
    greenlets = [gevent.spawn(write_as, name) for name in names]
    gevent.joinall(greenlets, timeout=HANG_SECONDS, raise_error=True)
    assert [greenlet.value for greenlet in greenlets] == names
