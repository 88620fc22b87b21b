"""The server's worker: one thread, in which each connection is a greenlet."""

import io
import json
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import gevent
from gevent import socket
from gevent.event import Event
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn.workers.ggevent import GeventWorker

from capture.web.app import LARGEST_BODY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


MANY = 8
"""Requests at once that a process can do with: some ten milliseconds of work."""


class Worker(GeventWorker):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's own, but for three things.

    Nothing of Python's library is changed: greenlets switch where a connection is read or
    written, and where leads wait for their commit. No lock or file of ours means another thing.

    It ends as soon as nobody waits for an answer, not a second later or after the last browser
    has let go of its idle connection.

    And where connections that stay open have come to one process while another is idle, it lets
    go of some: measured, all sixteen of a load did, and one core took every lead.
    """

    def __init__(self, *made_by_gunicorn: Any) -> None:
        super().__init__(*made_by_gunicorn)
        self._resting: set[gevent.Greenlet] = set()
        """Connections between two requests."""
        self._at_work = 0
        self._ending = Event()

    def patch(self) -> None:
        self.sockets: list[Any] = [
            socket.socket(made.FAMILY, socket.SOCK_STREAM, fileno=made.sock.detach())
            for made in self.sockets
        ]

    def run(self) -> None:
        servers = [self._server(listener) for listener in self.sockets]
        while self.alive:
            self.notify()
            self._ending.wait(1.0)
        for server in servers:
            server.close()
        for connection in self._resting:
            connection.kill(StopIteration, block=False)
        for server in servers:
            server.stop(timeout=self.cfg.graceful_timeout)

    def _server(self, listener: Any) -> StreamServer:
        listener.setblocking(True)
        pool = Pool(self.worker_connections)
        server = StreamServer(listener, handle=partial(self.handle, listener), spawn=pool)
        server.max_accept = 1  # so that the processes share the connections evenly
        server.start()
        return server

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        try:
            super().handle(listener, client, addr)
        finally:
            self._resting.discard(gevent.getcurrent())

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:
        self._resting.discard(gevent.getcurrent())
        self._at_work += 1
        if self._at_work > MANY:
            req.force_close()  # its browser comes again, to a process that has time to accept
        try:
            super().handle_request(listener_name, req, sock, addr)
        finally:
            self._at_work -= 1
        self._resting.add(gevent.getcurrent())

    def handle_exit(self, sig: int, frame: Any) -> None:
        super().handle_exit(sig, frame)
        gevent.spawn(self._ending.set)


class WholeBody:
    """A WSGI app that is called once the whole body is there.

    Who sends too slowly is sent away; what breaks off in the middle is no form.
    """

    def __init__(self, app: "WSGIApplication", seconds: float = 30) -> None:
        """`seconds` is how long a body may take to arrive."""
        self._app = app
        self._seconds = seconds

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        promised = environ.get("CONTENT_LENGTH", "")
        length = int(promised) if promised.isdecimal() else 0
        if environ["REQUEST_METHOD"] != "POST" or length > LARGEST_BODY:
            return self._app(environ, start_response)  # which refuses a long one unread
        body = None
        with gevent.Timeout(self._seconds, exception=False):
            body = environ["wsgi.input"].read(LARGEST_BODY + 1)
        if body is None or len(body) < length:
            status = "408 Request Timeout" if body is None else "400 Bad Request"
            said = _problem(status) if environ["PATH_INFO"].startswith("/api/") else b""
            start_response(
                status,
                [
                    ("Connection", "close"),
                    ("Content-Length", str(len(said))),
                    *([("Content-Type", "application/problem+json")] if said else []),
                ],
            )
            return [said]
        environ["wsgi.input"] = io.BytesIO(body)
        return self._app(environ, start_response)


def _problem(status: str) -> bytes:
    """For programs (RFC 9457)."""
    code, _, title = status.partition(" ")
    detail = "The body did not arrive whole; nothing was recorded. Send it again."
    return json.dumps({"title": title, "status": int(code), "detail": detail}).encode()
