"""A killed close changes nothing, and the next close closes the month once."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from capture.billing.statement_text import parse_statement
from capture.closing.checks import check_documents
from capture.intake.receive import receive_submission
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import ClosedStatement
from tests.capture.months import close_one
from tests.samples import NOW, campaign, submission

pytestmark = pytest.mark.slow

KEY = b"a key for tests only"
DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)
LEADS = 5
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["capture.closing.close", "capture.intake.receive", __name__]
)  # because they fork often


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A closed ledger with five leads accepted by silence, which is not recorded yet."""
    address = f"sqlite:///{tmp_path}/ledger.db"
    with closing(open_ledger(address, KEY)) as ledger:
        for number in range(LEADS):
            new_submission = submission(campaign(), email=f"ann@clinic{number}.example")
            at = NOW + timedelta(minutes=number)
            ledger.transact(
                lambda records, item=new_submission, at=at: receive_submission(
                    records, campaign(), item, at
                )
            )
    return address


def close(records: WriteTransaction) -> ClosedStatement:
    return close_one(records, "2026-11", DECEMBER)


def sql_of_a_close(url: str) -> list[str]:
    """The SQL commands of a close, in order. It may be killed at each of them."""
    commands: list[str] = []
    with closing(open_ledger(url, KEY)) as ledger:
        trace_sql(ledger, commands.append)
        ledger.transact(close)
    return commands


def trace_sql(ledger: Ledger, callback: object) -> None:
    ledger._connection()[0].conn.set_trace_callback(callback)  # type: ignore[attr-defined]


def close_and_die(url: str, position: int) -> None:
    """Closes the month and kills its own process when the SQL command at `position` begins."""
    ledger, left = open_ledger(url, KEY), iter(range(position))
    trace_sql(ledger, lambda _: next(left, None) is None and os.kill(os.getpid(), signal.SIGKILL))
    ledger.transact(close)


def is_killed_at(url: str, position: int) -> bool:
    """Runs `close_and_die` in a new process; whether it was killed."""
    process = PROCESSES.Process(target=close_and_die, args=(url, position))
    process.start()
    process.join()
    return process.exitcode == -signal.SIGKILL


def checked_statements(url: str) -> list[ClosedStatement]:
    """Checks that the ledger has no faults; returns its statements."""
    with closing(open_ledger(url, KEY)) as ledger:
        assert ledger.verify().problems == ()
        assert ledger.read(check_documents) == []
        return ledger.read(lambda reading: list(reading.statements.select()))


def kill_positions(url: str) -> Iterator[int]:
    """The position of the first SQL command of each kind."""
    copy = url.replace("ledger.db", "copy.db")
    path = Path(url.removeprefix("sqlite:///"))
    path.with_name("copy.db").write_bytes(path.read_bytes())
    kinds: set[str] = set()
    for position, sql in enumerate(sql_of_a_close(copy)):
        kind = " ".join(sql.split()[:5])
        if kind not in kinds:
            kinds.add(kind)
            yield position
    assert {"COMMIT", "UPDATE leads SET billed ="} <= kinds


def test_a_close_killed_at_any_point_is_completed_once_by_the_next(url: str) -> None:
    positions = list(kill_positions(url))
    assert len(positions) >= 15
    for position in positions:
        assert is_killed_at(url, position)
        assert checked_statements(url) == []
    with closing(open_ledger(url, KEY)) as ledger:
        first, again = ledger.transact(close), ledger.transact(close)
    assert [first] == [again] == checked_statements(url)
    assert (first.number, len(parse_statement(first.json).lines)) == ("acme-0001", LEADS)
