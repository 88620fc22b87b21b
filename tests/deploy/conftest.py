"""One server for the tests of a module, to which the complete repository was pushed once."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.server import Server, Writer, push_first
from tests.needs import needs


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server whose ledger answers, outside pytest's folders, which other users cannot enter."""
    needs("git")
    with tempfile.TemporaryDirectory(prefix="gatepost-") as folder:
        server = Server(Path(folder))
        with server.answering_ledger():
            yield server


@pytest.fixture(scope="session")
def known_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for the cache of a first release: pictures, searches, compressed files.

    All modules and processes of one test run share it, so that only the first one computes it.
    """
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "known-cache"


@pytest.fixture(scope="module")
def first(server: Server, known_cache: Path) -> Writer:
    """The writer who made the first push."""
    writer = server.writer("ann")
    push_first(writer, known_cache)
    return writer


@pytest.fixture
def writer(first: Writer) -> Iterator[Writer]:
    """The same writer, reset to the live commit before and after the test."""
    first.git("fetch", "--quiet", "live")
    first.reset_to_live()
    yield first
    first.git("fetch", "--quiet", "live")
    first.reset_to_live()
