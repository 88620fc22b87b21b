"""Puts the preview's script into pages while they are served; the files know nothing of it."""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from flask import Response, request
from markupsafe import Markup

SCRIPT: Final = Markup(
    '<script src="/_live/live.js" data-session="{session}" data-build="{build}" data-page="{page}"'
    " defer></script>"
)
_STYLE: Final = re.compile(rb"<link\b[^>]*\brel=[\"']?stylesheet\b[^>]*>", re.IGNORECASE)
_HEAD_ENDS: Final = re.compile(rb"</head\s*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Edition:
    """Which build of which start of the preview a page is from."""

    session: str
    build: int


def with_script(response: Response, edition: Edition) -> Response:
    """The same answer; a page that was asked for by GET follows the builds from now on.

    An answer to a POST does not: to load it again would send the form again.
    """
    if response.mimetype != "text/html" or request.method != "GET":
        return response
    response.direct_passthrough = False
    html = response.get_data()
    script = _script_for(html, edition).encode()
    found = _HEAD_ENDS.search(html)
    place = found.start() if found else len(html)
    response.set_data(html[:place] + script + html[place:])
    response.headers["Cache-Control"] = "no-store"
    for name in ("ETag", "Last-Modified", "Accept-Ranges"):  # they are the file's, not the page's
        response.headers.pop(name, None)
    return response


def _script_for(html: bytes, edition: Edition) -> str:
    """The tag for a page. Two that differ by their styles alone have the same `data-page`."""
    page = hashlib.sha256(_STYLE.sub(b"", html)).hexdigest()[:16]
    return SCRIPT.format(session=edition.session, build=edition.build, page=page)
