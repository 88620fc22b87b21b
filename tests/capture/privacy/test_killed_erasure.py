"""An erasure that is killed at any step is completed by running it again."""

import multiprocessing
import os
import shutil
import signal
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from capture.intake.receive import receive_submission
from capture.jobs.store import JobStore
from capture.lead.events import EventKind
from capture.ledger import open_ledger
from capture.ledger.messages import VISITOR, Channel, NewMessage
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.privacy.erase import PersonToErase, erase_person
from tests.long import rounds
from tests.samples import NOW, campaign, submission

pytestmark = [pytest.mark.slow, pytest.mark.long]

KEY = b"a key for tests only"
ANN = "ann@clinic.example"
LEADS = 3
MOMENT = NOW + timedelta(hours=1)
KILLS = rounds(12, 500)
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["capture.privacy.erase", __name__])


def make_project(folder: Path) -> None:
    """Leads of one person with two campaigns, each with a queued letter and one in a file."""
    (folder / "mail").mkdir()
    with closing(open_ledger(f"sqlite:///{folder}/ledger.db", KEY)) as ledger:
        ledger.transact(fill)
        for message in ledger.read(lambda reading: reading.outbox.select()):
            path = folder / f"mail/20261123T150000.000000Z-{message.id}.eml"
            path.write_text(f"To: {ANN}\n\nDear Ann Lee")


def fill(records: WriteTransaction) -> None:
    for number in range(LEADS):
        terms = campaign(slug=f"guide-{number}")
        receipt = receive_submission(records, terms, submission(terms), NOW)
        records.outbox.queue(
            NewMessage(
                key=f"guide:{number}",
                channel=Channel.MAIL,
                kind="guide",
                recipient=VISITOR,
                queued_at=NOW,
                due_at=NOW,
                lead_id=receipt.lead_id,
            )
        )


def erase(folder: Path) -> None:
    with closing(open_ledger(f"sqlite:///{folder}/ledger.db", KEY)) as ledger:
        erase_person(
            ledger, PersonToErase(ANN), folder / "mail", JobStore(folder / "jobs"), MOMENT, by="Ada"
        )


class Steps:
    """Counts SQL statements and deleted files, and kills this process at one of them."""

    def __init__(self, last: int) -> None:
        self._last = last
        self.count = 0

    def step(self, *_: object) -> None:
        self.count += 1
        if self.count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        connect = sqlite3.connect

        def connect_and_watch(*args: Any, **more: Any) -> sqlite3.Connection:
            connection = connect(*args, **more)
            connection.set_trace_callback(self.step)
            return connection

        sqlite3.connect = connect_and_watch
        sys.addaudithook(lambda event, _: self.step() if event == "os.remove" else None)


def erase_and_count(folder: Path, last: int) -> None:
    """Erases, writes the number of steps, and ends with exit code 0."""
    steps = Steps(last)
    steps.watch()
    erase(folder)
    (folder / "steps").write_text(str(steps.count))


def run(folder: Path, last: int = 0) -> int | None:
    process = PROCESSES.Process(target=erase_and_count, args=(folder, last))
    process.start()
    process.join()
    return process.exitcode


def is_erased(ledger: Ledger, folder: Path) -> bool:
    content = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    kinds = ledger.read(
        lambda reading: Counter(recorded.event.kind for recorded in reading.events.select())
    )
    assert ledger.verify().problems == ()
    return (
        kinds[EventKind.ERASED] == kinds[EventKind.CONSENT_WITHDRAWN] == LEADS
        and b"Ann Lee" not in content
        and ANN.encode() not in content
    )


def test_a_killed_erasure_is_completed_by_running_it_again(tmp_path: Path) -> None:
    template = tmp_path / "template"
    template.mkdir()
    make_project(template)
    whole = tmp_path / "whole"
    shutil.copytree(template, whole)
    assert run(whole) == 0
    steps = int((whole / "steps").read_text())
    assert steps > LEADS * 5
    choices = range(1, steps + 1)
    for last in Random(1).sample(choices, min(KILLS, steps)):
        folder = tmp_path / f"killed-{last}"
        shutil.copytree(template, folder)
        assert run(folder, last) == -signal.SIGKILL
        erase(folder)
        with closing(open_ledger(f"sqlite:///{folder}/ledger.db", KEY)) as ledger:
            assert is_erased(ledger, folder), last
