"""Posts take turns within one process; pages do not wait for them."""

import io
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from capture.web.app import LARGEST_BODY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Turns:
    """A WSGI app for a process with threads, which are there for slow and idle connections.

    Python runs one thread at a time anyway. Two that take leads at once only take it away from
    each other at every statement, while one of them holds the ledger: half as many leads a second.
    """

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app
        self._turn = threading.Lock()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            return self._app(environ, start_response)
        # Read here, so that nobody waits for a slow sender; what says it is longer stays unread.
        if int(environ.get("CONTENT_LENGTH") or 0) <= LARGEST_BODY:
            environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(LARGEST_BODY + 1))
        with self._turn:
            return self._app(environ, start_response)
