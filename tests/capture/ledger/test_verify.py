"""`verify` holds one lead in memory at a time and reports events that no stage allows."""

import sqlite3
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from capture.lead.events import Event, EventKind
from capture.ledger import open_ledger
from capture.ledger.events import event_hash
from capture.ledger.protocol import WriteTransaction
from tests.samples import campaign, later_event, received_event

KEY = b"a key for tests only"


def make_ledger(path: Path, leads: int) -> str:
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


def peak_memory(work: Callable[[], object]) -> int:
    """The most memory that the work allocates at one time, in bytes."""
    tracemalloc.start()
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_verify_needs_no_more_memory_for_many_leads_than_for_few(tmp_path: Path) -> None:
    peaks = []
    for leads in (50, 50, 1000):  # the first run fills the caches
        url = make_ledger(tmp_path / f"{len(peaks)}.db", leads)
        with closing(open_ledger(url, KEY)) as ledger:
            peaks.append(peak_memory(lambda ledger=ledger: ledger.verify()))  # type: ignore[misc]
    assert peaks[2] < peaks[1] + 100_000


def test_a_forbidden_event_is_reported_even_if_the_chain_is_correct(
    tmp_path: Path,
) -> None:
    url = make_ledger(tmp_path / "ledger.db", 1)
    forbidden = later_event("lead0", EventKind.DISPUTED)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as db:
        append_unchecked(db, forbidden)
        append_unchecked(db, received_event("lead1"))
    with closing(open_ledger(url, KEY)) as ledger:
        problems = ledger.verify().problems
    assert [problem.partition(";")[0] for problem in problems] == [
        "event 3: not an allowed move: lead lead0: review is qualified, so disputed is refused",
        "lead lead0: its row differs from its events",
        "lead lead1: has events but no row",
    ]


def append_unchecked(db: sqlite3.Connection, event: Event) -> None:
    """Appends an event with a correct hash but without the ledger's checks."""
    sequence, head = db.execute("SELECT sequence + 1, head FROM chain").fetchone()
    (template,) = db.execute("SELECT * FROM events WHERE kind = 'received'").fetchmany(1)
    digest = event_hash(head, event, sequence)
    data = template[7] if event.kind is EventKind.RECEIVED else "{}"
    row = (sequence, "guide", event.lead_id, event.kind, *template[4:6], event.actor, data, head)
    db.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, digest))
    db.execute("UPDATE chain SET sequence = ?, head = ?", (sequence, digest))
    db.commit()


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (
            "UPDATE held_leads SET signals = 'burst'",
            "lead lead0: its row in the list of",
        ),
        ("DELETE FROM held_leads", "lead lead0: its row in the list of"),
        (
            "INSERT INTO held_leads SELECT 'other', campaign, held_at, signals FROM held_leads",
            "the list of quarantine: has rows of no lead in quarantine",
        ),
    ],
)
def test_a_list_of_quarantine_that_differs_from_the_events_is_reported(
    tmp_path: Path, damage: str, problem: str
) -> None:
    def work(records: WriteTransaction) -> None:
        records.campaigns.save_version(campaign(), received_event("a").recorded_at)
        signals = [{"name": "honeypot", "weight": 100}]
        hold = later_event("lead0", EventKind.QUARANTINED, signals=signals)
        records.append(received_event("lead0"), hold)

    with closing(open_ledger(f"sqlite:///{tmp_path}/ledger.db", KEY)) as ledger:
        ledger.transact(work)
        assert ledger.verify().problems == ()
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as db:
            db.execute(damage)
            db.commit()
        assert problem in ledger.verify().problems[0]
