"""The two pages with a lead's files: thanks after the form, and the page behind the letter's link.

Both are valid for as long as their signed links, without a cookie. Each visit makes fresh download
links, so that a visitor with a valid link never has to send the form again.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from capture.errors import NotFound, Refused
from capture.privacy.receipt import OwnData, own_data
from capture.signed_links import Grant, TokenExpired, TokenInvalid
from capture.users.looks import THE_PERSON
from capture.web.looks import log_outside_look
from capture.web.personal_pages import expired_link
from capture.web.public.download import invalid_link, size_of
from capture.web.services import message_page, page_template, services

blueprint = Blueprint("thanks", __name__)


@dataclass(frozen=True)
class FileLink:
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
        grant = services().link_signer.read_thanks(request.args.get("t", ""), datetime.now(UTC))
    except Refused:
        grant = None
    if grant is None or grant.campaign != slug:
        services().catalogue.campaign(slug)  # raises NotFound if there is no form to link to
        return expired_link(slug)
    return _files_page("thanks.html", grant)


@blueprint.get("/g/<token>")
def files(token: str) -> ResponseReturnValue:
    """The lead's files, what was sent and the consent, for the link in the letter.

    Only the owner of the address gets this link. See `signed_links.files_path`.
    """
    try:
        grant = services().link_signer.read_files(token, datetime.now(UTC))
    except TokenInvalid:
        return invalid_link()
    except TokenExpired as expired:
        return expired_link(expired.grant.campaign if expired.grant else "")
    if not promised_files(grant.campaign):
        return message_page("Not found", "These files are no longer given out."), 404
    sent = services().ledger.read(lambda reading: own_data(reading, grant.lead_id))
    if sent is not None and sent.answers:
        log_outside_look(THE_PERSON, "page of the files", [grant.lead_id], datetime.now(UTC))
    is_confirmed = "confirmed" in request.args  # by the button of `/c/`, just now
    return _files_page("files.html", grant, sent, is_confirmed=is_confirmed)


def _files_page(
    template: str, grant: Grant, sent: OwnData | None = None, *, is_confirmed: bool = False
) -> ResponseReturnValue:
    links = {name: _file_link(grant, name) for name in promised_files(grant.campaign)}
    page = page_template(
        template,
        files=[link for link in links.values() if link is not None],
        missing=[name for name, link in links.items() if link is None],
        sent=sent,
        is_confirmed=is_confirmed,
        days=services().config.link_life.days,
    )
    return page, {"Referrer-Policy": "no-referrer"}


def promised_files(slug: str) -> tuple[str, ...]:
    """The names of the files that the campaign gives out; none if it was removed."""
    try:
        return services().catalogue.campaign(slug).assets
    except NotFound:
        return ()


def _file_link(grant: Grant, name: str) -> FileLink | None:
    """A file with its download link; None while it cannot be sent."""
    size = size_of(services().config.gated, name)
    if size is None:
        return None
    token = services().link_signer.download(Grant(grant.campaign, grant.lead_id, name))
    return FileLink(name, url_for("download.download", token=token), _readable_size(size))


def _readable_size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, size // 1000)} KB"
