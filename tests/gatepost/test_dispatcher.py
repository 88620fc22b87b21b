"""The dispatcher inside `gatepost serve`: it starts, is started again, and ends with the server."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.needs import needs
from tests.service import GUIDE, Service, make_project, person
from tests.waiting import wait_until

pytestmark = pytest.mark.server


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(make_project(tmp_path), dispatch="inside", min_fill_seconds="0")
    yield service
    service.end(signal.SIGKILL)


def dispatchers(session: int) -> list[int]:
    """The processes of dispatchers and their supervisors in the session of a server."""
    command = [needs("pgrep", "procps"), "-s", str(session), "-f", "dispatch"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def letters(service: Service) -> int:
    return len(list((service.folder / "var" / "mail").glob("*.eml")))


def test_a_dispatcher_that_dies_is_started_again_and_ends_with_the_server(
    service: Service,
) -> None:
    service.start()
    assert service.process is not None
    session = service.process.pid
    assert service.post(person(), GUIDE).status == 303
    wait_until(lambda: letters(service) > 0)
    (dispatcher,) = dispatchers_alone(session)
    os.kill(dispatcher, signal.SIGKILL)
    assert service.post(person(), GUIDE).status == 303
    earlier_letters = letters(service)
    wait_until(lambda: letters(service) > earlier_letters)
    assert "The dispatcher ended; it starts again in 1 s." in service.log.read_text()
    os.kill(session, signal.SIGKILL)  # not even the server's sudden end leaves it behind
    service.process.wait()
    wait_until(lambda: dispatchers(session) == [])


def dispatchers_alone(session: int) -> list[int]:
    """The dispatchers without their supervisors."""
    return [
        pid
        for pid in dispatchers(session)
        if "--with-parent" in Path(f"/proc/{pid}/cmdline").read_text()
    ]
