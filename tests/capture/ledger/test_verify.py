"""The proof of a ledger holds one lead at a time, and names what could not have happened."""

import sqlite3
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from capture.lead.events import Event, EventKind
from capture.ledger import open_ledger
from capture.ledger.chain import link
from capture.ledger.protocol import Records
from tests.samples import campaign, moved, received

KEY = b"a key for tests only"


def written(path: Path, leads: int) -> str:
    """A ledger of so many leads that qualified."""
    url = f"sqlite:///{path}"

    def work(records: Records) -> None:
        records.campaigns.save_version(campaign(), received("a").recorded_at)
        for number in range(leads):
            lead_id = f"lead{number}"
            records.append(received(lead_id), moved(lead_id, EventKind.QUALIFIED))

    with closing(open_ledger(url, KEY)) as ledger:
        ledger.transact(work)
    return url


def peak(work: Callable[[], object]) -> int:
    """Bytes that Python holds at most, beyond what it held before."""
    tracemalloc.start()
    work()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_the_proof_of_many_leads_holds_no_more_than_that_of_few(tmp_path: Path) -> None:
    peaks = []
    for leads in (50, 50, 1000):  # the first run fills what is kept between runs
        url = written(tmp_path / f"{len(peaks)}.db", leads)
        with closing(open_ledger(url, KEY)) as ledger:
            peaks.append(peak(lambda ledger=ledger: ledger.verify()))  # type: ignore[misc]
    assert peaks[2] < peaks[1] + 100_000


def test_an_event_that_no_lead_allows_is_named_though_it_is_chained(tmp_path: Path) -> None:
    url = written(tmp_path / "ledger.db", 1)
    unlawful = moved("lead0", EventKind.DISPUTED)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as db:
        chain(db, unlawful)
        chain(db, received("lead1"))
    with closing(open_ledger(url, KEY)) as ledger:
        problems = ledger.verify().problems
    assert [problem.partition(";")[0] for problem in problems] == [
        "event 3: not a lawful move: lead lead0: review is qualified, so disputed is refused",
        "lead lead0: its row differs from its events",
        "lead lead1: has events and no row",
    ]


def chain(db: sqlite3.Connection, event: Event) -> None:
    """Writes an event as the ledger would, past all of its checks."""
    sequence, head = db.execute("SELECT sequence + 1, head FROM chain").fetchone()
    (like,) = db.execute("SELECT * FROM events WHERE kind = 'received'").fetchmany(1)
    digest = link(head, event, sequence)
    data = like[7] if event.kind is EventKind.RECEIVED else "{}"
    row = (sequence, "guide", event.lead_id, event.kind, *like[4:6], event.actor, data, head)
    db.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, digest))
    db.execute("UPDATE chain SET sequence = ?, head = ?", (sequence, digest))
    db.commit()
