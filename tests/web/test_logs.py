"""No log contains answers, tokens or networks of visitors."""

import contextlib
import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import pytest

from capture.client_access.api_tokens import add_token, new_token
from tests.service import GUIDE, Service, make_project, person, serving

pytestmark = pytest.mark.server

TYPED = {
    "full_name": "Zora Quistgaard",
    "email": "zora.quistgaard@klinikum-nord.example",
    "company": "Klinikum Nord",
    "job_title": "Chief of Everything",
    "phone": "+493012345678",
}
NETWORK = "198.51.100.77"
NOTE = "spoke to her yesterday"
JSON = {"Content-Type": "application/json"}
CLOSED_PORT = "http://127.0.0.1:9/hook-of-client"


class Log:
    """The output of the service and its commands, and the texts that it must not contain."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.commands: list[str] = []
        self.secrets: set[str] = {*TYPED.values(), NETWORK, NOTE, quote(TYPED["email"])}

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs a background command, whose output goes to a log."""
        process = self.service.run(*command)
        self.commands += [process.stdout, process.stderr]
        return process

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> str:
        """The page that it leads to, or its text. The tokens of its path must not be logged."""
        self.secrets |= set(re.findall(r"[\w.-]{40,}", path))
        answer = self.service.ask(method, path, body, {"X-Forwarded-For": NETWORK, **headers})
        return answer.headers["Location"] or answer.body.decode(errors="replace")

    def left(self) -> set[str]:
        """The forbidden texts that the log contains."""
        text = "\n".join([self.service.log.read_text(errors="replace"), *self.commands]).casefold()
        parts = {word for value in TYPED.values() for word in value.split() if len(word) > 4}
        return {secret for secret in self.secrets | parts if secret.casefold() in text}


@pytest.fixture
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    folder = make_project(tmp_path_factory.mktemp("logs"))
    settings = {"rate_limit": "40 per minute", "webhook_loopback": "1", "min_fill_seconds": "0"}
    with serving(folder, **settings) as service:
        yield Log(service)


def post(log: Log, **changes: str) -> str:
    version = {"gp_version": log.service.version()}
    fields = urlencode({**person(**{**TYPED, **changes}), **version})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return log.ask("POST", f"/f/{GUIDE}", fields, **headers)


def visit(log: Log) -> str:
    """A valid post and all pages behind it, then posts that fail in each way. Returns the page
    that the valid post leads to."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    thanks = post(log)
    for path in re.findall(r'href="(/[dg]/[^"]+)"', log.ask("GET", thanks)):
        log.ask("GET", path)
    post(log, email="zora.quistgaard@", company_size="none of these")
    post(log, homepage="http://zora.example", company_size="none of these")
    post(log, homepage="http://zora.example")
    email = TYPED["email"].encode()
    log.ask("POST", f"/f/{GUIDE}", email * 4000, **form)  # too large
    log.ask("POST", f"/f/{GUIDE}", b"email=\xff\xfe" + email + b"&full_name=%zz%FF", **form)
    log.ask("POST", f"/f/{GUIDE}", email, **form, **{"Content-Encoding": "gzip"})
    log.ask("POST", f"/f/{GUIDE}", email, **{"Content-Type": "multipart/form-data; boundary=x"})
    log.ask("GET", f"/{quote(TYPED['email'])}?q={quote(TYPED['full_name'])}")
    log.ask("GET", f"/f/{quote(TYPED['email'])}")
    log.ask("POST", "/privacy/me", urlencode({"email": TYPED["email"]}), **form)
    log.ask("POST", "/privacy/me", urlencode({"email": TYPED["full_name"]}), **form)
    for place in ("r", "u", "d", "g", "c", "consent", "privacy/me"):
        log.ask("GET", f"/{place}/{'wrong' * 9}.{quote(TYPED['email'])}")
        log.ask("POST", f"/{place}/{'wrong' * 9}", email, **form)
    return thanks


def call_the_api(log: Log, token: str) -> None:
    bearer = {"Authorization": f"Bearer {token}", **JSON}
    leads = json.loads(log.ask("GET", "/api/v1/leads", **bearer))["leads"]
    events = f"/api/v1/leads/{leads[0]['id']}/events"
    by = {"by": TYPED["full_name"], "note": NOTE}
    for key, body in enumerate([{"type": "rejected", "reason": "none", **by}, {"type": NOTE}, by]):
        log.ask("POST", events, json.dumps(body), **bearer, **{"Idempotency-Key": f"key-{key}"})
    log.ask("POST", events, TYPED["email"].encode(), **bearer)
    log.ask("GET", f"/api/v1/leads?email={quote(TYPED['email'])}", **bearer)
    log.ask("GET", "/api/v1/leads", Authorization="Bearer " + "gp_" + "wrong" * 9)


def break_the_database(log: Log) -> None:
    """Posts, calls and commands while a table is missing."""
    path = log.service.folder / "var/gatepost.db"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("ALTER TABLE personal_data RENAME TO hidden")
        post(log, email="other." + TYPED["email"])
        log.run("dispatch", "--once")
        database.execute("ALTER TABLE hidden RENAME TO personal_data")


def test_no_log_contains_answers_tokens_or_networks(log: Log) -> None:
    token, now = new_token(), datetime.now(UTC)
    with log.service.ledger() as ledger:
        ledger.transact(lambda records: add_token(records, "acme", "crm", token, now, by="Ada"))
    log.secrets.add(token)
    assert log.service.run("webhooks", "add", "acme", CLOSED_PORT).returncode == 0
    visit(log)
    log.run("dispatch", "--once")
    call_the_api(log, token)
    letters = sorted((log.service.folder / "var/mail").glob("*.eml"))
    assert letters
    for letter in letters:
        text = letter.read_text().replace("=\n", "").replace("=3D", "=")
        for path in re.findall(r"http://127\.0\.0\.1:\d+(/(?:r|u|g|consent)/[\w./-]+)", text):
            log.ask("GET", path)
            log.ask("POST", path, urlencode({"action": NOTE, "note": NOTE}))
    break_the_database(log)
    assert log.service.run("forget", TYPED["email"]).returncode == 0
    log.run("dispatch", "--once")
    assert log.service.log.read_text().strip()  # the broken database was logged
    assert log.left() == set()
