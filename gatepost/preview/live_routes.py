"""The preview's own addresses, below /_live/: script, look, events, and where drafts are."""

import json
from dataclasses import asdict
from typing import Final

from flask import Flask, Response, render_template, send_from_directory
from flask.typing import ResponseReturnValue

from capture.web.policy import HEADER, LIVE
from gatepost.preview.pages import Edition, with_script
from gatepost.preview.showing import Showing, Shown

PREFIX: Final = "/_live/"
_PATIENCE_SECONDS: Final = 15.0
"""A sign of life so often: a browser that went away is noticed by then."""


def live_routes(showing: Showing) -> Flask:
    """The app that answers below `PREFIX`, and everywhere until there is a site."""
    app = Flask(__name__, static_folder=None, template_folder=".")

    @app.get(f"{PREFIX}<any('live.js', 'live.css'):name>")
    def file(name: str) -> Response:
        response = send_from_directory(app.root_path, name)
        response.headers["Cache-Control"] = "no-cache"
        return response

    @app.get(f"{PREFIX}events")
    def events() -> Response:
        told = (_message(shown) for shown in showing.follow(_PATIENCE_SECONDS))
        return Response(told, mimetype="text/event-stream", headers={"Cache-Control": "no-store"})

    @app.get(PREFIX)
    def drafts() -> str:
        return render_template("drafts.html", held=showing.now.held)

    @app.errorhandler(404)
    def nothing_yet(_: Exception) -> ResponseReturnValue:
        return render_template("nothing_yet.html"), 503

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers[HEADER] = str(LIVE)
        response.headers["X-Content-Type-Options"] = "nosniff"
        shown = showing.now
        return with_script(response, Edition(shown.session, shown.build))

    return app


def _message(shown: Shown | None) -> str:
    """In the format of server-sent events (HTML Living Standard, 9.2.6)."""
    if shown is None:
        return ": still here\n\n"
    said = {
        "session": shown.session,
        "build": shown.build,
        "forAll": shown.for_all,
        "faults": [asdict(fault) for fault in shown.faults],
    }
    return f"retry: 300\ndata: {json.dumps(said)}\n\n"
