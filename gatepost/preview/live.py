"""`gatepost serve --live`: a writer's preview, from start to end."""

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
from capture.web.policy import HEADER, LIVE
from gatepost.preview.build_loop import Builder, BuildLoop, Console, Sandbox
from gatepost.preview.state import Edition, PreviewFeed, PreviewState, with_script
from gatepost.server.serve import check_port
from gatepost.settings import Settings, url_host
from publish.checks.layout import PUBLISHED

# The preview's own addresses, below /_live/: script, look, events, and where drafts are.


PREFIX: Final = "/_live/"
_PATIENCE_SECONDS: Final = 15.0
"""A sign of life so often: a browser that went away is noticed by then."""


def live_routes(feed: PreviewFeed) -> Flask:
    """The app that answers below `PREFIX`, and everywhere until there is a site."""
    app = Flask(__name__, static_folder=None, template_folder=".")

    @app.get(f"{PREFIX}<any('live.js', 'live.css'):name>")
    def file(name: str) -> Response:
        response = send_from_directory(app.root_path, name)
        response.headers["Cache-Control"] = "no-cache"
        return response

    @app.get(f"{PREFIX}events")
    def events() -> Response:
        problems = (_message(shown) for shown in feed.changes(_PATIENCE_SECONDS))
        return Response(
            problems, mimetype="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    @app.get(PREFIX)
    def drafts() -> str:
        return render_template("drafts.html", held=feed.current.held_back)

    @app.errorhandler(404)
    def nothing_yet(_: Exception) -> ResponseReturnValue:
        return render_template("nothing_yet.html"), 503

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers[HEADER] = str(LIVE)
        response.headers["X-Content-Type-Options"] = "nosniff"
        shown = feed.current
        return with_script(response, Edition(shown.session, shown.build))

    return app


def _message(shown: PreviewState | None) -> str:
    """In the format of server-sent events (HTML Living Standard, 9.2.6)."""
    if shown is None:
        return ": still here\n\n"
    data = {
        "session": shown.session,
        "build": shown.build,
        "forAll": shown.for_all,
        "faults": [asdict(problem) for problem in shown.problems],
    }
    return f"retry: 300\ndata: {json.dumps(data)}\n\n"


# Lets this machine's browser in, to the site that is shown now.


if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_OURS: Final = ("localhost", "127.0.0.1", "[::1]")


class HostGuard:
    """A WSGI app over the others.

    Who comes by another name is refused: a proxy that leads visitors here, or a foreign page that
    has given its own name this machine's address to read drafts.
    """

    def __init__(self, feed: PreviewFeed, live: Flask, host: str) -> None:
        self._showing = feed
        self._live = live
        self._hosts = [*_OURS, host]

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> "Iterable[bytes]":
        if not host_is_trusted(environ.get("HTTP_HOST"), self._hosts):
            message = "This preview is for the machine that it runs on, by its own name alone.\n"
            return Response(message, 421)(environ, start_response)
        site = self._showing.current.site
        if site is None or environ["PATH_INFO"].startswith(PREFIX):
            return self._live(environ, start_response)
        return site(environ, start_response)


class QuietRequestHandler(WSGIRequestHandler):
    """Requests are no news to a writer."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing."""


_CONFIG: Final = Path("pelicanconf.py")


def live(settings: Settings, overrides: Mapping[str, str]) -> None:
    """Runs until Ctrl-C. `given` is what our settings say to Pelican.

    Raises a `GatepostError` for whatever keeps it from starting.
    """
    _check_host(settings.host)
    if not _CONFIG.is_file():
        raise Refused(f"{_CONFIG}: no such file; run this in the project's folder")
    check_port(settings, "make write")
    host = url_host(settings.host)
    feed, words = PreviewFeed(), Console(f"http://{host}:{settings.port}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), Builder() as builder, _own_folder() as folder:
        rounds = BuildLoop(
            config=_CONFIG,
            given={
                **overrides,
                "CAPTURE_URL": "",
                PUBLISHED: str(settings.output_dir.absolute() / "published.json"),
            },
            folder=folder,
            folders=_usual_folders(settings),
            seconds=settings.build_seconds,
            builder=builder,
            sandbox=Sandbox(settings, folder),
            feed=feed,
            console=words,
        )
        with _serving(settings, feed):
            words.show_address(PREFIX)
            rounds.run()


def _check_host(host: str) -> None:
    """What a visitor sent here would be lost, and drafts are nobody's business."""
    with suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return
    if host != "localhost":
        raise Refused(
            f"GATEPOST_HOST={host}: the preview is for this machine alone; "
            "leave the setting out, or serve without --live"
        )


def _usual_folders(settings: Settings) -> tuple[Path, ...]:
    """Where files mostly lie, until a build has told where they do."""
    return (
        Path("content"),
        settings.theme_dir,
        settings.campaigns_dir,
        settings.clients_dir,
        settings.gated_dir,
    )


@contextmanager
def _own_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gatepost-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def _serving(settings: Settings, feed: PreviewFeed) -> Iterator[None]:
    """Answers browsers while the block runs."""
    door = HostGuard(feed, live_routes(feed), settings.host)
    server = make_server(
        settings.host, settings.port, door, threaded=True, request_handler=QuietRequestHandler
    )
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends already
        feed.close()
        server.shutdown()
        server.server_close()
