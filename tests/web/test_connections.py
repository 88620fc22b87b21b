"""Browsers that keep connections open or send slowly do not delay other visitors."""

import contextlib
import http.client
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


@pytest.mark.parametrize(
    "sends",
    ["", "GET / HTTP/1.1\r\nHost: si", HEAD.format(500) + "full_name=An"],
    ids=["nothing", "half a head", "half a body"],
)
def test_forty_idle_connections_delay_no_request(service: Service, sends: str) -> None:
    with ExitStack() as idle:
        for _ in range(40):
            idle.enter_context(connected(service, sends))
        started = time.monotonic()
        assert [service.post(person()).status for _ in range(10)] == [303] * 10
        assert {service.get(path).status for path in ("/", f"/f/{GUIDE}", "/healthz")} == {200}
        assert time.monotonic() - started < 3


def test_slow_downloads_delay_no_request(service: Service) -> None:
    (service.folder / "output" / "www" / "film.mp4").write_bytes(bytes(30_000_000))
    with ExitStack() as slow:
        for _ in range(8):  # they ask, and read nothing of it
            slow.enter_context(connected(service, "GET /film.mp4 HTTP/1.1\r\nHost: x\r\n\r\n"))
        started = time.monotonic()
        assert [service.post(person()).status for _ in range(10)] == [303] * 10
        assert time.monotonic() - started < 3
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
    with ExitStack() as idle:
        for _ in range(8):
            created = idle.enter_context(connected(service, "GET / HTTP/1.1\r\nHost: site\r\n\r\n"))
            assert created.recv(100).startswith(b"HTTP/1.1 200")
        started = time.monotonic()
        service.end()
        assert time.monotonic() - started < 3
    service.start()
