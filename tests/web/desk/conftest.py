"""The desk over a real ledger with two clients, and a browser for each role."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from html import unescape
from pathlib import Path

import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from capture.billing.statement import Agency
from capture.campaign.catalogue import read_all_files
from capture.jobs.run import JobContext, run_jobs
from capture.jobs.store import JobStore
from capture.jobs.works import WORKS
from capture.ledger.administration import BY_GATEPOST
from capture.ledger.protocol import WriteTransaction
from capture.ledger.users import Role
from capture.users.accounts import add_user
from capture.users.passphrase import hash_passphrase
from capture.web.config import DESK_PATH as PREFIX
from capture.web.config import DeskConfig
from tests.samples import NOW, PARTIES
from tests.web.api.conftest import World, make_world

DESK_CONFIG = DeskConfig(agency="Ada's Leads", supplier=Agency(PARTIES.supplier, PARTIES.payment))
WORDS = "four easy words here"
"""The passphrase of every user."""
USERS = {
    "ada": (Role.AGENCY, ""),
    "carol": (Role.CLIENT, "acme"),
    "oscar": (Role.CLIENT, "other"),
    "vera": (Role.VIEWER, ""),
}


@dataclass
class Browser:
    """A browser at the desk. Its forms carry the CSRF token of the page that was opened last."""

    client: FlaskClient
    token: str = ""

    def get(self, path: str = "/") -> TestResponse:
        answer = self.client.get(f"{PREFIX}{path}")
        found = re.search(rb'name="csrf_token" value="([^"]+)"', answer.data)
        self.token = found[1].decode() if found else self.token
        return answer

    def post(self, path: str, **values: object) -> TestResponse:
        fields = {"csrf_token": self.token, **values}
        return self.client.post(f"{PREFIX}{path}", data=fields)

    def text(self, path: str = "/") -> str:
        """The page's words in one line."""
        return words(self.get(path))

    def log_in(self, name: str, passphrase: str = WORDS) -> TestResponse:
        self.get("/login")
        return self.post("/login", name=name, passphrase=passphrase)


def words(answer: TestResponse) -> str:
    """The words of a page in one line, without tags. `bdi` separates no words."""
    html = re.sub(r"</?bdi>", "", answer.text)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@dataclass
class DeskWorld:
    """One installation with a desk, its users, and the clock that all of them see."""

    world: World
    clock: time_machine.Traveller
    folder: Path
    _browsers: dict[str, Browser] = field(default_factory=dict)

    @property
    def app(self) -> Flask:
        return self.world.app

    def run_jobs(self) -> None:
        """Does the long work that waits, as `gatepost jobs` does in a process of its own."""
        config = self.world.config
        context = JobContext(
            store=JobStore(config.jobs),
            ledger=self.world.ledger,
            agency=DESK_CONFIG.supplier,
            read_files=lambda: read_all_files(config.campaigns, config.clients, config.gated),
            clock=lambda: datetime.now(UTC),
        )
        for _ in run_jobs(context, WORKS):
            pass

    def browser(self) -> Browser:
        """A new browser in which nobody is logged in."""
        return Browser(self.app.test_client())

    def log_out(self) -> None:
        """Closes the browsers of all users, so each logs in again when it is used."""
        self._browsers.clear()

    def user(self, name: str) -> Browser:
        """The browser of a user, logged in the first time."""
        if name not in self._browsers:
            self._browsers[name] = browser = self.browser()
            assert browser.log_in(name).status_code == 303
        return self._browsers[name]


@pytest.fixture(scope="session", autouse=True)
def _cheap_hashes() -> Iterator[None]:
    """A hash takes 50 ms and 64 MiB by design; these tests log in hundreds of times."""
    with pytest.MonkeyPatch.context() as patch:
        hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        patch.setattr("capture.users.passphrase._HASHER", hasher)
        yield


@cache
def hash_of_words() -> str:
    """Takes a moment, so it is made once."""
    return hash_passphrase(WORDS)


def add_users(world: World) -> None:
    """Adds `USERS`, who all have a passphrase."""

    def add(records: WriteTransaction) -> None:
        for name, (role, client) in USERS.items():
            user = add_user(records, name, role, NOW, client=client, by=BY_GATEPOST)
            records.users.set_passphrase(user.id, hash_of_words())

    world.ledger.transact(add)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskWorld]:
    with time_machine.travel(NOW, tick=False) as clock:
        world = make_world(tmp_path, desk=DESK_CONFIG)
        add_users(world)
        yield DeskWorld(world, clock, tmp_path)
        assert world.ledger.verify().problems == ()
        world.ledger.close()
