"""The measured servers: how each is started, and how its leads are counted."""

import http.client
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from capture.campaign.files import read_campaign
from capture.ledger import open_ledger
from capture.site import Site

HERE = Path(__file__).parent
ROOT = HERE.parent
CAMPAIGN = "acme-cloud-guide"
CLIENT = "acme"
KEY = "for measurements only"
START_SECONDS = 20.0


@dataclass(frozen=True)
class Contender:
    """One server under test. `kept` counts its leads, and raises if its own proof fails."""

    name: str
    path: str
    command: Callable[[int], Sequence[str]]
    settings: Callable[[Path, int], Mapping[str, str]]
    kept: Callable[[Path], int]
    more: str = ""
    """What its form posts in addition to the eight fields."""


@dataclass(frozen=True)
class Running:
    """A running server."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    def cpu_seconds(self) -> float:
        """Processor time that the server and its workers have used so far."""
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        used = 0.0
        for pid in (str(self.process.pid), *tasks.split()):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used += int(fields[11]) + int(fields[12])
        return used / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(contender: Contender, folder: Path) -> Iterator[Running]:
    """Starts the contender on a free port with a new database in `folder`; ends it at the end."""
    port = free_port()
    environment = dict(os.environ) | contender.settings(folder, port)
    process = subprocess.Popen(contender.command(port), cwd=ROOT, env=environment)
    try:
        _wait_for(port, process)
        yield Running(f"http://127.0.0.1:{port}", folder, process)
    finally:
        process.terminate()
        process.wait(timeout=20)


def gatepost(
    name: str = "Gatepost, the complete intake", more_settings: Mapping[str, str] | None = None
) -> Contender:
    """`gatepost serve` with everything on; its form posts what the page's script adds as well.

    The limit of posts a minute is counted as ever, and set too high to be reached.
    """

    def settings(folder: Path, port: int) -> Mapping[str, str]:
        site = Site(name="Bench", tagline="", language="en", url="", publisher="Bench")
        site.write(folder / "output" / "site.json")
        return {
            "GATEPOST_PORT": str(port),
            "GATEPOST_DATABASE_URL": _ledger_url(folder),
            "GATEPOST_OUTPUT_DIR": str(folder / "output"),
            "GATEPOST_VAR_DIR": str(folder),
            "GATEPOST_SECRET_KEY": KEY,
            "GATEPOST_DUPLICATE_KEY": KEY,
            "GATEPOST_RATE_LIMIT": "100000000 per minute",
            **(more_settings or {}),
        }

    def kept(folder: Path) -> int:
        report = open_ledger(_ledger_url(folder), KEY.encode()).verify()
        if report.problems:
            raise RuntimeError(f"gatepost verify: {report.problems}")
        return report.leads

    return Contender(
        name=name,
        path=f"/f/{CAMPAIGN}",
        command=lambda _: [str(Path(sys.executable).with_name("gatepost")), "serve"],
        settings=settings,
        kept=kept,
        more="&" + urlencode(control_fields(), safe="WHO"),
    )


def control_fields() -> dict[str, str]:
    """What a browser posts in addition to the answers; WHO stands for the visitor."""
    touch = '{"path":"/posts/x/","referrer":"https://example.org/","time":"2026-11-22T10:00:00Z"}'
    return {
        "consent": "y",
        "gp_version": read_campaign(ROOT / "campaigns" / f"{CAMPAIGN}.toml").version,
        "gp_id": "bench-WHO",
        "gp_seconds": "42",
        "gp_first": touch,
        "gp_last": touch,
        "gp_test": "",
        "homepage": "",
    }


def bare_flask(workers: int = 2) -> Contender:
    """Flask and WTForms under gunicorn's sync workers."""
    gunicorn = str(Path(sys.executable).with_name("gunicorn"))
    return Contender(
        name=f"Flask + WTForms, bare handler, gunicorn sync {workers}",
        path="/lead",
        command=lambda port: [
            *(gunicorn, "--log-level", "warning", "--workers", str(workers)),
            *("--bind", f"127.0.0.1:{port}", "bench.bare_flask:make_app()"),
        ],
        settings=_bare_settings,
        kept=_bare_rows,
    )


def bare_express() -> Contender:
    """Express and better-sqlite3 in one process, which is where it is fastest."""
    return Contender(
        name="Express + better-sqlite3, bare handler, 1 process",
        path="/lead",
        command=lambda _: ["node", str(HERE / "bare_express.js")],
        settings=_bare_settings,
        kept=_bare_rows,
    )


def _ledger_url(folder: Path) -> str:
    return f"sqlite:///{folder.absolute()}/gatepost.db"


def _bare_settings(folder: Path, port: int) -> Mapping[str, str]:
    db = sqlite3.connect(folder / "bare.db")  # once, here: two workers that change it to WAL clash
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript((HERE / "bare.sql").read_text(encoding="utf-8"))
    db.close()
    return {
        "BARE_DATABASE": str(folder / "bare.db"),
        "NODE_ENV": "production",
        "PORT": str(port),
    }


def _bare_rows(folder: Path) -> int:
    db = sqlite3.connect(folder / "bare.db")
    counts = {db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _TABLES}
    db.close()
    if len(counts) != 1:
        raise RuntimeError(f"incomplete leads: {counts}")
    return int(counts.pop())


_TABLES = ("leads", "events", "outbox")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        probe = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
        try:
            probe.request("GET", "/healthz")
            probe.getresponse()
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        else:
            return
        finally:
            probe.close()
    raise RuntimeError(f"{process.args}: does not answer")
