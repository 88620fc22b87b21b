"""`GET /d/<token>`: a gated file, by a signed link that ends."""

from flask import Blueprint, send_from_directory
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound as NoSuchFile

from capture.errors import NotFound
from capture.tokens import Grant, TokenExpired, TokenInvalid
from capture.web.gated import size_of, tell_operator
from capture.web.parts import message, on_site, parts

blueprint = Blueprint("download", __name__)

RETRY_SECONDS = 3600


@blueprint.get("/d/<token>")
def download(token: str) -> ResponseReturnValue:
    """The file as an attachment.

    410 when the link has ended, 404 when it was never ours or the file is given out no more, 503
    while the file is missing.
    """
    try:
        grant = parts().tokens.read_download(token)
    except TokenInvalid:
        return message("Not found", "This link is not complete. Copy it whole and try again."), 404
    except TokenExpired:
        text = "This link has ended. Send the form again and you get a fresh one at once."
        articles = on_site("/articles/")
        return message("Link ended", text, link_url=articles, link_text="To the articles"), 410
    if not _is_promised(grant):
        return message("Not found", "This file is no longer given out."), 404
    folder = parts().config.gated.resolve()
    if size_of(folder, grant.file) is None:
        return _missing()
    try:
        response = send_from_directory(folder, grant.file, as_attachment=True, max_age=0)
    except (NoSuchFile, OSError) as error:  # taken away since we looked
        tell_operator(folder / grant.file, str(error))
        return _missing()
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _is_promised(grant: Grant) -> bool:
    try:
        return grant.file in parts().catalogue.campaign(grant.campaign).assets
    except NotFound:  # the campaign is gone; its links live on for some days
        return False


def _missing() -> ResponseReturnValue:
    text = (
        "The file is not here just now. Your link stays good: please try again later today. "
        f"If it still does not come, ask {parts().site.now().publisher} for the file."
    )
    return message("One moment", text), 503, {"Retry-After": str(RETRY_SECONDS)}
