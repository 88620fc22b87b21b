"""Malformed requests and slow clients, on real sockets, against the real server.

Malformed requests are refused, the client always gets the answer, and no log names a client.
"""

import re
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from urllib.parse import urlencode

import pytest

from gatepost.server.serve import CONNECTIONS
from tests.service import GUIDE, Service, make_project, person, serving

pytestmark = pytest.mark.server

FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
KIB = 1024


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with one worker and no proxy."""
    folder = make_project(tmp_path_factory.mktemp("alone"))
    with serving(folder, workers="1", rate_limit="", trusted_proxies="0") as started:
        yield started


def line_to(service: Service, sends: str = "", reads: int = 0) -> socket.socket:
    """A connection on which `sends` was sent; it buffers at most about `reads` bytes."""
    line = socket.socket()
    if reads:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, reads)
    line.settimeout(20)
    line.connect(("127.0.0.1", service.port))
    line.sendall(sends.encode("latin-1"))
    return line


def answer_to(service: Service, head: str, body: str = "") -> str:
    """Everything that the server sends until it closes the connection."""
    with closing(line_to(service, f"{head}\r\n{body}")) as line, line.makefile("rb") as text:
        return text.read().decode()


def chunked(text: str) -> str:
    return f"{len(text):x}\r\n{text}\r\n0\r\n\r\n"


def post(*headers: str, body: str, path: str = f"/f/{GUIDE}") -> tuple[str, str]:
    lines = "".join(f"{header}\r\n" for header in headers)
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{FORM}{lines}", body


CHUNKED = chunked(urlencode(person()))
GZIP, PLAIN = "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((GZIP,), 501),
        (("Transfer-Encoding: identity, chunked",), 501),
        (("Transfer-Encoding: br",), 501),
        (("Transfer-Encoding: chunked;q=1",), 501),
        (("Transfer-Encoding:",), 501),
        (("Transfer-Encoding: gzip", PLAIN), 501),
        (("Transfer-Encoding: gzip",), 400),
        (("Transfer-Encoding: identity",), 400),
        (("Transfer-Encoding: chunked, identity",), 400),
        (("Transfer-Encoding: chunked, gzip",), 400),
        (("Transfer-Encoding: chunked, chunked",), 400),
        ((PLAIN, PLAIN), 400),
        ((PLAIN, "Content-Length: 4"), 400),
        (("Content-Length: 4", PLAIN), 400),
        (("Content-Length: 4", "Content-Length: 4"), 400),
        (("Content-Length: 4, 4",), 400),
        (("Content-Length: +4",), 400),
        (("Content-Length: 1e3",), 400),
        (("Content-Length: \xb2",), 400),
        (("X-Folded: one", " two", PLAIN), 400),
        (("Transfer-Encoding : chunked",), 400),
        ((PLAIN, "Content-Encoding: gzip"), 415),
        ((PLAIN, "Content-Encoding: br, gzip"), 415),
        ((PLAIN, "Expect: a-miracle"), 417),
        ((PLAIN, "Content-Encoding: identity"), 303),
        ((PLAIN,), 303),
    ],
)
def test_a_body_with_ambiguous_framing_is_refused(
    alone: Service, headers: tuple[str, ...], status: int
) -> None:
    text = answer_to(alone, *post(*headers, body=CHUNKED))
    assert text.startswith(f"HTTP/1.1 {status} "), text[:200]
    assert text.count("HTTP/1.1 ") == 1  # nothing of the body was taken for a request


def test_chunks_before_http_1_1_are_refused(alone: Service) -> None:
    head, body = post(PLAIN, body=CHUNKED)
    assert answer_to(alone, head.replace("HTTP/1.1", "HTTP/1.0"), body).startswith("HTTP/1.1 400 ")


@pytest.mark.parametrize("size", [65 * KIB, 1024 * KIB, 3072 * KIB])
def test_a_client_that_sends_too_much_always_gets_the_reason(alone: Service, size: int) -> None:
    head, body = post(f"Content-Length: {size}", body="x" * size)
    for _ in range(10):
        text = answer_to(alone, head.replace("Connection: close\r\n", ""), body)
        assert text.startswith("HTTP/1.1 413 ")
        assert "64 KiB" in text


def test_a_client_that_sends_too_many_chunks_always_gets_the_reason(alone: Service) -> None:
    head, body = post(PLAIN, body=chunked("x" * 512 * KIB))
    for _ in range(10):
        assert answer_to(alone, head, body).startswith("HTTP/1.1 413 ")


def test_a_client_that_sends_an_unread_body_gets_the_answer(alone: Service) -> None:
    body = "x" * 512 * KIB
    head = f"PUT /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    for _ in range(5):
        assert answer_to(alone, head, body).startswith("HTTP/1.1 405 ")


def test_an_incomplete_body_gets_an_answer_in_words(alone: Service) -> None:
    for headers in (("Content-Length: 500",), (PLAIN,)):
        head, _ = post(*headers, body="")
        with closing(line_to(alone, f"{head}\r\n1f4\r\nfull_name=An")) as line:
            line.shutdown(socket.SHUT_WR)
            with line.makefile("rb") as read:
                text = read.read().decode()
        assert text.startswith("HTTP/1.1 400 ")
        assert "The body did not arrive completely; nothing was recorded. Go back" in text


@pytest.mark.parametrize(
    "sends",
    [
        "",
        "GET / HTTP/1.1\r\nHost: si",
        post("Content-Length: 500", body="")[0] + "\r\nfull_name=An",
        post(PLAIN, body="")[0] + "\r\n1f4\r\nfull_name=An",
    ],
    ids=["nothing", "half a head", "half a body", "half a chunk"],
)
def test_more_slow_clients_than_connections_delay_no_request(alone: Service, sends: str) -> None:
    with ExitStack() as opened:
        slow = [
            opened.enter_context(closing(line_to(alone, sends))) for _ in range(CONNECTIONS + 40)
        ]
        assert alone.get("/healthz").status == 200
        assert alone.post(person()).status == 303
        ended, _, _ = select.select(slow, [], [], 0)
        assert len(ended) < CONNECTIONS / 2  # as many gave way as were in the way
        assert {line.recv(9) for line in ended} == {b""}  # before their own time was over


def test_more_slow_readers_than_connections_delay_no_request(alone: Service) -> None:
    (alone.folder / "output" / "www" / "film.mp4").write_bytes(bytes(3_000_000))
    asks = "GET /film.mp4 HTTP/1.1\r\nHost: x\r\n\r\n"
    with ExitStack() as opened:
        for _ in range(CONNECTIONS + 40):
            opened.enter_context(closing(line_to(alone, asks, reads=4 * KIB)))
        assert alone.get("/healthz").status == 200
        assert alone.post(person()).status == 303


@pytest.mark.parametrize(
    "sends",
    [
        "GET /?who=ann@secret.example HTTP/1.1\r\nX-Who: ann@secret.example\r\n fold\r\n\r\n",
        "ann@secret.example\r\n\r\n",
        "get /ann@secret.example HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /ann@secret.example HTTP/9.9\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nann@secret.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX-Who: ann@secret.example\x00\r\n\r\n",
        f"GET /{'ann@secret.example' * 1000} HTTP/1.1\r\nHost: x\r\n\r\n",
        f"GET / HTTP/1.1\r\nX-Who: {'ann@secret.example' * 1000}\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: ann@secret.example\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nann@secret.example\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nExpect: ann@secret.example\r\n\r\n",
        "PROXY TCP4 203.0.113.7 203.0.113.8 1 2\r\nGET / HTTP/1.1\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_the_log_of_a_malformed_request_names_neither_address_nor_content(
    alone: Service, sends: str
) -> None:
    before = len(alone.log.read_text())
    with closing(line_to(alone, sends)) as line:
        line.shutdown(socket.SHUT_WR)
        with line.makefile("rb") as read:
            text = read.read().decode()
    log = alone.log.read_text()[before:]
    assert "secret" not in text + log
    assert "127.0.0.1" not in log
    assert "203.0.113" not in log
    assert all(
        re.search(r"Invalid request: \w+, answered \d+ [\w -]+$", x) for x in log.split("\n")[:-1]
    )
