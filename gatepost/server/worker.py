"""The server's worker: one thread, in which each connection is a greenlet."""

import contextlib
import errno
import html
import io
import json
import socket as plain
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import gevent
from gevent import socket
from gevent.event import Event
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn.http import get_parser
from gunicorn.http.body import ChunkedReader, LengthReader
from gunicorn.http.errors import (
    ExpectationFailed,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    NoMoreData,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.workers.ggevent import GeventWorker

from capture.web.config import MAX_BODY

# How a connection is treated: bounded in what it may hold up, and closed so that it is read.


SEND_SECONDS: Final = 30
"""How long a client may leave an answer unread before the kernel gives the connection up."""
LINGER_SECONDS: Final = 10.0
"""How long we go on taking what a client sends, after our last word."""
LINGER_QUIET_SECONDS: Final = 2.0
"""The same, of a client that sends nothing and does not close."""
LINGER_BYTES: Final = 8 * 1024 * 1024
_PIECE: Final = 64 * 1024


def limit_sending(sock: Any) -> None:
    """Ends, by the kernel, a connection whose client does not read (RFC 5482; Linux alone)."""
    option = getattr(plain, "TCP_USER_TIMEOUT", None)
    if option is not None and sock.family != getattr(plain, "AF_UNIX", None):
        sock.setsockopt(plain.IPPROTO_TCP, option, SEND_SECONDS * 1000)


def close_after_drain(sock: Any) -> None:
    """Says that no more will come, takes a bounded amount of what the client still sends, closes.

    A socket that is closed with bytes unread resets the connection (RFC 9112, section 9.6), and
    the client may lose an answer that it has not read yet: a 413 above all.
    """
    with contextlib.suppress(OSError):
        sock.shutdown(plain.SHUT_WR)
        with gevent.Timeout(LINGER_SECONDS, exception=False):
            _drain(sock)


def _drain(sock: Any) -> None:
    used = 0
    while used < LINGER_BYTES:
        piece = b""
        with gevent.Timeout(LINGER_QUIET_SECONDS, exception=False):
            piece = sock.recv(_PIECE)
        if not piece:
            return
        used += len(piece)


# The body of a request: all of it is there before the app is called, within a time.
#
# Works on gunicorn's request, before its WSGI environment is made.


BODY_SECONDS: Final = 15.0
"""How long any body may take to arrive, all in all; longer ones get more by `LEAST_RATE`."""
CUT_OFF: Final = "The body did not arrive whole"
LEAST_RATE: Final = 4096
"""Bytes a second that a body must come with at least, once `BODY_SECONDS` are used up."""


class BodyRefused(Exception):
    """The body is not taken; `status` is what to answer."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def check_coding(req: Any) -> None:
    """Raises gunicorn's own error (501) for a transfer coding that is not `chunked` alone.

    gunicorn takes `gzip, chunked` and hands the packed bytes on. The rest of RFC 9112, section 6,
    it refuses itself (400): chunked twice or not at the end, or beside a Content-Length.
    """
    for name, value in req.headers:
        if name == "TRANSFER-ENCODING" and value.strip(" \t").lower() != "chunked":
            raise UnsupportedTransferCoding(value)


def take_body(req: Any, sock: Any, seconds: float = BODY_SECONDS) -> None:
    """Puts the whole body of a POST in place of the one that is still to come.

    What nobody will read, or is too long, stays where it is, and the connection ends after the
    answer. Raises `BodyRefused` for a body that is too slow, or that breaks off.
    """
    expects, req._expected_100_continue = req._expected_100_continue, False
    length = _promised(req)
    if length == 0:
        return
    if req.method != "POST" or (length is not None and length > MAX_BODY):
        req.force_close()
        return
    if expects:
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = None
    most = MAX_BODY if length is None else length
    with gevent.Timeout(seconds + most / LEAST_RATE, exception=False):
        try:
            body = req.body.read(MAX_BODY + 1)
        except NoMoreData:
            raise BodyRefused("400 Bad Request", CUT_OFF) from None
    if body is None:
        raise BodyRefused("408 Request Timeout", "The body did not arrive in time")
    if length is not None and len(body) < length:
        raise BodyRefused("400 Bad Request", CUT_OFF)
    if len(body) > MAX_BODY:
        req.force_close()  # more of it may be on its way; the app refuses it by its length
    req.body = io.BytesIO(body)


def _promised(req: Any) -> int | None:
    """The length that the request promises, in bytes; None for one that comes in chunks."""
    reader = req.body.reader
    if isinstance(reader, ChunkedReader):
        return None
    return reader.length if isinstance(reader, LengthReader) else 0


if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MANY: Final = 8
"""Requests at once that a process can do with: some ten milliseconds of work."""
ROOM: Final = 16
"""Connections that are kept free for who comes next: who waits longest without need gives way."""
SHUTDOWN_SECONDS: Final = 1.0
"""Who has waited for less than this never gives way."""

_GONE: Final = frozenset({errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.ETIMEDOUT})
_STATUS: Final = {
    UnsupportedTransferCoding: "501 Not Implemented",
    LimitRequestLine: "414 URI Too Long",
    LimitRequestHeaders: "431 Request Header Fields Too Large",
    ExpectationFailed: "417 Expectation Failed",
}
"""What is no HTTP is answered by 400, but for these."""


class _ConnectionDropped(BaseException):
    """Raised in a connection's greenlet, where it waits for its client: it is to end."""


class Worker(GeventWorker):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's own, but for these things.

    Nothing of Python's library is changed: greenlets switch where a connection is read or
    written, and where leads wait for their commit. No lock or file of ours means another thing.

    It ends as soon as nobody waits for an answer, not a second later or after the last browser
    has let go of its idle connection.

    Where connections that stay open have come to one process while another is idle, it lets go of
    some: measured, all sixteen of a load did, and one core took every lead.

    Slow clients hold up nobody: a body has a time as a head has, and when connections run out,
    the one that has kept us waiting longest gives way. No line of its log names a client.
    """

    def __init__(self, *made_by_gunicorn: Any) -> None:
        super().__init__(*made_by_gunicorn)
        self._resting: set[gevent.Greenlet] = set()
        """Connections between two requests."""
        self._waiting: dict[gevent.Greenlet, float] = {}
        """Connections that wait for their client to send or to read, and since when."""
        self._at_work = 0
        self._ending = Event()

    def patch(self) -> None:
        self.sockets: list[Any] = [
            socket.socket(created.FAMILY, socket.SOCK_STREAM, fileno=created.sock.detach())
            for created in self.sockets
        ]

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.wsgi: WSGIApplication = partial(self._call, self.app.wsgi())

    def run(self) -> None:
        self._pool = Pool(self.worker_connections)
        servers = [self._server(listener) for listener in self.sockets]
        while self.alive:
            self.notify()
            self._make_room()
            self._ending.wait(1.0)
        for server in servers:
            server.close()
        for connection in self._resting:
            connection.kill(_ConnectionDropped, block=False)
        for server in servers:
            server.stop(timeout=self.cfg.graceful_timeout)

    def _server(self, listener: Any) -> StreamServer:
        listener.setblocking(True)
        server = StreamServer(listener, handle=partial(self.handle, listener), spawn=self._pool)
        server.max_accept = 1  # so that the processes share the connections evenly
        server.start()
        return server

    def _make_room(self) -> None:
        """Lets go of those who have kept us waiting longest, if few connections are left."""
        wanted = ROOM - self._pool.free_count()
        if wanted <= 0:
            return
        spared = time.monotonic() - SHUTDOWN_SECONDS
        waiting = sorted(self._waiting.items(), key=lambda one: one[1])
        for connection, since in waiting[:wanted]:
            if since <= spared:
                del self._waiting[connection]
                connection.kill(_ConnectionDropped, block=False)

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serves a connection to its end. Nothing is raised: gevent would log it with `addr`."""
        me = gevent.getcurrent()
        self._waiting[me] = time.monotonic()
        self._make_room()
        try:
            client.setblocking(True)
            limit_sending(client)
            self._serve(listener.getsockname(), client, addr)
        except _ConnectionDropped:
            pass
        except OSError as error:
            if error.errno not in _GONE:
                self.log.error("A connection broke: %s", error.strerror)
        finally:
            self._waiting.pop(me, None)
            self._resting.discard(me)
            client.close()

    def _serve(self, name: Any, client: Any, addr: Any) -> None:
        parser = get_parser(self.cfg, client, addr)
        try:
            while True:
                req = None
                with self.timeout_ctx():
                    req = next(parser)
                if req is None:  # nothing came, or a head too slowly
                    return
                check_coding(req)
                self.handle_request(name, req, client, addr)
        except NoMoreData:
            return
        except StopIteration:
            pass
        except BodyRefused as refused:
            _answer(client, refused.status, f"{refused}; nothing was recorded.", req)
        except OSError:
            raise
        except Exception as error:
            self._refuse(client, error)
        close_after_drain(client)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:
        me = gevent.getcurrent()
        self._resting.discard(me)
        self._at_work += 1
        if self._at_work > MANY:
            req.force_close()  # its browser comes again, to a process that has time to accept
        try:
            take_body(req, sock)
            super().handle_request(listener_name, req, sock, addr)
        finally:
            self._at_work -= 1
        self._resting.add(me)

    def _call(
        self, app: "WSGIApplication", environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> "Iterable[bytes]":
        """Calls the app, for which no client is waited for."""
        me = gevent.getcurrent()
        self._waiting.pop(me, None)
        try:
            return app(environ, start_response)
        finally:
            self._waiting[me] = time.monotonic()

    def _refuse(self, client: Any, error: Exception) -> None:
        """Answers what is no HTTP by its status. What was sent, and from where, is not logged."""
        ours = isinstance(error, InvalidResponseHeader | InvalidResponseHeaderName)
        if isinstance(error, ParseException) and not ours:
            status = _STATUS.get(type(error), "400 Bad Request")
            self.log.warning("Invalid request: %s, answered %s", type(error).__name__, status)
        else:
            status = "500 Internal Server Error"
            self.log.exception("Error handling a request")
        _answer(client, status, "", None)

    def handle_exit(self, sig: int, frame: Any) -> None:
        super().handle_exit(sig, frame)
        gevent.spawn(self._ending.set)


def _answer(client: Any, status: str, detail: str, req: Any) -> None:
    """A short answer without the app: for programs (RFC 9457), or for people."""
    code, _, title = status.partition(" ")
    if req is not None and req.path.startswith("/api/"):
        kind = "application/problem+json"
        text = json.dumps(
            {"title": title, "status": int(code), "detail": f"{detail} Send it again."}
        )
    else:
        kind = "text/html; charset=utf-8"
        more = f"<p>{html.escape(detail)} Go back, and send it again." if detail else ""
        text = f"<!doctype html><html lang=en><title>{title}</title><h1>{title}</h1>{more}"
    head = (
        f"HTTP/1.1 {status}\r\nConnection: close\r\nCache-Control: no-store\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    client.sendall(f"{head}{text}".encode())
