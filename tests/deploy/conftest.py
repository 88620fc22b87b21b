"""One server for the tests of a module, with everything pushed once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.server import Server, Writer
from tests.needs import needs


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Its ledger answers."""
    needs("git")
    made = Server(reachable(tmp_path_factory.mktemp("server")))
    with made.ledger_answers():
        yield made


@pytest.fixture(scope="module")
def first(server: Server) -> Writer:
    """The writer who pushed everything."""
    writer = server.writer("ann")
    said = writer.push()
    assert said.taken, said.text
    return writer


@pytest.fixture
def writer(first: Writer) -> Iterator[Writer]:
    """The same one, at what is live; what a test leaves unpushed is forgotten."""
    first.git("fetch", "--quiet", "live")
    first.undo()
    yield first
    first.git("fetch", "--quiet", "live")
    first.undo()


def reachable(folder: Path) -> Path:
    """The folder, open to other users: pytest keeps its own to itself."""
    for one in (folder, *folder.parents[:3]):
        if one.owner() == Path.home().owner() and one.name.startswith(("pytest", "server")):
            one.chmod(0o755)
    return folder
