"""The server's worker process: one thread, in which each connection is a greenlet.

This file has three parts: sending and closing, the body of a request, and the worker. `req` is
always gunicorn's request, from which gunicorn then makes the WSGI environment. It is untyped, and
we use one attribute that is private to gunicorn, so requirements.txt names one exact version.
"""

import contextlib
import errno
import html
import io
import json
import socket as stdlib_socket
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
from gunicorn.http.wsgi import FileWrapper
from gunicorn.workers.ggevent import GeventWorker

from capture.web.config import max_body

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# --- sending and closing ---

SEND_SECONDS: Final = 30
"""Seconds that sent data may stay unacknowledged before the kernel closes the connection."""
LINGER_SECONDS: Final = 10.0
"""Seconds in which we read and discard what the client still sends after our answer."""
LINGER_QUIET_SECONDS: Final = 2.0
"""Seconds without a byte from the client after which we stop to read and close the connection."""
LINGER_BYTES: Final = 8 * 1024 * 1024
"""Bytes that we read and discard at most after our answer."""
_CHUNK_BYTES: Final = 64 * 1024


def limit_sending(sock: Any) -> None:
    """Makes the kernel close the connection if the client does not read (RFC 5482; Linux only)."""
    option = getattr(stdlib_socket, "TCP_USER_TIMEOUT", None)
    if option is not None and sock.family != getattr(stdlib_socket, "AF_UNIX", None):
        sock.setsockopt(stdlib_socket.IPPROTO_TCP, option, SEND_SECONDS * 1000)


def drain_before_close(sock: Any) -> None:
    """Shuts down the sending side, then reads a limited amount of what the client still sends.

    The caller closes the socket afterwards. Closing a socket with unread bytes resets the
    connection (RFC 9112, section 9.6). The client could then lose an answer that it has not read
    yet, such as a 413.
    """
    with contextlib.suppress(OSError):
        sock.shutdown(stdlib_socket.SHUT_WR)
        with gevent.Timeout(LINGER_SECONDS, exception=False):
            _drain(sock)


def _drain(sock: Any) -> None:
    total = 0
    while total < LINGER_BYTES:
        chunk = b""
        with gevent.Timeout(LINGER_QUIET_SECONDS, exception=False):
            chunk = sock.recv(_CHUNK_BYTES)
        if not chunk:
            return
        total += len(chunk)


class SeekableFile(FileWrapper):  # type: ignore[misc]  # gunicorn ships no types
    """The `wsgi.file_wrapper`. gunicorn sends a complete file with the kernel's sendfile.

    For a range Werkzeug moves to its start. Without these methods it would read all bytes before.
    """

    def seekable(self) -> bool:
        return bool(self.filelike.seekable())

    def seek(self, position: int) -> None:
        self.filelike.seek(position)

    def tell(self) -> int:
        return int(self.filelike.tell())


# --- the body of a request ---
# It is read completely, within a time limit, before the app is called.

BODY_SECONDS: Final = 15.0
"""Seconds in which a short body must arrive; a longer one gets more by `MIN_BYTES_PER_SECOND`."""
MIN_BYTES_PER_SECOND: Final = 4096
"""The time limit of a body is `BODY_SECONDS` plus its length divided by this rate."""
INCOMPLETE: Final = "The body did not arrive completely"


class BodyRefused(Exception):
    """The body is refused; `status` is the HTTP status of the answer."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def check_coding(req: Any) -> None:
    """Raises gunicorn's own error (501) for a transfer coding that is not `chunked` alone.

    gunicorn accepts `gzip, chunked` and passes the compressed bytes on. It refuses the other
    violations of RFC 9112, section 6, itself (400): `chunked` twice, not last, or together with a
    Content-Length.
    """
    for name, value in req.headers:
        if name == "TRANSFER-ENCODING" and value.strip(" \t").lower() != "chunked":
            raise UnsupportedTransferCoding(value)


def read_complete_body(req: Any, sock: Any, seconds: float = BODY_SECONDS) -> None:
    """Reads the complete body of a POST into memory; `req.body` is then a `BytesIO`.

    A body that is too long, or of another method, is not read; the connection is then closed after
    the answer. Raises `BodyRefused` for a body that is too slow or incomplete.
    """
    # Reset, because gunicorn sends `100 Continue` itself if the request still expects it.
    expects_continue, req._expected_100_continue = req._expected_100_continue, False
    length, limit = _declared_length(req), max_body(req.path)
    if length == 0:
        return
    if req.method != "POST" or (length is not None and length > limit):
        req.force_close()
        return
    if expects_continue:
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = None
    max_bytes = limit if length is None else length
    with gevent.Timeout(seconds + max_bytes / MIN_BYTES_PER_SECOND, exception=False):
        try:
            body = req.body.read(limit + 1)
        except NoMoreData:
            raise BodyRefused("400 Bad Request", INCOMPLETE) from None
    if body is None:
        raise BodyRefused("408 Request Timeout", "The body did not arrive in time")
    if length is not None and len(body) < length:
        raise BodyRefused("400 Bad Request", INCOMPLETE)
    if len(body) > limit:
        req.force_close()  # more of it may follow; the app refuses the body because of its length
    req.body = io.BytesIO(body)


def _declared_length(req: Any) -> int | None:
    """The length that the request declares, in bytes; None if the body is chunked."""
    reader = req.body.reader
    if isinstance(reader, ChunkedReader):
        return None
    return reader.length if isinstance(reader, LengthReader) else 0


# --- the worker ---

BUSY_REQUESTS: Final = 8
"""Limit of a process's open requests. While it has more, it closes each connection after the
answer, so that browsers connect to another process. Eight requests are about ten milliseconds of
work."""
SPARE_CONNECTIONS: Final = 16
"""Connections that are kept free. To free one, the connection that has been idle longest is
closed."""
MIN_IDLE_SECONDS: Final = 1.0
"""A connection that has been idle for less than this is never closed to free one."""

_GONE: Final = frozenset({errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.ETIMEDOUT})
_STATUS: Final = {
    UnsupportedTransferCoding: "501 Not Implemented",
    LimitRequestLine: "414 URI Too Long",
    LimitRequestHeaders: "431 Request Header Fields Too Large",
    ExpectationFailed: "417 Expectation Failed",
}
"""The status for invalid HTTP; 400 for every other error."""


class _ConnectionDropped(BaseException):
    """Raised in a connection's greenlet, where it waits for its client, to end the connection."""


class Worker(GeventWorker):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's gevent worker, with these differences.

    - It patches nothing in Python's library. Greenlets switch only where a connection is read or
      written and where leads wait for their commit, so locks and files behave as usual.
    - It stops as soon as no request is open. It does not wait for idle connections.
    - A busy process closes some connections after the answer. Otherwise all connections of a load
      can stay in one process: in a measurement all sixteen did, and one core took every lead.
    - Slow clients delay no other client. Head and body have time limits, and when connections run
      out, the one that has been idle longest is closed.
    - No line of its log names a client.
    """

    def __init__(self, *made_by_gunicorn: Any) -> None:
        super().__init__(*made_by_gunicorn)
        self._keepalive: set[gevent.Greenlet] = set()
        """Connections that had an answer and wait for their next request: a stop ends them."""
        self._idle_since: dict[gevent.Greenlet, float] = {}
        """All connections in which the app does not run, and the monotonic time since when.

        Unlike `_keepalive` it also has new connections and those that still send a request or
        receive an answer.
        """
        self._open_requests = 0
        self._refusal_headers: Mapping[str, str] = {}
        self._stopping = Event()

    def patch(self) -> None:
        """Prepares the listening sockets for gevent. Overrides gunicorn's `monkey.patch_all`."""
        self.sockets: list[Any] = [
            socket.socket(listener.FAMILY, socket.SOCK_STREAM, fileno=listener.sock.detach())
            for listener in self.sockets
        ]

    def load_wsgi(self) -> None:
        super().load_wsgi()
        app = self.app.wsgi()
        self.wsgi: WSGIApplication = partial(self._call_app, app)
        # The app's own headers, but the path of a request may have a token.
        self._refusal_headers = app.config["HEADERS"] | {"Referrer-Policy": "no-referrer"}

    def run(self) -> None:
        self._pool = Pool(self.worker_connections)
        servers = [self._start_server(listener) for listener in self.sockets]
        while self.alive:
            self.notify()
            self._close_longest_idle()
            self._stopping.wait(1.0)
        for server in servers:
            server.close()
        for connection in self._keepalive:
            _drop(connection, self._keepalive)
        for server in servers:
            server.stop(timeout=self.cfg.graceful_timeout)

    def _start_server(self, listener: Any) -> StreamServer:
        listener.setblocking(True)
        server = StreamServer(listener, handle=partial(self.handle, listener), spawn=self._pool)
        server.max_accept = 1  # so that the processes share the connections evenly
        server.start()
        return server

    def _close_longest_idle(self) -> None:
        """Closes the connections that have been idle longest, if few free ones are left."""
        missing = SPARE_CONNECTIONS - self._pool.free_count()
        if missing <= 0:
            return
        latest_start = time.monotonic() - MIN_IDLE_SECONDS
        longest_first = sorted(self._idle_since.items(), key=lambda item: item[1])
        for connection, start in longest_first[:missing]:
            if start <= latest_start:
                _drop(connection, self._idle_since)

    def handle(self, listener: Any, sock: Any, client_address: Any) -> None:
        """Serves a connection until it ends.

        Raises nothing: gevent would log the exception with `client_address`.
        """
        connection = gevent.getcurrent()
        self._idle_since[connection] = time.monotonic()
        self._close_longest_idle()
        try:
            sock.setblocking(True)
            limit_sending(sock)
            self._serve_requests(listener.getsockname(), sock, client_address)
        except _ConnectionDropped:
            pass
        except OSError as error:
            if error.errno not in _GONE:
                self.log.error("A connection broke: %s", error.strerror)
        finally:
            self._idle_since.pop(connection, None)
            self._keepalive.discard(connection)
            sock.close()

    def _serve_requests(self, listener_name: Any, sock: Any, client_address: Any) -> None:
        parser = get_parser(self.cfg, sock, client_address)
        try:
            while True:
                req = None
                with self.timeout_ctx():
                    req = next(parser)
                if req is None:  # the client sent nothing, or its head was too slow
                    return
                check_coding(req)
                self.handle_request(listener_name, req, sock, client_address)
        except NoMoreData:
            return
        except StopIteration:
            pass
        except BodyRefused as refused:
            detail = f"{refused}; nothing was recorded."
            send_refusal(sock, refused.status, detail, req, self._refusal_headers)
        except OSError:
            raise
        except Exception as error:
            self._answer_error(sock, error)
        drain_before_close(sock)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, client_address: Any) -> None:
        connection = gevent.getcurrent()
        self._keepalive.discard(connection)
        self._open_requests += 1
        if self._open_requests > BUSY_REQUESTS:
            req.force_close()  # the browser connects again, to a process that has time
        try:
            read_complete_body(req, sock)
            super().handle_request(listener_name, req, sock, client_address)
        finally:
            self._open_requests -= 1
        self._keepalive.add(connection)

    def _call_app(
        self, app: "WSGIApplication", environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> "Iterable[bytes]":
        """Calls the app. Meanwhile the connection is not idle."""
        connection = gevent.getcurrent()
        self._idle_since.pop(connection, None)
        environ["wsgi.file_wrapper"] = SeekableFile
        try:
            return app(environ, start_response)
        finally:
            self._idle_since[connection] = time.monotonic()

    def _answer_error(self, sock: Any, error: Exception) -> None:
        """Answers invalid HTTP with its status, any other error with 500.

        Logs neither the request nor the client's address.
        """
        is_own_error = isinstance(error, InvalidResponseHeader | InvalidResponseHeaderName)
        if isinstance(error, ParseException) and not is_own_error:
            status = _STATUS.get(type(error), "400 Bad Request")
            self.log.warning("Invalid request: %s, answered %s", type(error).__name__, status)
        else:
            status = "500 Internal Server Error"
            self.log.exception("Error handling a request")
        send_refusal(sock, status, "", None, self._refusal_headers)

    def handle_exit(self, sig: int, frame: Any) -> None:
        super().handle_exit(sig, frame)
        # A signal can interrupt gevent's own code, so a new greenlet sets the event.
        gevent.spawn(self._stopping.set)


def _drop(connection: gevent.Greenlet, idle: "Container[gevent.Greenlet]") -> None:
    """Ends the connection soon, unless it is no longer in `idle` by then.

    Its next request may come first. That one must get its answer, because it may store a lead.
    """

    def drop_if_still_idle() -> None:
        if connection in idle:
            connection.throw(_ConnectionDropped)

    gevent.get_hub().loop.run_callback(drop_if_still_idle)


def send_refusal(
    sock: Any, status: str, detail: str, req: Any, headers: "Mapping[str, str]"
) -> None:
    """Sends a short answer without the app: a problem (RFC 9457) for the API, else a page.

    `status` is code and title, such as `408 Request Timeout`; `req` is None if it was not readable;
    `headers` are those of every answer of the app.
    """
    code, _, title = status.partition(" ")
    if req is not None and req.path.startswith("/api/"):
        content_type = "application/problem+json"
        text = json.dumps(
            {"title": title, "status": int(code), "detail": f"{detail} Send it again."}
        )
    else:
        content_type = "text/html; charset=utf-8"
        hint = f"<p>{html.escape(detail)} Go back, and send it again." if detail else ""
        text = f"<!doctype html><html lang=en><title>{title}</title><h1>{title}</h1>{hint}"
    body = text.encode()
    own = {"Connection": "close", "Content-Type": content_type, "Content-Length": len(body)}
    lines = (f"{name}: {value}\r\n" for name, value in {**headers, **own}.items())
    sock.sendall(f"HTTP/1.1 {status}\r\n{''.join(lines)}\r\n".encode() + body)
