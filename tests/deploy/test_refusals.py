"""What nginx answers itself, at the site's and the desk's host name, behind TLS."""

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import trustme

from capture.site_policy import API_POLICY, STRICT_TRANSPORT
from tests.deploy.web import Nginx
from tests.needs import needs
from tests.service import Answer, free_port

SITE, DESK = "nginx.conf", "nginx-desk.conf"
HOSTS = {SITE: "journal.example", DESK: "desk.journal.example"}
PATHS = {SITE: "/r/a-secret-token", DESK: "/desk/leads"}
"""A page that the service or the desk answers."""
ON_EVERY_REFUSAL = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": str(API_POLICY),
    "Content-Type": "text/html; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
}
HEADERS = {
    SITE: ON_EVERY_REFUSAL
    | {"Referrer-Policy": "no-referrer", "Strict-Transport-Security": "max-age=31536000"},
    DESK: ON_EVERY_REFUSAL
    | {"Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex"}
    | STRICT_TRANSPORT,
}


class AloneNginx(Nginx):
    """nginx with one file of deploy/, behind it a service that accepts connections, no more."""

    def __init__(self, folder: Path, file: str) -> None:
        self.file = file
        self.port = free_port()
        self.folder = folder
        self._program = needs("nginx", "nginx-light")
        self.has_brotli = False
        self.upstream = socket.create_server(("127.0.0.1", 0))
        authority = trustme.CA()
        self._tls = ssl.create_default_context()
        authority.configure_trust(self._tls)
        authority.issue_cert(HOSTS[file]).private_key_and_cert_chain_pem.write_to_path(
            folder / "tls.pem"
        )
        (folder / "redirects.map").touch()
        address = f"127.0.0.1:{self.upstream.getsockname()[1]}"
        self.substitutions = {
            "listen [::]:80;\n": "",
            "listen 80;": (
                f"listen 127.0.0.1:{self.port} ssl; ssl_certificate {folder}/tls.pem; "
                f"ssl_certificate_key {folder}/tls.pem;"
            ),
            "127.0.0.1:8000": address,
            "127.0.0.1:8001": address,
            "proxy_read_timeout 60s": "proxy_read_timeout 10ms",
            "proxy_read_timeout 120s": "proxy_read_timeout 10ms",
            "large_client_header_buffers 4 16k": "large_client_header_buffers 4 8k",
            "/srv/gatepost/": f"{folder}/",
            "/etc/nginx/gatepost-redirects.map": f"{folder}/redirects.map",
            "/etc/nginx/gatepost.d": f"{folder}/conf.d",
            "/var/log/nginx": str(folder),
        }
        (folder / "site.conf").write_text(self.substituted(file))
        (folder / "nginx.conf").write_text(self._main_config())

    @contextmanager
    def sent(self, request: bytes) -> Iterator[ssl.SSLSocket]:
        """A connection with TLS through which the request was sent."""
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=40) as plain,
            self._tls.wrap_socket(plain, server_hostname=HOSTS[self.file]) as connection,
        ):
            connection.sendall(request)
            yield connection

    def answer_to(self, request: bytes) -> Answer:
        with self.sent(request) as connection:
            return read_answer(connection)

    def head(self, method: str = "GET", path: str = "", *lines: str) -> bytes:
        """The head of a request; `lines`: its headers beside `Host`."""
        start = f"{method} {path or PATHS[self.file]} HTTP/1.1"
        return "\r\n".join((start, f"Host: {HOSTS[self.file]}", *lines, "", "")).encode()


def read_answer(connection: socket.socket) -> Answer:
    response = http.client.HTTPResponse(connection)
    response.begin()
    return Answer(response.status, response.headers, response.read())


@pytest.fixture(scope="module", params=HOSTS)
def nginx(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AloneNginx]:
    alone = AloneNginx(tmp_path_factory.mktemp("nginx"), request.param)
    with alone.upstream, alone.running():
        yield alone


def check(nginx: AloneNginx, answer: Answer, status: int) -> None:
    """Fails unless the answer is a short page of our own, with each header once."""
    assert answer.status == status
    for name, value in HEADERS[nginx.file].items():
        assert answer.headers.get_all(name) == [value], name
    assert answer.text.startswith('<!doctype html>\n<html lang="en">')
    assert "<h1>" in answer.text
    assert "nginx" not in answer.text
    for secret in ("a-secret-token", "<style", "style=", "<script"):
        assert secret not in answer.text


REFUSED = {
    "no host": (400, b"GET / HTTP/1.1\r\n\r\n"),
    "no HTTP": (400, b"what is this\r\n\r\n"),
    "the method TRACE": (405, None),
    "a body of 2 MB": (413, None),
    "an address of 9 KB": (414, None),
    "headers of 9 KB": (431, None),
    "a coding that nobody knows": (501, None),
    "another HTTP": (505, b"GET / HTTP/3.1\r\nHost: x\r\n\r\n"),
}
"""Requests, by their fault. None: made for the host."""


def request_for(nginx: AloneNginx, case: str) -> bytes:
    written = REFUSED[case][1]
    if written is not None:
        return written
    return {
        "the method TRACE": nginx.head("TRACE"),
        "a body of 2 MB": nginx.head("POST", "", "Content-Length: 2000000"),
        "an address of 9 KB": nginx.head("GET", f"/{'x' * 9000}"),
        "headers of 9 KB": nginx.head("GET", "", f"Cookie: {'x' * 9000}"),
        "a coding that nobody knows": nginx.head("POST", "", "Transfer-Encoding: gzip"),
    }[case]


@pytest.mark.parametrize("case", REFUSED)
def test_a_request_that_nginx_refuses_gets_our_own_page(nginx: AloneNginx, case: str) -> None:
    check(nginx, nginx.answer_to(request_for(nginx, case)), REFUSED[case][0])


def test_a_request_without_tls_at_the_port_of_tls_gets_our_own_page(nginx: AloneNginx) -> None:
    answer = nginx.get("/")
    assert (answer.status, answer.headers["Cache-Control"]) == (400, "no-store")
    assert "<h1>Not possible</h1>" in answer.text


def test_too_many_connections_get_our_own_page_and_when_to_come_back(nginx: AloneNginx) -> None:
    waiting = nginx.head("POST", "", "Content-Length: 9")
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(nginx.sent(waiting))
        nginx.until(lambda: nginx.answer_to(nginx.head()).status == 429)
        answer = nginx.answer_to(nginx.head())
    check(nginx, answer, 429)
    assert answer.headers["Retry-After"] == "5"
    assert "Wait a few seconds" in answer.text


def test_a_service_that_does_not_answer_or_is_stopped_is_our_own_page(tmp_path: Path) -> None:
    for number, file in enumerate(HOSTS):
        folder = tmp_path / str(number)
        folder.mkdir()
        alone = AloneNginx(folder, file)
        with alone.running():
            slow = alone.answer_to(alone.head())
            alone.upstream.close()
            stopped = alone.answer_to(alone.head())
        for answer in (slow, stopped):
            check(alone, answer, 503)
            assert answer.headers["Retry-After"] == "5"
            assert "is being restarted" in answer.text


@pytest.mark.parametrize("nginx", [SITE], indirect=True)
def test_the_api_gets_a_problem_of_nginx(nginx: AloneNginx) -> None:
    head = nginx.head("POST", "/api/v1/reviews", "Content-Length: 2000000")
    answer = nginx.answer_to(head)
    expected = HEADERS[SITE] | {"Content-Type": "application/problem+json"}
    for name, value in expected.items():
        assert answer.headers.get_all(name) == [value], name
    problem = json.loads(answer.body)
    assert (answer.status, problem["status"]) == (413, 413)
    assert problem["detail"].startswith("This is too much")


def test_nobody_opens_the_page_of_a_refusal(nginx: AloneNginx) -> None:
    assert nginx.answer_to(nginx.head("GET", "/.refusal")).status == 404
