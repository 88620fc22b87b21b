"""`GET /d/<token>`: a gated file, by a signed link that ends."""

from flask import Blueprint, send_from_directory
from flask.typing import ResponseReturnValue

from capture.tokens import TokenExpired, TokenInvalid
from capture.web.parts import message, on_site, parts

blueprint = Blueprint("download", __name__)


@blueprint.get("/d/<token>")
def download(token: str) -> ResponseReturnValue:
    """The file as an attachment; 410 when the link has ended, 404 when it was never ours."""
    try:
        grant = parts().tokens.read_download(token)
    except TokenInvalid:
        return message("Not found", "This link is not complete. Copy it whole and try again."), 404
    except TokenExpired:
        text = "This link has ended. Send the form again and you get a fresh one at once."
        articles = on_site("/articles/")
        return message("Link ended", text, link_url=articles, link_text="To the articles"), 410
    campaign = parts().catalogue.campaign(grant.campaign)
    if grant.file not in campaign.assets:
        return message("Not found", "This file is no longer given out."), 404
    response = send_from_directory(
        parts().config.gated.resolve(), grant.file, as_attachment=True, max_age=0
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
