"""`GET /d/<token>`: sends a gated file for a signed link that expires.

nginx sends the file if it asks for that (X-Accel-Redirect, deploy/nginx.conf), else the service
does. Both answer range requests. Each download is counted on its lead.
"""

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from flask import Blueprint, request, send_from_directory
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound as NoSuchFile
from werkzeug.utils import send_file
from werkzeug.wrappers import Response

from capture.campaign.gated_files import check_gated_file
from capture.errors import NotFound, Unavailable
from capture.signed_links import Grant, TokenExpired, TokenInvalid
from capture.web.personal_pages import expired_link
from capture.web.sender import type_and_stack
from capture.web.services import message_page, services

blueprint = Blueprint("download", __name__)

log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 3600

PROXY_HEADER: Final = "X-Gated-Files"
"""The header in which nginx says who sends the file. A visitor cannot set it: nginx replaces it."""
PROXY_SENDS: Final = "redirect"
"""nginx sends it, if the service answers with X-Accel-Redirect."""
PROXY_FAILED: Final = "failed"
"""nginx could not read it and asks again, so the service sends it."""
PROXY_FOLDER: Final = "/gated-files/"
"""The internal location in which nginx has the gated files."""


def size_of(folder: Path, name: str) -> int | None:
    """Bytes of a gated file. If it cannot be sent: None, and one line in the error log."""
    file = check_gated_file(folder, name)
    if file.problem:
        _log_missing_file(folder / name, file.problem)
    return None if file.problem else file.size


def _log_missing_file(path: Path, problem: str) -> None:
    """Logs a file that visitors cannot get. The line contains nothing about the visitors."""
    log.error("%s: cannot be sent: %s; put the file back", path, problem)


@blueprint.get("/d/<token>")
def download(token: str) -> ResponseReturnValue:
    """The file as an attachment.

    410 if the link has expired; 404 if it is invalid, or the campaign no longer offers the file;
    503 while the file is missing.
    """
    now = datetime.now(UTC)
    try:
        grant = services().link_signer.read_download(token, now)
    except TokenInvalid:
        return invalid_link()
    except TokenExpired as expired:
        return expired_link(expired.grant.campaign if expired.grant else "")
    if not _is_offered(grant):
        return message_page("Not found", "This file is no longer given out."), 404
    folder = services().config.gated.resolve()
    if size_of(folder, grant.file) is None:
        return _missing()
    try:
        response = _file_response(folder, grant.file)
    except (NoSuchFile, OSError) as error:  # removed since the check above
        _log_missing_file(folder / grant.file, str(error))
        return _missing()
    if _starts_download():
        _count_download(grant, now)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def invalid_link() -> tuple[str, int]:
    """The page for a link that was never valid."""
    return message_page(
        "Not found", "This link is not complete. Copy all of it and try again."
    ), 404


def _is_offered(grant: Grant) -> bool:
    try:
        return grant.file in services().catalogue.campaign(grant.campaign).assets
    except NotFound:  # the campaign was removed; its links are valid for some more days
        return False


def _missing() -> ResponseReturnValue:
    text = (
        "The file is not here just now. Your link stays good: please try again later today. "
        f"If it still does not come, ask {services().site.current().publisher} for the file."
    )
    return message_page("One moment", text), 503, {"Retry-After": str(RETRY_SECONDS)}


def _file_response(folder: Path, name: str) -> Response:
    if _proxy_word() == PROXY_SENDS:
        response = send_file(
            folder / name,
            request.environ,
            as_attachment=True,
            conditional=False,  # nginx answers ranges and conditions
            etag=False,
            max_age=0,
            use_x_sendfile=True,
        )
        del response.headers["X-Sendfile"]
        response.headers["X-Accel-Redirect"] = PROXY_FOLDER + quote(name)
        response.content_length = 0
        return response
    if _proxy_word() == PROXY_FAILED:
        log.warning(
            "%s: nginx cannot read it, so the service sends it; see the page for operators, "
            "section Behind nginx",
            folder / name,
        )
    ranges = request.range
    if ranges is None or ranges.units != "bytes" or len(ranges.ranges) > 1:
        # Werkzeug would answer 416; a server may ignore such ranges (RFC 9110, section 14.2).
        request.environ.pop("HTTP_RANGE", None)
    return send_from_directory(folder, name, as_attachment=True, max_age=0)


def _proxy_word() -> str:
    """The value of `PROXY_HEADER`; empty if no proxy is in front."""
    is_behind_proxy = services().config.trusted_proxies > 0
    return request.headers.get(PROXY_HEADER, "") if is_behind_proxy else ""


def _starts_download() -> bool:
    """Whether the request gets the beginning of the file and was not counted before.

    Neither a HEAD request is a download, nor one that continues an earlier one.
    """
    if request.method != "GET" or _proxy_word() == PROXY_FAILED:
        return False
    ranges = request.range.ranges if request.range else [(0, None)]
    return ranges[0][0] == 0


def _count_download(grant: Grant, now: datetime) -> None:
    """Counts the download later, so that it is sent even if the ledger is slow or fails."""
    ledger = services().ledger

    def count() -> None:
        try:
            ledger.transact(lambda records: records.downloads.count(grant.lead_id, grant.file, now))
        except Unavailable as error:
            log.error("a download was not counted: %s", error)
        except Exception as error:
            log.error("a download was not counted: %s", type_and_stack(error))

    services().run_later(count)
