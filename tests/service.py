"""The real service: a project folder, `gatepost serve` in it as a process, and people who post."""

import contextlib
import http.client
import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from hashlib import sha256
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from capture.site import Link, Site
from tests.needs import starts_server

ROOT = Path(__file__).parents[1]
GATEPOST = str(Path(sys.executable).with_name("gatepost"))
GUIDE = "acme-cloud-guide"


def versions_in(project: Path) -> dict[str, str]:
    """By slug: the version that a page carries whose form was made by this file."""
    files = (project / "campaigns").glob("*.toml")
    return {file.stem: sha256(file.read_bytes()).hexdigest() for file in files}


PERSON: Mapping[str, str] = {
    "full_name": "Ann Lee",
    "email": "ann@clinic.example",
    "company": "Lee Clinic",
    "job_title": "Director",
    "industry": "Healthcare",
    "company_size": "101-500",
    "country": "US",
    "consent": "y",
    "gp_version": versions_in(ROOT)[GUIDE],
}
"""A form for the guide that qualifies."""

_addresses = (f"198.18.{number // 250}.{number % 250 + 1}" for number in itertools.count())
_people = itertools.count(1)


def person(**changes: str) -> dict[str, str]:
    """A new person's form for the guide, which qualifies but for the changes."""
    number = next(_people)
    fresh = {"full_name": f"Ann Lee {number}", "email": f"ann@clinic{number}.example"}
    return {**PERSON, **fresh, **changes}


def new_address() -> str:
    """An address that nobody posted from yet."""
    return next(_addresses)


def make_project(folder: Path, *, site_url: str = "", capture_url: str = "") -> Path:
    """A project as it is after a build: its own campaigns and clients, our theme, a small site."""
    for name in ("campaigns", "clients"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "theme").symlink_to(ROOT / "theme")
    gated = folder / "content" / "gated"
    gated.mkdir(parents=True)
    (gated / "cloud-guide.pdf").write_bytes(b"%PDF-" + bytes(range(256)) * 11 + b"\r\n" * 90)
    (gated / "lead-kpis.xlsx").write_bytes(b"PK\x03\x04 the four numbers")
    www = folder / "output" / "www"
    shutil.copytree(ROOT / "theme" / "static", www / "theme")
    (www / "index.html").write_text("<!doctype html><title>Home</title><h1>Home</h1>")
    (www / "404.html").write_text("<!doctype html><title>Gone</title><h1>No such page</h1>")
    Site(
        name="Site",
        tagline="A site.",
        language="en",
        url=site_url,
        capture_url=capture_url,
        publisher="Publisher",
        navigation=(Link(title="Articles", url=f"{site_url}/articles/"),),
        assets={path.name: f"{site_url}/theme/{path.name}" for path in (www / "theme").iterdir()},
    ).write(folder / "output" / "site.json")
    return folder


@dataclass(frozen=True)
class Answer:
    """What the service said."""

    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def location(self) -> str:
        return self.headers["Location"]

    @property
    def bare(self) -> tuple[int, list[tuple[str, str]], bytes]:
        """All of it, but for the time and the token: the same for every visitor or a giveaway."""
        passing = ("Date", "Content-Length")  # a token's length depends on the lead's random id
        headers = [(name, value) for name, value in self.headers.items() if name not in passing]
        return (
            self.status,
            [(name, _without_token(value)) for name, value in headers],
            _without_token(self.text).encode(),
        )


def _without_token(text: str) -> str:
    return re.sub(r"(?<=[=/])\.?[\w-]{20,}\.[\w-]{6}\.[\w-]{27}", "TOKEN", text)


class Service:
    """`gatepost serve` in a project folder. Settings by their short names: `rate_limit=""`."""

    command: tuple[str, ...] = ("serve",)
    path = "/healthz"
    """Answers once it has started."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.settings = {"port": str(self.port), "trusted_proxies": "1", **settings}
        self.process: subprocess.Popen[bytes] | None = None
        self.pass_fds: tuple[int, ...] = ()
        self.log = folder / "server.log"
        self.versions: Mapping[str, str] = {}

    def start(self, *before: str) -> Self:
        """Starts it, under the program `before` if one is given, and waits until it answers."""
        starts_server()
        self.versions = versions_in(self.folder)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*before, GATEPOST, *self.command],
                cwd=self.folder,
                env=self.environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=self.pass_fds,
            )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.get(self.path).status == 200:
                    return self
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"the service did not start:\n{self.log.read_text()}")

    def environment(self) -> dict[str, str]:
        """This process's environment with these settings and no others of ours."""
        kept = {name: v for name, v in os.environ.items() if not name.startswith("GATEPOST_")}
        return kept | {f"GATEPOST_{name.upper()}": v for name, v in self.settings.items()}

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends the whole group of processes that `start` made, and waits for it."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, how)
            self.process.wait(30)
        self.process = None

    def run(self, *command: str, before: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """Runs `gatepost ...` in the same project with the same settings."""
        return subprocess.run(
            [*before, GATEPOST, *command],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @contextlib.contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The service's ledger, opened beside it."""
        key = (self.folder / "var" / "duplicate_key").read_bytes()
        ledger = open_ledger(f"sqlite:///{self.folder}/var/gatepost.db", key)
        yield ledger
        ledger.close()

    def stages(self) -> dict[str, str]:
        """Where each lead stands, by its e-mail (the last of that address wins)."""
        with self.ledger() as ledger:
            return ledger.read(
                lambda reading: {
                    str(personal_data.answers.get("email")): lead.review
                    for lead in reading.leads.select()
                    if (personal_data := reading.people.personal_data(lead.lead_id)) is not None
                }
            )

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        """Headers by their names, with _ for -."""
        return self.ask("GET", path, headers=_named(headers))

    def post(
        self,
        fields: Mapping[str, str] | Sequence[tuple[str, str]],
        slug: str = GUIDE,
        **headers: str,
    ) -> Answer:
        """Posts a form as a browser without script would, each time from a new address."""
        posted = [*(fields.items() if isinstance(fields, Mapping) else fields)]
        if dict(posted).get("gp_version") in {None, PERSON["gp_version"]}:
            posted = [("gp_version", self.version(slug)), *posted]  # the first one counts
        own = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Forwarded-For": new_address(),
        }
        return self.ask("POST", f"/f/{slug}", urlencode(posted), own | _named(headers))

    def version(self, slug: str = GUIDE) -> str:
        """A version whose form the service has shown: that of its start, or else today's."""
        return self.versions.get(slug) or versions_in(self.folder).get(slug, "")

    def thanks(self, posted: Answer) -> Answer:
        """The page that a successful post leads to."""
        assert posted.status == 303, posted.text
        return self.get(posted.location)


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Service]:
    """A service that runs while the block does."""
    service = Service(folder, **settings)
    try:
        yield service.start()
    finally:
        service.end()
