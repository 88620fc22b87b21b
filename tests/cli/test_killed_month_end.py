"""A killed month's end is completed by the next run, and nothing is doubled."""

import io
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
import time_machine

import capture.cli.context
from capture.billing.statement_text import parse_statement
from capture.campaign.files import parse_campaign
from capture.closing.checks import check_documents
from capture.intake.receive import receive_submission
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from gatepost.cli import main
from tests.capture.billing.oracle import Oracle
from tests.capture.billing.oracle_acts import Act
from tests.capture.billing.product import MEMORY_FOLDER, month_of
from tests.capture.billing.random_acts import MODELS
from tests.capture.billing.random_client import RandomClient
from tests.cli.conftest import ROOT
from tests.long import rounds
from tests.samples import CAMPAIGN, NOW, submission

pytestmark = [pytest.mark.slow, pytest.mark.long]

KEY = b"a key for tests only"
DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)
MONTH = "2026-11"
NEVER = -1
SAMPLE = 4
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["capture.cli.month_end", __name__])  # because they fork often

_WRITES = ("BEGIN", "COMMIT", "INSERT", "UPDATE", "DELETE")
_FILE_EVENTS = frozenset({"open", "os.mkdir", "os.rename", "os.remove", "os.chmod"})


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two clients, whose leads silence has accepted without a record of it."""
    folder = tmp_path_factory.mktemp("template")
    for name in ("campaigns", "clients", "content/gated", "var"):
        (folder / name).mkdir(parents=True)
    texts = {"guide": CAMPAIGN, "talk": CAMPAIGN, "other": CAMPAIGN.replace('"acme"', '"other"')}
    with closing(open_ledger(f"sqlite:///{folder}/var/gatepost.db", KEY)) as ledger:
        for slug, text in texts.items():
            (folder / f"campaigns/{slug}.toml").write_text(text)
            terms = parse_campaign(slug, text, f"{slug}.toml")
            sent = submission(terms, email=f"ann@{slug}.example")
            ledger.transact(
                lambda records, terms=terms, sent=sent: receive_submission(
                    records, terms, sent, NOW
                )
            )
    for client in ("acme", "other"):
        shutil.copy(ROOT / "clients/acme.toml", folder / f"clients/{client}.toml")
    return folder


def close_month_end(folder: Path, month: str, at: datetime, position: int, results: Any) -> None:
    """Runs the command at a time, and kills its own process at a point.

    Without a kill, sends the number of points. They are the commands that write to the ledger and
    all that touches a file of the output.
    """
    os.chdir(folder)
    for name in [name for name in os.environ if name.startswith("GATEPOST_")]:
        del os.environ[name]  # an unknown setting is refused
    os.environ |= {
        "GATEPOST_AGENCY_ADDRESS": "1 Main Street; New York",
        "GATEPOST_DUPLICATE_KEY": KEY.decode(),
    }
    sys.stdout = io.StringIO()
    sys.argv = ["gatepost", "month-end", "--month", month, "--close"]
    points = count()

    def pass_point() -> None:
        if next(points) == position:
            os.kill(os.getpid(), signal.SIGKILL)

    def trace_file(event: str, arguments: tuple[object, ...]) -> None:
        if event in _FILE_EVENTS and "month-end" in str(arguments[0]):
            pass_point()

    def trace_sql(sql: str) -> None:
        if sql.startswith(_WRITES):
            pass_point()

    def open_traced(*arguments: Any) -> Ledger:
        ledger = open_ledger(*arguments)
        ledger._connection()[0].conn.set_trace_callback(trace_sql)  # type: ignore[attr-defined]
        return ledger

    capture.cli.context.open_ledger = open_traced  # type: ignore[attr-defined]
    sys.addaudithook(trace_file)
    with time_machine.travel(at, tick=False), pytest.raises(SystemExit) as end:
        main()
    results.put((end.value.code, next(points)))


def run(folder: Path, position: int = NEVER, *, month: str = MONTH, at: datetime = DECEMBER) -> int:
    """Runs the command in a new process; 0 if it was killed, else the number of its points."""
    results = PROCESSES.SimpleQueue()
    arguments = (folder, month, at, position, results)
    process = PROCESSES.Process(target=close_month_end, args=arguments)
    process.start()
    process.join()
    if process.exitcode == -signal.SIGKILL:
        return 0
    assert process.exitcode == 0
    code, points = results.get()
    assert code == 0
    return int(points)


def contents(folder: Path, month: str = MONTH) -> dict[str, bytes]:
    """The files of the month's end, without temporary ones."""
    return {
        path.name: path.read_bytes()
        for path in (folder / "var/month-end" / month).glob("*")
        if not path.name.startswith(".")
    }


def checked_documents(folder: Path) -> dict[str, str]:
    """Checks that the ledger has no problems; the number and JSON of each document."""
    with closing(open_ledger(f"sqlite:///{folder}/var/gatepost.db", KEY)) as ledger:
        assert ledger.verify().problems == ()
        assert ledger.read(check_documents) == []
        statements = ledger.read(lambda reading: list(reading.statements.select()))
    return {statement.number: statement.json for statement in statements}


@pytest.fixture
def copies(template: Path, tmp_path: Path) -> Iterator[Path]:
    """Copies of the template, as many as needed."""

    def copy() -> Iterator[Path]:
        for number in count():
            folder = tmp_path / str(number)
            shutil.copytree(template, folder)
            yield folder

    return copy()


def test_a_killed_month_end_is_completed_once_by_the_next_run(copies: Iterator[Path]) -> None:
    undisturbed = next(copies)
    points = run(undisturbed)
    files, documents = contents(undisturbed), checked_documents(undisturbed)
    assert documents.keys() == {"acme-0001", "other-0001"}
    assert len(files) == 2 * 3 + 3
    assert points > 50
    number = rounds(SAMPLE, points)
    for position in sorted({points * step // number for step in range(number)}):
        folder = next(copies)
        assert run(folder, position) == 0
        assert contents(folder).items() <= files.items()
        assert checked_documents(folder).items() <= documents.items()
        assert run(folder) > 0
        assert (contents(folder), checked_documents(folder)) == (files, documents)
        assert not list((folder / "var/month-end" / MONTH).glob(".*"))


def test_two_runs_at_the_same_time_make_each_document_once(copies: Iterator[Path]) -> None:
    alone, shared = next(copies), next(copies)
    run(alone)
    results = PROCESSES.SimpleQueue()
    processes = [
        PROCESSES.Process(target=close_month_end, args=(shared, MONTH, DECEMBER, NEVER, results))
        for _ in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [results.get()[0] for _ in processes] == [0, 0]
    assert contents(shared) == contents(alone)
    assert checked_documents(shared) == checked_documents(alone)


SEEDS = range(2, 2 + rounds(1, 20))
KILLS = rounds(1, 12)


def test_a_killed_month_end_of_a_random_client_ends_with_the_oracles_documents(
    tmp_path: Path,
) -> None:
    for seed in SEEDS:
        rng, folder = Random(seed), tmp_path / str(seed)
        client, month = client_with_an_open_month(folder / "template", rng)
        undisturbed = shutil.copytree(folder / "template", folder / "undisturbed")
        points = run(undisturbed, month=month, at=client.now)
        assert_closed_as_expected(undisturbed, client.oracle, month)
        for position in rng.sample(range(points), KILLS):
            killed = shutil.copytree(folder / "template", folder / f"{position}")
            assert run(killed, position, month=month, at=client.now) == 0
            assert run(killed, month=month, at=client.now) > 0
            assert_closed_as_expected(killed, client.oracle, month)
            assert contents(killed, month) == contents(undisturbed, month)
            assert checked_documents(killed) == checked_documents(undisturbed)


def client_with_an_open_month(folder: Path, rng: Random) -> tuple[RandomClient, str]:
    """A project with a random client whose next month bills several campaigns.

    The client's oracle has closed that month at the client's time, and its ledger has not.
    """
    for name in ("campaigns", "clients", "content/gated", "var"):
        (folder / name).mkdir(parents=True)
    month = None
    while month is None:
        with tempfile.TemporaryDirectory(dir=MEMORY_FOLDER) as ledger_folder:
            client = RandomClient(Path(ledger_folder), rng.choice(MODELS), rng, vat_rate="19")
            months = (open_month(client, rng) for _ in range(90))
            month = next(filter(None, months), None)
            client.product.ledger.close()
            shutil.copy(client.folder / "ledger.db", folder / "var/gatepost.db")
    for slug, campaign in client.product.campaigns.items():
        (folder / f"campaigns/{slug}.toml").write_text(campaign.text)
    text = (ROOT / "clients/acme.toml").read_text()
    assert "vat_rate = 0 " in text
    (folder / "clients/acme.toml").write_text(text.replace("vat_rate = 0 ", "vat_rate = 19 "))
    return client, month


def open_month(client: RandomClient, rng: Random) -> str | None:
    """Goes a step on. Closes the oracle's next month if that bills several campaigns."""
    client.step(rng)
    month = client.oracle.next_month()
    if sum(bool(campaign.leads) for campaign in client.oracle.campaigns.values()) < 2:
        return None
    oracle = deepcopy(client.oracle)
    now = max(client.now, oracle.end(month) + timedelta(hours=1))
    oracle.apply(Act(now, "closed", month=month))
    if not any(
        closed_month.month == month
        and sum(bool(part.lines) for part in closed_month.parts.values()) > 1
        for closed_month in oracle.months.values()
    ):
        return None
    client.now, client.oracle = now, oracle
    return month


def assert_closed_as_expected(folder: Path, oracle: Oracle, month: str) -> None:
    """Compares the month's documents with the oracle's."""
    months = [month_of(parse_statement(text)) for text in checked_documents(folder).values()]
    assert [closed_month for closed_month in months if closed_month.month == month] == [
        closed_month
        for closed_month in oracle.months.values()
        if closed_month.month == month and closed_month.number
    ]
