"""`gatepost serve --live`: starts, serves and stops the preview.

`live_routes` answers the preview's own addresses below `/_live/`: the script, the style sheet, the
event stream and the list of drafts. `HostGuard` refuses requests under foreign host names.
"""

import ipaddress
import json
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import Flask, Response, render_template, send_from_directory
from flask.typing import ResponseReturnValue
from werkzeug.sansio.utils import host_is_trusted
from werkzeug.serving import WSGIRequestHandler, make_server

from capture.errors import Refused
from capture.site_policy import POLICY_HEADER, PREVIEW_POLICY
from gatepost.preview.build_loop import Builder, BuildLoop, Console
from gatepost.preview.sandbox import Sandbox
from gatepost.preview.state import EDITION, Edition, PreviewFeed, PreviewState, with_script
from gatepost.server.serve import check_port
from gatepost.settings import Settings, url_host
from publish.build.build_store import PREVIEW_FILE, STORE
from publish.checks.layout import PUBLISHED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

URL_PREFIX: Final = "/_live/"
_CONFIG: Final = Path("pelicanconf.py")
_LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")
_KEEP_ALIVE_SECONDS: Final = 15.0
"""Interval of keep-alive messages. The server notices a closed connection at the next one."""


def run_preview(settings: Settings, overrides: Mapping[str, str]) -> None:
    """Runs the preview until Ctrl-C. `overrides` are Pelican settings from Gatepost's settings.

    Raises a `GatepostError` if it cannot start.
    """
    _check_host(settings.host)
    if not _CONFIG.is_file():
        raise Refused(f"{_CONFIG}: no such file; run this command in the project's folder")
    check_port(settings, "make write")
    host = url_host(settings.host)
    feed, console = PreviewFeed(), Console(f"http://{host}:{settings.port}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), Builder() as builder, _temporary_folder() as folder:
        output = folder / "output"
        loop = BuildLoop(
            config=_CONFIG,
            overrides={
                **overrides,
                "CAPTURE_URL": "",
                STORE: PREVIEW_FILE,
                PUBLISHED: str(settings.output_dir.absolute() / "published.json"),
            },
            folder=folder,
            output=output,
            folders=_default_folders(settings),
            seconds=settings.build_seconds,
            builder=builder,
            sandbox=Sandbox(settings, folder, output),
            feed=feed,
            console=console,
        )
        with _serving(settings, feed):
            console.show_address(URL_PREFIX)
            loop.run()


def _check_host(host: str) -> None:
    """Raises `Refused` unless only this machine can connect.

    The preview would lose a visitor's lead, and drafts must stay private.
    """
    with suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return
    if host != "localhost":
        raise Refused(
            f"GATEPOST_HOST={host}: the preview answers only this machine; "
            "leave the setting out, or serve without --live"
        )


def _default_folders(settings: Settings) -> tuple[Path, ...]:
    """The folders to watch until the first build report names them."""
    return (
        Path("content"),
        settings.theme_dir,
        settings.campaigns_dir,
        settings.clients_dir,
        settings.gated_dir,
    )


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gatepost-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def _serving(settings: Settings, feed: PreviewFeed) -> Iterator[None]:
    """Runs the web server during the block."""
    guard = HostGuard(feed, live_routes(feed), settings.host)
    server = make_server(
        settings.host, settings.port, guard, threaded=True, request_handler=QuietRequestHandler
    )
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the preview is already ending
        feed.close()
        server.shutdown()
        server.server_close()


def live_routes(feed: PreviewFeed) -> Flask:
    """The app for addresses below `URL_PREFIX`, and for all others until there is a site."""
    app = Flask(__name__, static_folder=None, template_folder=".")

    @app.get(f"{URL_PREFIX}<any('live.js', 'live.css'):name>")
    def file(name: str) -> Response:
        response = send_from_directory(app.root_path, name)
        response.headers["Cache-Control"] = "no-cache"
        return response

    @app.get(f"{URL_PREFIX}events")
    def events() -> Response:
        messages = (_message(state) for state in feed.changes(_KEEP_ALIVE_SECONDS))
        return Response(
            messages, mimetype="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    @app.get(URL_PREFIX)
    def drafts() -> str:
        return render_template("drafts.html", held_back=feed.current.held_back)

    @app.errorhandler(404)
    def nothing_yet(_: Exception) -> ResponseReturnValue:
        return render_template("nothing_yet.html"), 503

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers[POLICY_HEADER] = str(PREVIEW_POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return with_script(response)

    return app


def _message(state: PreviewState | None) -> str:
    """One server-sent event (HTML Living Standard, 9.2.6); a comment line for None."""
    if state is None:
        return ": keep-alive\n\n"
    data = {
        "session": state.session,
        "build": state.build,
        "forAll": state.for_all,
        "problems": [asdict(problem) for problem in state.problems],
    }
    return f"retry: 300\ndata: {json.dumps(data)}\n\n"


class HostGuard:
    """WSGI app that refuses foreign host names and passes other requests to the current site.

    A foreign host name means that a proxy sends visitors here, or that a web page tries to read
    drafts by DNS rebinding.
    """

    def __init__(self, feed: PreviewFeed, live: Flask, host: str) -> None:
        self._feed = feed
        self._live = live
        self._hosts = [*_LOCAL_HOSTS, host]

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> "Iterable[bytes]":
        if not host_is_trusted(environ.get("HTTP_HOST"), self._hosts):
            message = f"This preview answers only its own machine: open it as {self._hosts[0]}.\n"
            return Response(message, 421)(environ, start_response)
        state = self._feed.current
        environ[EDITION] = Edition(state.session, state.build)  # before a file of it is opened
        if state.site is None or environ["PATH_INFO"].startswith(URL_PREFIX):
            return self._live(environ, start_response)
        return state.site(environ, start_response)


class QuietRequestHandler(WSGIRequestHandler):
    """Keeps the terminal free of request lines."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Logs nothing."""
