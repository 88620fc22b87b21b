"""A client's system that receives webhooks: a real HTTP or HTTPS server on this machine."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme

HOST = "crm.acme.example"
"""The name in the certificate of a receiver with TLS."""

Respond = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A running server, and what it has received."""

    port: int
    respond: Respond
    requests: list[ReceivedRequest] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    """Set at the end of the test: a response that waits ends then."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def hang(self, _handler: BaseHTTPRequestHandler) -> None:
        """Answers nothing at all."""
        self.stopped.wait(60)

    def drip_headers(self, handler: BaseHTTPRequestHandler) -> None:
        """Answers one byte at a time and never finishes the headers."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.stopped.wait(0.01):
            handler.wfile.write(b"x")

    def drip_body(self, handler: BaseHTTPRequestHandler) -> None:
        """Answers 200 and a body that never ends, one byte at a time."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not self.stopped.wait(0.01):
            handler.wfile.write(b"x")


def status(code: int, body: bytes = b"", **headers: str) -> Respond:
    """A response with a status, headers and a body."""

    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return respond


TAKEN = status(204)


def huge(handler: BaseHTTPRequestHandler) -> None:
    """A body of many megabytes, as long as anybody reads it."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"y" * 65536
    for _ in range(10_000):
        handler.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Closes the connection without an answer."""
    handler.close_connection = True


@cache
def certificate_authority() -> trustme.CA:
    return trustme.CA()


def trusting_context() -> ssl.SSLContext:
    """A client's TLS that trusts the test's certificate authority alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    certificate_authority().configure_trust(context)
    return context


@contextmanager
def receiving(respond: Respond = TAKEN, *, tls_name: str = "") -> Iterator[Receiver]:
    """Runs a receiver; with `tls_name`, by HTTPS with a certificate for that name."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.requests.append(ReceivedRequest(self.path, dict(self.headers), body))
            self.close_connection = True
            try:
                receiver.respond(self)
            except OSError:
                return  # the sender has closed the connection

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a sender that does not trust the certificate

    server = Server(("127.0.0.1", 0), Handler)
    if tls_name:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate_authority().issue_cert(tls_name).configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver = Receiver(server.server_address[1], respond)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()
