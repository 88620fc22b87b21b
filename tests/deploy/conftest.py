"""One server for the tests of a module, to which the complete repository was pushed once."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.server import Server, Writer
from tests.needs import needs


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server whose ledger answers, outside pytest's folders, which other users cannot enter."""
    needs("git")
    with tempfile.TemporaryDirectory(prefix="gatepost-") as folder:
        server = Server(Path(folder))
        with server.answering_ledger():
            yield server


@pytest.fixture(scope="module")
def first(server: Server) -> Writer:
    """The writer who made the first push."""
    writer = server.writer("ann")
    result = writer.push()
    assert result.accepted, result.text
    return writer


@pytest.fixture
def writer(first: Writer) -> Iterator[Writer]:
    """The same writer, reset to the live commit before and after the test."""
    first.git("fetch", "--quiet", "live")
    first.reset_to_live()
    yield first
    first.git("fetch", "--quiet", "live")
    first.reset_to_live()
