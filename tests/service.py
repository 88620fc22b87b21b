"""The real service for tests: a project folder, `gatepost serve` in a process, forms to post."""

import contextlib
import http.client
import itertools
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from hashlib import sha256
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from capture.site import Link, Site
from capture.web.config import WebConfig
from tests.command_server import ForkedCommand, run_forked
from tests.needs import starts_server
from tests.process_groups import end_group
from tests.samples import NO_GROUPS
from tests.stopped_clock import stopped_clock
from tests.waiting import HANG_SECONDS

ROOT = Path(__file__).parents[1]
GATEPOST = str(Path(sys.executable).with_name("gatepost"))
GUIDE = "acme-cloud-guide"
TEST_KEY = b"a secret for tests only"


def copy_campaigns(folder: Path) -> Path:
    """Copies our campaigns into a folder, without the risk signals on groups, because tests send
    many equal leads."""
    folder.mkdir(parents=True)
    for file in (ROOT / "campaigns").glob("*.toml"):
        (folder / file.name).write_text(f"{file.read_text()}\n{NO_GROUPS}")
    return folder


def versions_in(project: Path) -> dict[str, str]:
    """The version of each campaign file by slug, as the form on a page carries it."""
    files = (project / "campaigns").glob("*.toml")
    return {file.stem: sha256(file.read_bytes()).hexdigest() for file in files}


def shown_version(slug: str = GUIDE) -> str:
    """The version of a copied campaign."""
    text = (ROOT / "campaigns" / f"{slug}.toml").read_text()
    return sha256(f"{text}\n{NO_GROUPS}".encode()).hexdigest()


PERSON: Mapping[str, str] = {
    "full_name": "Ann Lee",
    "email": "ann@clinic.example",
    "company": "Lee Clinic",
    "job_title": "Director",
    "industry": "Healthcare",
    "company_size": "101-500",
    "country": "US",
    "consent": "y",
    "gp_version": shown_version(),
}
"""The fields of a qualifying form for the guide."""

_addresses = (f"198.18.{number // 250}.{number % 250 + 1}" for number in itertools.count())
_people = itertools.count(1)


def person(**changes: str) -> dict[str, str]:
    """The form of a new person for the guide. It qualifies unless `changes` says otherwise."""
    number = next(_people)
    identity = {"full_name": f"Ann Lee {number}", "email": f"ann@clinic{number}.example"}
    return {**PERSON, **identity, **changes}


def new_address() -> str:
    """An IP address from which no test has posted yet."""
    return next(_addresses)


def make_project(folder: Path, *, site_url: str = "", capture_url: str = "") -> Path:
    """A project as it is after a build: copies of our campaigns and clients, theme, small site."""
    copy_campaigns(folder / "campaigns")
    shutil.copytree(ROOT / "clients", folder / "clients")
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


def web_config(folder: Path, **changes: Any) -> WebConfig:
    """The settings of an app without a server, for a project in this folder."""
    settings: dict[str, Any] = {
        "database_url": "",
        "secret_key": TEST_KEY,
        "duplicate_key": TEST_KEY,
        "campaigns": folder / "campaigns",
        "clients": folder / "clients",
        "gated": folder / "content" / "gated",
        "templates": ROOT / "theme" / "templates",
        "site_facts": folder / "output" / "site.json",
        "counters": folder / "counters.db",
        "jobs": folder / "jobs",
        "site_origin": "http://localhost",
    }
    return WebConfig(**{**settings, **changes})


@dataclass(frozen=True)
class Answer:
    """A response of the service."""

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
        """The response without its time and token. It must not depend on how a lead was judged."""
        omitted = ("Date", "Content-Length")  # a token's length depends on the lead's random id
        headers = [(name, value) for name, value in self.headers.items() if name not in omitted]
        return (
            self.status,
            [(name, _without_token(value)) for name, value in headers],
            _without_token(self.text).encode(),
        )


def _without_token(text: str) -> str:
    return re.sub(r"(?<=[=/])\.?[\w-]{20,}\.[\w-]{6}\.[\w-]{27}", "TOKEN", text)


class Service:
    """`gatepost serve` in a project folder. Settings have their short names: `rate_limit=""`."""

    command: tuple[str, ...] = ("serve",)
    path = "/healthz"
    """The path that answers once the service has started."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        # Most tests need no letters, and each dispatcher takes a second to start.
        # No test uses the DNS of the machine on which it runs.
        defaults = {
            "port": str(self.port),
            "trusted_proxies": "1",
            "dispatch": "off",
            "mail_domain_check": "off",
            # Without the desk a service starts faster.
            "desk_url": "https://desk.example",
        }
        self.settings = {**defaults, **settings}
        self.process: subprocess.Popen[bytes] | ForkedCommand | None = None
        self.stopped_at: datetime | None = None
        """The time at which the clock of its processes and commands stands still, if it does."""
        self.is_forked = True
        """Whether the process is a fork of one that has imported the modules; else it is Python."""
        self.pass_fds: tuple[int, ...] = ()
        self.log = folder / "server.log"
        self.versions: Mapping[str, str] = {}

    def start(self, *wrapper: str) -> Self:
        """Starts it and waits until it answers. `wrapper` is a command to run it with, if any."""
        starts_server()
        self.versions = versions_in(self.folder)
        with self.log.open("ab") as log:
            streams: dict[str, Any] = {"stdout": log, "stderr": log}
            place: dict[str, Any] = {"cwd": self.folder, "env": self.environment()}
            if self.is_forked and not wrapper:
                self.process = ForkedCommand(self.command, **place, **streams)
            else:
                self.process = subprocess.Popen(
                    [*wrapper, GATEPOST, *self.command],
                    **place,
                    **streams,
                    start_new_session=True,
                    pass_fds=self.pass_fds,
                )
        deadline = time.monotonic() + HANG_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.get(self.path).status == 200:
                    return self
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"the service did not start:\n{self.log.read_text()}")

    def environment(self) -> dict[str, str]:
        """This process's environment, with these settings of Gatepost and no others."""
        others = {name: v for name, v in os.environ.items() if not name.startswith("GATEPOST_")}
        clock = stopped_clock(self.stopped_at) if self.stopped_at else {}
        settings = {f"GATEPOST_{name.upper()}": v for name, v in self.settings.items()}
        return others | clock | settings

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Sends a signal to all processes that `start` started, and waits until all have ended."""
        if self.process is not None and self.process.poll() is None:
            end_group(self.process, number)
        self.process = None

    def run(self, *command: str, wrapper: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """Runs `gatepost ...` in the same project with the same settings.

        `wrapper` is a command to run it with, if any.
        """
        place: dict[str, Any] = {
            "cwd": self.folder,
            "env": self.environment(),
            "timeout": HANG_SECONDS,
        }
        if self.is_forked and not wrapper:
            return run_forked(command, **place)
        return subprocess.run(
            [*wrapper, GATEPOST, *command], **place, capture_output=True, text=True, check=False
        )

    @contextlib.contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The service's ledger, opened beside it."""
        key = (self.folder / "var" / "duplicate_key").read_bytes()
        ledger = open_ledger(f"sqlite:///{self.folder}/var/gatepost.db", key)
        yield ledger
        ledger.close()

    def stages(self) -> dict[str, str]:
        """The review stage by e-mail address; for several leads of one address, the last one's."""
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
        """The response to one request on a new connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANG_SECONDS)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        """The response to a GET request. In header names write _ for -."""
        return self.ask("GET", path, headers=_header_names(headers))

    def post(
        self,
        fields: Mapping[str, str] | Sequence[tuple[str, str]],
        slug: str = GUIDE,
        **headers: str,
    ) -> Answer:
        """Posts a form as a browser without script does, each time from a new IP address."""
        body = [*(fields.items() if isinstance(fields, Mapping) else fields)]
        if dict(body).get("gp_version") in {None, PERSON["gp_version"]}:
            body = [("gp_version", self.version(slug)), *body]  # the first value counts
        defaults = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Forwarded-For": new_address(),
        }
        return self.ask("POST", f"/f/{slug}", urlencode(body), defaults | _header_names(headers))

    def version(self, slug: str = GUIDE) -> str:
        """A version whose form the service has shown: that of its start, or the current one."""
        return self.versions.get(slug) or versions_in(self.folder).get(slug, "")

    def thanks(self, posted: Answer) -> Answer:
        """The page that a successful post leads to."""
        assert posted.status == 303, posted.text
        return self.get(posted.location)


def _header_names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


_reserved_ports: list[socket.socket] = []


def free_port() -> int:
    """A port that no other process gets until this one ends, also while no service listens on it.

    It is outside the range from which Linux chooses ports for connections. Otherwise a connection
    of another test could use it before the service does.
    """
    while True:
        port = 10_000 + secrets.randbelow(22_000)
        probe = socket.socket()
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.close()
            continue
        # A socket with this option may share its port with one server that has the option too, as
        # servers do. The probe above has none yet, so it is refused a port that is reserved.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _reserved_ports.append(probe)
        return port


@contextlib.contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Service]:
    """A service that runs as long as the `with` block."""
    service = Service(folder, **settings)
    try:
        yield service.start()
    finally:
        service.end()
