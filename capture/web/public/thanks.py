"""`GET /f/<campaign>/thanks`: thanks the visitor, with links to the promised files."""

from dataclasses import dataclass

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from capture.errors import NotFound, Refused
from capture.signed_links import Grant
from capture.web.public.download import size_of
from capture.web.services import message_page, page_template, services

blueprint = Blueprint("thanks", __name__)


@dataclass(frozen=True)
class GatedFile:
    """One file that the visitor may download."""

    name: str
    url: str
    size: str


@blueprint.get("/f/<slug>/thanks")
def thanks(slug: str) -> ResponseReturnValue:
    """The same page for every visitor, whatever the verdict (rule 6 of docs/rules.md).

    The lead is recorded, so the page works even if the campaign or its files were removed since.
    """
    try:
        grant = services().link_signer.read_thanks(request.args.get("t", ""))
    except Refused:
        grant = None
    if grant is None or grant.campaign != slug:
        services().catalogue.campaign(slug)  # raises NotFound if there is no form to link to
        text = "This address is no longer valid. Send the form again and you are back here at once."
        action = services().site.current().form_action(slug)
        return message_page("Link ended", text, link_url=action, link_text="To the form"), 410
    gated_files = {name: _gated_file(grant, name) for name in _promised_files(slug)}
    files = [file for file in gated_files.values() if file is not None]
    missing = [name for name, file in gated_files.items() if file is None]
    page = page_template("thanks.html", files=files, missing=missing)
    return page, {"Referrer-Policy": "no-referrer"}


def _promised_files(slug: str) -> tuple[str, ...]:
    try:
        return services().catalogue.campaign(slug).assets
    except NotFound:
        return ()


def _gated_file(grant: Grant, name: str) -> GatedFile | None:
    """A file with its download link; None while it cannot be sent."""
    size = size_of(services().config.gated, name)
    if size is None:
        return None
    token = services().link_signer.download(Grant(grant.campaign, grant.lead_id, name))
    return GatedFile(name, url_for("download.download", token=token), _readable_size(size))


def _readable_size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, size // 1000)} KB"
