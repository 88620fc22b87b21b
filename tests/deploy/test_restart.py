"""deploy/gatepost.socket: systemd holds the address, so no request fails during a restart."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import Answer, Service, make_project, person
from tests.waiting import HANG_SECONDS

AS_SYSTEMD = 'exec 3<&{}; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"'  # sd_listen_fds(3)


class SocketActivatedService(Service):
    """A service whose listening socket is held by another process, as by systemd."""

    def __init__(self, folder: Path, listener: socket.socket) -> None:
        super().__init__(folder, min_fill_seconds="0", rate_limit="")
        self.port, self.pass_fds = listener.getsockname()[1], (listener.fileno(),)

    def begin(self) -> None:
        self.start("bash", "-c", AS_SYSTEMD.format(self.pass_fds[0]), "bash")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[SocketActivatedService]:
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        service = SocketActivatedService(make_project(tmp_path), listener)
        service.begin()
        yield service
        service.end()


def test_a_form_sent_during_a_restart_waits_and_is_accepted(
    service: SocketActivatedService,
) -> None:
    answers: list[Answer] = []
    service.end()
    visitors = [
        threading.Thread(target=lambda: answers.append(service.post(person()))) for _ in "abc"
    ]
    for visitor in visitors:
        visitor.start()
    service.begin()
    for visitor in visitors:
        visitor.join(HANG_SECONDS)
    assert [answer.status for answer in answers] == [303, 303, 303]
    assert len(service.stages()) == 3


def test_no_form_fails_over_restarts_under_load(service: SocketActivatedService) -> None:
    answers: list[Answer] = []
    done = threading.Event()

    def send_forms() -> None:
        while not done.is_set():
            answers.append(service.post(person()))

    visitors = [threading.Thread(target=send_forms) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    for _ in range(3):
        service.end()
        service.begin()
    done.set()
    for visitor in visitors:
        visitor.join(HANG_SECONDS)
    assert {answer.status for answer in answers} == {303}
    assert len(service.stages()) == len(answers)
