"""Serves the files of the built site, for local work and small machines.

On a busy site nginx serves the same folder; see docs/operator.md.
"""

import mimetypes
import os
import re
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, current_app, redirect, request, send_from_directory
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from capture.web.policy import HEADER, search_policy

ONE_YEAR = 365 * 24 * 3600
# Names that contain a hash of the file's content.
_IMMUTABLE: Final = re.compile(
    r"(theme|pictures|share|pagefind/(fragment|index))/|pagefind/\w+\.\w+\.pf_meta$"
)
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))  # the smallest first


def static_site(folder: Path) -> Blueprint:
    """Routes for every file of the built site. The folder may be replaced while the app runs."""
    blueprint = Blueprint("static_site", __name__)
    root = str(folder.absolute())

    @blueprint.get("/", defaults={"path": ""})
    @blueprint.get("/<path:path>")
    def file(path: str) -> ResponseReturnValue:
        found = safe_join(root, path)
        if found is not None and os.path.isdir(found):  # noqa: PTH112 - it raises for no name
            if path and not path.endswith("/"):
                query = f"?{request.query_string.decode()}" if request.query_string else ""
                return redirect(f"/{path}/{query}", 308)
            path += "index.html"
        try:
            response = _send(root, path)
        except NotFound:
            return _missing(root)
        response.headers["Cache-Control"] = (
            f"public, max-age={ONE_YEAR}, immutable" if _IMMUTABLE.match(path) else "no-cache"
        )
        if path == "search/index.html":
            policy = search_policy(current_app.config["PAGE_POLICY"])
            response.headers[HEADER] = str(policy)
        return response

    return blueprint


def _send(root: str, path: str) -> Response:
    """The file, in the smallest encoding that exists and that the browser accepts."""
    for encoding, suffix in _ENCODINGS:
        if request.accept_encodings.quality(encoding) > 0:
            try:
                kind, _ = mimetypes.guess_type(path)
                response = send_from_directory(root, path + suffix, mimetype=kind)
            except NotFound:
                continue
            response.headers["Content-Encoding"] = encoding
            response.vary.add("Accept-Encoding")
            return response
    response = send_from_directory(root, path)
    response.vary.add("Accept-Encoding")
    return response


def _missing(root: str) -> tuple[Response, int]:
    response = send_from_directory(root, "404.html")
    response.headers["Cache-Control"] = "no-cache"
    return response, 404
