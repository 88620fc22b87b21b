"""`GET /f/<campaign>/thanks`: thanks, and the links to the files that the visitor was promised."""

from dataclasses import dataclass

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from capture.campaign import Campaign
from capture.errors import Refused
from capture.tokens import Grant
from capture.web.parts import message, page, parts

blueprint = Blueprint("thanks", __name__)


@dataclass(frozen=True)
class GatedFile:
    """One file that the visitor may fetch."""

    name: str
    url: str
    size: str


@blueprint.get("/f/<slug>/thanks")
def thanks(slug: str) -> ResponseReturnValue:
    """The same page for every visitor, however the lead was judged (rule 6)."""
    campaign = parts().catalogue.campaign(slug)
    try:
        grant = parts().tokens.read_thanks(request.args.get("t", ""))
    except Refused:
        grant = None
    if grant is None or grant.campaign != slug:
        text = "This address is no longer valid. Send the form again and you are back here at once."
        action = parts().site.now().form_action(slug)
        return message("Link ended", text, link_url=action, link_text="To the form"), 410
    files = [_file(campaign, grant, name) for name in campaign.assets]
    return page("thanks.html", campaign=campaign, files=files), {"Referrer-Policy": "no-referrer"}


def _file(campaign: Campaign, grant: Grant, name: str) -> GatedFile:
    token = parts().tokens.download(Grant(campaign.slug, grant.lead_id, name))
    size = (parts().config.gated / name).stat().st_size
    return GatedFile(name, url_for("download.download", token=token), _readable(size))


def _readable(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, size // 1000)} KB"
