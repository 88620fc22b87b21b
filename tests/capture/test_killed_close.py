"""A close that is killed leaves nothing behind, and the next one closes the month once."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from capture.billing.statement_text import parse_statement
from capture.closing.close import close_month
from capture.closing.redrawing import check_documents
from capture.intake.receive import receive_submission
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import ClosedStatement
from tests.samples import NOW, PARTIES, campaign, submission

pytestmark = pytest.mark.slow

KEY = b"a key for tests only"
DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)
LEADS = 5
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["capture.closing.close", "capture.intake.receive", __name__]
)  # they fork often


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A ledger in which nothing is open: five leads that silence has accepted, not written yet."""
    address = f"sqlite:///{tmp_path}/ledger.db"
    with closing(open_ledger(address, KEY)) as ledger:
        for number in range(LEADS):
            sent = submission(campaign(), email=f"ann@clinic{number}.example")
            at = NOW + timedelta(minutes=number)
            ledger.transact(
                lambda records, s=sent, at=at: receive_submission(records, campaign(), s, at)
            )
    return address


def close(records: WriteTransaction) -> ClosedStatement:
    return close_month(records, campaign(), PARTIES, "2026-11", DECEMBER)


def statements_of_a_close(url: str) -> list[str]:
    """The SQL statements by which a close reads and writes, each a place where it may die."""
    seen: list[str] = []
    with closing(open_ledger(url, KEY)) as ledger:
        watch(ledger, seen.append)
        ledger.transact(close)
    return seen


def watch(ledger: Ledger, callback: object) -> None:
    ledger._connection()[0].conn.set_trace_callback(callback)  # type: ignore[attr-defined]


def close_and_die(url: str, place: int) -> None:
    """Closes the month and is killed as that statement begins."""
    ledger, left = open_ledger(url, KEY), iter(range(place))
    watch(ledger, lambda _: next(left, None) is None and os.kill(os.getpid(), signal.SIGKILL))
    ledger.transact(close)


def killed_at(url: str, place: int) -> bool:
    """Lets a process of its own do so; whether it was killed."""
    process = PROCESSES.Process(target=close_and_die, args=(url, place))
    process.start()
    process.join()
    return process.exitcode == -signal.SIGKILL


def proven(url: str) -> list[ClosedStatement]:
    """The statements that there are, of a ledger that is proven whole."""
    with closing(open_ledger(url, KEY)) as ledger:
        assert ledger.verify().problems == ()
        assert ledger.read(check_documents) == []
        return ledger.read(lambda reading: list(reading.statements.select()))


def places(url: str) -> Iterator[int]:
    """The first statement of each kind: reads, lapses, the statement, its lines, the event, the
    rows, the commit."""
    copy = url.replace("ledger.db", "copy.db")
    path = Path(url.removeprefix("sqlite:///"))
    path.with_name("copy.db").write_bytes(path.read_bytes())
    kinds: set[str] = set()
    for place, sql in enumerate(statements_of_a_close(copy)):
        kind = " ".join(sql.split()[:5])
        if kind not in kinds:
            kinds.add(kind)
            yield place
    assert {"COMMIT", "UPDATE leads SET billed ="} <= kinds


def test_a_close_killed_at_any_point_is_done_once_by_the_next(url: str) -> None:
    tried = list(places(url))
    assert len(tried) >= 15
    for place in tried:
        assert killed_at(url, place)
        assert proven(url) == []
    with closing(open_ledger(url, KEY)) as ledger:
        first, again = ledger.transact(close), ledger.transact(close)
    assert [first] == [again] == proven(url)
    assert (first.number, len(parse_statement(first.json).lines)) == ("acme-0001", LEADS)
