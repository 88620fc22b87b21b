"""`POST /v`: counts that a page of the site was opened, or that its form came into sight.

The browser sends the path alone (theme/static/touch.js), without a cookie and without an
identifier. Views are counted by day and path. Nothing about the visitor is stored.
"""

from datetime import UTC, datetime
from typing import Final

from crawleruseragents import is_crawler
from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from capture.ledger.page_views import ViewKind
from capture.web.services import services

blueprint = Blueprint("views", __name__)

_MAX_PATH: Final = 1000
"""Most bytes of a body. No path of a site is as long."""
_NO_CONTENT: Final = ("", 204)


@blueprint.post("/v")
def count_view() -> ResponseReturnValue:
    """204, whether the view is counted or not: a browser does nothing with the answer.

    Not counted: unknown paths, programs, visitors who object (Do Not Track, Global Privacy
    Control), and more views than the limit for one network.
    """
    service = services()
    if objects_to_counting() or is_program(request.user_agent.string):
        return _NO_CONTENT
    length = request.content_length
    if length is None or length > _MAX_PATH:
        return _NO_CONTENT
    path = request.get_data().decode("utf-8", "replace")
    if is_known_path(path) and service.view_limit.retry_after(request.remote_addr) is None:
        kind = ViewKind.FORM if request.query_string == b"form" else ViewKind.PAGE
        service.views.count(datetime.now(UTC).date(), path, kind)
    return _NO_CONTENT


def objects_to_counting() -> bool:
    """Whether the browser says that its user does not want to be counted."""
    return request.headers.get("DNT") == "1" or request.headers.get("Sec-GPC") == "1"


def is_program(user_agent: str) -> bool:
    """Whether the request comes from a crawler or another program, or does not say from what."""
    return not user_agent or is_crawler(user_agent)


def is_known_path(path: str) -> bool:
    """Whether the site has a page with this path, or the service has a form there."""
    site = services().site.current()
    slug = path.removeprefix("/f/")
    return path in site.titles or (slug != path and slug in site.form_pages)
