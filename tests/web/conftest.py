"""A running service for each module, whose tests use different people; apps without a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from flask.testing import FlaskClient

from capture.ledger import open_ledger
from capture.web.app import create_app
from tests.samples import NOW
from tests.service import TEST_KEY, Service, make_project, serving, web_config
from tests.web.api.conftest import make_world
from tests.web.person import Person


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A separate project folder for the test."""
    return make_project(tmp_path)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Two workers behind one trusted proxy, so that each test can post from its own address."""
    with serving(make_project(tmp_path_factory.mktemp("project"))) as started:
        yield started
        assert started.run("verify").returncode == 0


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    """A browser for the app with its own project, without a server."""
    make_project(tmp_path)
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", TEST_KEY)
    config = web_config(tmp_path)
    with create_app(config, ledger).test_client() as client:
        yield client
    ledger.close()


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    """A person with a browser for the app with its own project, without a server."""
    with time_machine.travel(NOW, tick=False) as clock:
        world = make_world(tmp_path, rate_limit="")
        yield Person(world, tmp_path, clock)
        assert world.ledger.verify().problems == ()
        world.ledger.close()
