"""Group commit: leads that arrive together share a commit; their answers wait for it."""

import sqlite3
from collections.abc import Callable, Iterator
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

KEY = b"a key for tests only"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Ledger:
    created = open_ledger(f"sqlite:///{path}", KEY)
    created.transact(lambda records: records.campaigns.save_version(campaign(), NOW))
    return created


@pytest.fixture
def together(ledger: Ledger) -> Iterator[GroupCommit]:
    created = GroupCommit(ledger)
    committing = created.start()
    yield created
    committing.kill()


def taking(lead_id: str) -> Callable[[WriteTransaction], Any]:
    return lambda records: records.append(received_event(lead_id))


def taken(path: Path) -> int:
    """Leads that another program finds in the file now."""
    db = sqlite3.connect(path)
    count = db.execute("SELECT count(*) FROM leads").fetchone()[0]
    db.close()
    return int(count)


def test_before_start_each_write_is_its_own_transaction(ledger: Ledger) -> None:
    GroupCommit(ledger).transact(taking("a"))
    assert ledger.verify().leads == 1


def test_leads_that_wait_together_share_a_transaction(together: GroupCommit, path: Path) -> None:
    def take(records: WriteTransaction) -> tuple[int, int]:
        records.append(received_event(f"lead{len(list(records.leads.select()))}"))
        return len(list(records.leads.select())), taken(path)

    waiting = [gevent.spawn(together.transact, take) for _ in range(MAX_BATCH)]
    gevent.joinall(waiting, timeout=10, raise_error=True)
    assert [answered.value for answered in waiting] == [(n + 1, 0) for n in range(MAX_BATCH)]
    assert taken(path) == MAX_BATCH


def test_each_write_is_answered_only_after_its_commit(together: GroupCommit, path: Path) -> None:
    def take(number: int) -> int:
        together.transact(taking(f"lead{number}"))
        return taken(path)

    waiting = [gevent.spawn(take, number) for number in range(40)]
    gevent.joinall(waiting, timeout=10, raise_error=True)
    assert min(answered.value for answered in waiting) >= MAX_BATCH
    assert taken(path) == 40


def test_a_write_that_fails_does_not_affect_the_others(
    ledger: Ledger, together: GroupCommit
) -> None:
    works = [
        taking("a"),
        lambda r: r.append(later_event("nobody", EventKind.ACCEPTED)),
        taking("b"),
    ]
    waiting = [gevent.spawn(together.transact, work) for work in works]
    gevent.joinall(waiting, timeout=10)
    assert [type(answered.exception) for answered in waiting] == [
        type(None),
        EventNotAllowed,
        type(None),
    ]
    assert (ledger.verify().leads, ledger.verify().problems) == (2, ())


def test_other_requests_go_on_while_another_program_writes(
    together: GroupCommit, path: Path
) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = gevent.spawn(together.transact, taking("a"))
    turns = 0
    while turns < 100:  # a page a millisecond, while the lead waits
        gevent.sleep(0.001)
        assert together.read(lambda reading: reading.events.head()[0]) == 0
        turns += 1
    assert not waiting.ready()
    other.execute("ROLLBACK")
    waiting.get(timeout=10)
    assert taken(path) == 1


def test_every_waiting_write_gets_the_error_of_the_ledger(
    together: GroupCommit, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capture.ledger.sqlite.BUSY_SECONDS", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = [gevent.spawn(together.transact, taking(f"lead{number}")) for number in range(3)]
    gevent.joinall(waiting, timeout=10)
    assert {type(answered.exception) for answered in waiting} == {Unavailable}
    other.execute("ROLLBACK")
    together.transact(taking("a"))
    assert taken(path) == 1
