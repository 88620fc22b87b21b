"""One server for the tests of a module, with everything pushed once."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.server import Server, Writer
from tests.needs import needs


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Its ledger answers. Not in pytest's folders, which each run of pytest shuts to others."""
    needs("git")
    with tempfile.TemporaryDirectory(prefix="gatepost-") as folder:
        created = Server(Path(folder))
        with created.ledger_answers():
            yield created


@pytest.fixture(scope="module")
def first(server: Server) -> Writer:
    """The writer who pushed everything."""
    writer = server.writer("ann")
    text = writer.push()
    assert text.taken, text.text
    return writer


@pytest.fixture
def writer(first: Writer) -> Iterator[Writer]:
    """The same one, at what is live; what a test leaves unpushed is forgotten."""
    first.git("fetch", "--quiet", "live")
    first.undo()
    yield first
    first.git("fetch", "--quiet", "live")
    first.undo()
