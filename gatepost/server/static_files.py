"""The built site, served by the service itself: for work on the desk and for small machines.

In front of a busy site nginx serves the same folder; docs/operator.md says how.
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
# Names that carry a hash of what is in the file.
_NEVER_CHANGES: Final = re.compile(
    r"(theme|pictures|share|pagefind/(fragment|index))/|pagefind/\w+\.\w+\.pf_meta$"
)
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))  # the smallest first


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
            response = _send(root, path)
        except NotFound:
            return _missing(root)
        response.headers["Cache-Control"] = (
            f"public, max-age={ONE_YEAR}, immutable" if _NEVER_CHANGES.match(path) else "no-cache"
        )
        if path == "search/index.html":
            policy = search_policy(current_app.config["PAGE_POLICY"])
            response.headers[HEADER] = str(policy)
        return response

    return blueprint


def _send(root: str, path: str) -> Response:
    """The file, in the smallest form that the release made and the browser reads."""
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
