"""deploy/gatepost.socket: systemd holds the address, so a restart sends nobody away."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import Answer, Service, make_project, person

AS_SYSTEMD = 'exec 3<&{}; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"'  # sd_listen_fds(3)


class Held(Service):
    """A service whose socket somebody else holds."""

    def __init__(self, folder: Path, held: socket.socket) -> None:
        super().__init__(folder, min_fill_seconds="0", rate_limit="")
        self.port, self.pass_fds = held.getsockname()[1], (held.fileno(),)

    def begin(self) -> None:
        self.start("bash", "-c", AS_SYSTEMD.format(self.pass_fds[0]), "bash")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Held]:
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as held:
        service = Held(make_project(tmp_path), held)
        service.begin()
        yield service
        service.end()


def test_who_posts_while_the_service_restarts_waits_and_is_thanked(service: Held) -> None:
    answers: list[Answer] = []
    service.end()
    late = [threading.Thread(target=lambda: answers.append(service.post(person()))) for _ in "abc"]
    for visitor in late:
        visitor.start()
    service.begin()
    for visitor in late:
        visitor.join(30)
    assert [answer.status for answer in answers] == [303, 303, 303]
    assert len(service.stages()) == 3


def test_over_restarts_under_load_nobody_is_sent_away(service: Held) -> None:
    answers: list[Answer] = []
    done = threading.Event()

    def come() -> None:
        while not done.is_set():
            answers.append(service.post(person()))

    visitors = [threading.Thread(target=come) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    for _ in range(3):
        service.end()
        service.begin()
    done.set()
    for visitor in visitors:
        visitor.join(30)
    assert {answer.status for answer in answers} == {303}
    assert len(service.stages()) == len(answers)
