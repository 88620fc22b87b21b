"""The built site, served by the service itself: for work on the desk and for small machines.

In front of a busy site nginx serves the same folder; see deploy/.
"""

import os
from pathlib import Path

from flask import Blueprint, Response, redirect, request, send_from_directory
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

FOR_EVER = 365 * 24 * 3600


def static_site(folder: Path) -> Blueprint:
    """Routes for every file of the built site; the folder may be swapped while we run."""
    blueprint = Blueprint("static_site", __name__)
    root = str(folder.absolute())

    @blueprint.get("/", defaults={"path": ""})
    @blueprint.get("/<path:path>")
    def file(path: str) -> ResponseReturnValue:
        found = safe_join(root, path)
        if found is not None and os.path.isdir(found):  # noqa: PTH112 - no name is too odd for it
            if path and not path.endswith("/"):
                query = f"?{request.query_string.decode()}" if request.query_string else ""
                return redirect(f"/{path}/{query}", 308)
            path += "index.html"
        try:
            response = send_from_directory(root, path)
        except NotFound:
            return _missing(root)
        fingerprinted = path.startswith("theme/")
        response.headers["Cache-Control"] = (
            f"public, max-age={FOR_EVER}, immutable" if fingerprinted else "no-cache"
        )
        return response

    return blueprint


def _missing(root: str) -> tuple[Response, int]:
    response = send_from_directory(root, "404.html")
    response.headers["Cache-Control"] = "no-cache"
    return response, 404
