"""Browsers that keep connections open or send slowly do not delay other visitors."""

import contextlib
import http.client
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlencode

import pytest

from tests.service import GUIDE, Service, new_address, person

pytestmark = pytest.mark.alone

HEAD = (
    f"POST /f/{GUIDE} HTTP/1.1\r\nHost: site.example\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n"
)


@contextlib.contextmanager
def connected(service: Service, sends: str = "") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as created:
        created.sendall(sends.encode())
        yield created


def is_open(connection: socket.socket) -> bool:
    """Whether the service has sent nothing and has not closed the connection."""
    connection.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        return connection.recv(1) != b""
    return True


@pytest.mark.parametrize(
    "sends",
    ["", "GET / HTTP/1.1\r\nHost: si", HEAD.format(500) + "full_name=An"],
    ids=["nothing", "half a head", "half a body"],
)
def test_forty_idle_connections_delay_no_request(service: Service, sends: str) -> None:
    with ExitStack() as idle:
        connections = [idle.enter_context(connected(service, sends)) for _ in range(40)]
        assert [service.post(person()).status for _ in range(10)] == [303] * 10
        assert {service.get(path).status for path in ("/", f"/f/{GUIDE}", "/healthz")} == {200}
        assert all(map(is_open, connections))  # no request had to wait for the end of one


def test_slow_downloads_delay_no_request(service: Service) -> None:
    (service.folder / "output" / "www" / "film.mp4").write_bytes(bytes(30_000_000))
    with ExitStack() as slow:
        request = "GET /film.mp4 HTTP/1.1\r\nHost: x\r\n\r\n"
        connections = [slow.enter_context(connected(service, request)) for _ in range(8)]
        assert [service.post(person()).status for _ in range(10)] == [303] * 10
        for connection in connections:  # until here they asked, and read nothing of it
            length = 0
            while length < 30_000_000 and (part := connection.recv(1_000_000)):
                length += len(part)
            assert length >= 30_000_000  # no download had to end before the posts
    assert len(service.get("/film.mp4").body) == 30_000_000


def test_a_browser_posts_and_reads_on_one_connection(service: Service) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    with contextlib.closing(connection):
        form = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Forwarded-For": new_address(),
        }
        connection.request("POST", f"/f/{GUIDE}", urlencode(person()), form)
        posted = connection.getresponse()
        posted.read()
        own = connection.sock
        connection.request("GET", posted.headers["Location"])
        assert b"cloud-guide.pdf" in connection.getresponse().read()
        assert connection.sock is own is not None


def test_a_form_that_arrives_slowly_is_accepted(service: Service) -> None:
    form = person()
    body = urlencode(form)
    head = HEAD.format(len(body)).removesuffix("\r\n") + f"X-Forwarded-For: {new_address()}\r\n\r\n"
    with connected(service, head) as created:
        for start in range(0, len(body), 20):
            created.sendall(body[start : start + 20].encode())
            time.sleep(0.002)  # a packet of its own
        assert created.recv(100).startswith(b"HTTP/1.1 303")
    assert service.stages()[form["email"]] == "qualified"


def test_idle_browsers_do_not_delay_the_shutdown(service: Service) -> None:
    """The service closes their connections while it still waits for an open request."""
    body = urlencode(person(gp_version=service.version()))
    head = HEAD.format(len(body)).removesuffix("\r\n") + f"X-Forwarded-For: {new_address()}\r\n\r\n"
    with ExitStack() as stack:
        opened = stack.enter_context(connected(service, head + body[:20]))
        idle = []
        for _ in range(8):
            connection = stack.enter_context(
                connected(service, "GET /healthz HTTP/1.1\r\nHost: site\r\n\r\n")
            )
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
            idle.append(connection)
        assert service.process is not None
        os.killpg(service.process.pid, signal.SIGTERM)
        for connection in idle:
            while connection.recv(1000):
                pass
        assert is_open(opened)
        opened.settimeout(60)
        opened.sendall(body[20:].encode())
        assert opened.recv(100).startswith(b"HTTP/1.1 303")
    assert service.process.wait(60) == 0
    service.start()
