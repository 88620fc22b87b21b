"""Lets this machine's browser in, to the site that is shown now."""

from typing import TYPE_CHECKING, Final

from flask import Flask
from werkzeug.sansio.utils import host_is_trusted
from werkzeug.serving import WSGIRequestHandler
from werkzeug.wrappers import Response

from gatepost.preview.live_routes import PREFIX
from gatepost.preview.showing import Showing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_OURS: Final = ("localhost", "127.0.0.1", "[::1]")


class Doorway:
    """A WSGI app over the others.

    Who comes by another name is refused: a proxy that leads visitors here, or a foreign page that
    has given its own name this machine's address to read drafts.
    """

    def __init__(self, showing: Showing, live: Flask, host: str) -> None:
        self._showing = showing
        self._live = live
        self._hosts = [*_OURS, host]

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> "Iterable[bytes]":
        if not host_is_trusted(environ.get("HTTP_HOST"), self._hosts):
            told = "This preview is for the machine that it runs on, by its own name alone.\n"
            return Response(told, 421)(environ, start_response)
        site = self._showing.now.site
        if site is None or environ["PATH_INFO"].startswith(PREFIX):
            return self._live(environ, start_response)
        return site(environ, start_response)


class Quiet(WSGIRequestHandler):
    """Requests are no news to a writer."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing."""
