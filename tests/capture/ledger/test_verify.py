"""`verify` holds one lead in memory at a time and names events that no lead allows."""

import sqlite3
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from capture.lead.events import Event, EventKind
from capture.ledger import open_ledger
from capture.ledger.events import link
from capture.ledger.protocol import WriteTransaction
from tests.samples import campaign, later_event, received_event

KEY = b"a key for tests only"


def written(path: Path, leads: int) -> str:
    """The URL of a new ledger with this many qualified leads."""
    url = f"sqlite:///{path}"

    def work(records: WriteTransaction) -> None:
        records.campaigns.save_version(campaign(), received_event("a").recorded_at)
        for number in range(leads):
            lead_id = f"lead{number}"
            records.append(received_event(lead_id), later_event(lead_id, EventKind.QUALIFIED))

    with closing(open_ledger(url, KEY)) as ledger:
        ledger.transact(work)
    return url


def peak(work: Callable[[], object]) -> int:
    """Peak of the memory that the work allocates, in bytes."""
    tracemalloc.start()
    work()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_verify_needs_no_more_memory_for_many_leads_than_for_few(tmp_path: Path) -> None:
    peaks = []
    for leads in (50, 50, 1000):  # the first run fills the caches
        url = written(tmp_path / f"{len(peaks)}.db", leads)
        with closing(open_ledger(url, KEY)) as ledger:
            peaks.append(peak(lambda ledger=ledger: ledger.verify()))  # type: ignore[misc]
    assert peaks[2] < peaks[1] + 100_000


def test_an_event_that_is_not_allowed_is_named_even_if_its_chain_is_correct(tmp_path: Path) -> None:
    url = written(tmp_path / "ledger.db", 1)
    unlawful = later_event("lead0", EventKind.DISPUTED)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as db:
        chain(db, unlawful)
        chain(db, received_event("lead1"))
    with closing(open_ledger(url, KEY)) as ledger:
        problems = ledger.verify().problems
    assert [problem.partition(";")[0] for problem in problems] == [
        "event 3: not a lawful move: lead lead0: review is qualified, so disputed is refused",
        "lead lead0: its row differs from its events",
        "lead lead1: has events and no row",
    ]


def chain(db: sqlite3.Connection, event: Event) -> None:
    """Appends an event with a correct hash but without the ledger's checks."""
    sequence, head = db.execute("SELECT sequence + 1, head FROM chain").fetchone()
    (like,) = db.execute("SELECT * FROM events WHERE kind = 'received'").fetchmany(1)
    digest = link(head, event, sequence)
    data = like[7] if event.kind is EventKind.RECEIVED else "{}"
    row = (sequence, "guide", event.lead_id, event.kind, *like[4:6], event.actor, data, head)
    db.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, digest))
    db.execute("UPDATE chain SET sequence = ?, head = ?", (sequence, digest))
    db.commit()
