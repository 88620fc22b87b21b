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
    each other at every statement, while one of them holds the ledger: a third fewer a second.
    Turns are for speed alone: where one lasts long, because the ledger is locked, the rest go on.
    """

    def __init__(self, app: "WSGIApplication", patience: float = 0.5) -> None:
        """`patience` is how many seconds a post waits for its turn."""
        self._app = app
        self._patience = patience
        self._turn = threading.Lock()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        said = environ.get("CONTENT_LENGTH", "")
        too_long = said.isdecimal() and int(said) > LARGEST_BODY
        if environ["REQUEST_METHOD"] != "POST" or too_long:  # the app refuses that one unread
            return self._app(environ, start_response)
        # Read here, so that nobody whose turn it is waits for a slow sender.
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(LARGEST_BODY + 1))
        taken = self._turn.acquire(timeout=self._patience)
        try:
            return self._app(environ, start_response)
        finally:
            if taken:
                self._turn.release()
