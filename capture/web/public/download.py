"""`GET /d/<token>`: sends a gated file for a signed link that expires."""

import logging
import os
from os import stat_result
from pathlib import Path
from stat import S_ISREG

from flask import Blueprint, send_from_directory
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound as NoSuchFile

from capture.errors import NotFound
from capture.paths import ConfinedFolder
from capture.signed_links import Grant, TokenExpired, TokenInvalid
from capture.web.services import message_page, services, site_url

blueprint = Blueprint("download", __name__)

log = logging.getLogger(__name__)

RETRY_SECONDS = 3600


def size_of(folder: Path, name: str) -> int | None:
    """Bytes of a gated file. If it cannot be sent: None, and one line in the error log."""
    path, size = folder / name, None
    try:
        problem = ConfinedFolder(folder).why_outside(name)
        if not problem:
            status = path.stat()
            problem, size = _file_problem(path, status), status.st_size
    except OSError as error:
        problem = error.strerror or str(error)
    if problem:
        log_missing_file(path, problem)
    return None if problem else size


def log_missing_file(path: Path, problem: str) -> None:
    """Logs a file that visitors cannot get. The line contains nothing about the visitors."""
    log.error("%s: cannot be sent: %s; put the file back", path, problem)


def _file_problem(path: Path, status: stat_result) -> str:
    if not S_ISREG(status.st_mode):
        return "is not a file"
    if not status.st_size:
        return "is empty"
    return "" if os.access(path, os.R_OK) else "cannot be read by the service's user"


@blueprint.get("/d/<token>")
def download(token: str) -> ResponseReturnValue:
    """The file as an attachment.

    410 if the link has expired; 404 if it is invalid, or the campaign no longer offers the file;
    503 while the file is missing.
    """
    try:
        grant = services().link_signer.read_download(token)
    except TokenInvalid:
        return message_page(
            "Not found", "This link is not complete. Copy all of it and try again."
        ), 404
    except TokenExpired:
        text = "This link has ended. Send the form again and you get a fresh one at once."
        articles = site_url("/articles/")
        return message_page("Link ended", text, link_url=articles, link_text="To the articles"), 410
    if not _is_offered(grant):
        return message_page("Not found", "This file is no longer given out."), 404
    folder = services().config.gated.resolve()
    if size_of(folder, grant.file) is None:
        return _missing()
    try:
        response = send_from_directory(folder, grant.file, as_attachment=True, max_age=0)
    except (NoSuchFile, OSError) as error:  # removed since the check above
        log_missing_file(folder / grant.file, str(error))
        return _missing()
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


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
