"""Proof of the address: the page after the form if `confirm = "email"`, and `/c/<token>`.

GET proves nothing, because mail scanners open the links of a letter and run the scripts of a page.
A button proves the address by POST. In the browser that sent the form no click is needed: the page
after the form contains a value, its script stores the value in the browser, and the script of `/c/`
sends it (theme/static/confirm.js). Each page is the same for every lead, whatever its verdict
(rule 6 of docs/rules.md).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from capture.errors import Refused
from capture.intake.confirm import confirm_address
from capture.intake.gate import CONFIRMATION_TIME
from capture.lead.identity import NEWEST, mailbox_of
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import email_of
from capture.privacy.withdraw import (
    are_letters_blocked,
    letters_of_campaign,
    withdraw_consent,
)
from capture.signed_links import (
    ConfirmationGrant,
    TokenInvalid,
    UnsubscribeGrant,
    files_path,
    unsubscribe_path,
)
from capture.web.personal_pages import (
    add_headers,
    expired_link,
    incomplete_link,
    is_sent_by_another_site,
)
from capture.web.public.thanks import promised_files
from capture.web.services import campaign_title, message_page, page_template, services

blueprint = Blueprint("confirm", __name__)
blueprint.after_request(add_headers)
blueprint.register_error_handler(TokenInvalid, incomplete_link)

_NEW_LETTER: Final = "Send the form again to get a new letter."
_NO_PROOF: Final = "Nothing was confirmed. Press one of the buttons."


@dataclass(frozen=True, slots=True)
class _Sender:
    """Facts in the ledger about the person to whom a link was sent, without the verdict."""

    address: str
    """Empty after erasure."""
    has_withdrawn: bool
    is_blocked: bool
    """Whether the person said that somebody else sent the form."""
    address_id: str


@blueprint.get("/f/<slug>/sent")
def sent(slug: str) -> ResponseReturnValue:
    """The page after the form if `confirm = "email"`: the same for every visitor."""
    signer = services().link_signer
    try:
        grant = signer.read_sent(request.args.get("t", ""), datetime.now(UTC))
    except Refused:
        grant = None
    if grant is None or grant.campaign != slug:
        services().catalogue.campaign(slug)  # raises NotFound if there is no form
        return expired_link(slug)
    return page_template(
        "sent.html",
        lead=grant.lead_id,
        proof=signer.browser_proof(grant.lead_id),
        gated=bool(promised_files(slug)),
        days=CONFIRMATION_TIME.days,
    )


@blueprint.get("/c/<token>")
def show(token: str) -> ResponseReturnValue:
    """The page with the button; it changes nothing."""
    grant = services().link_signer.read_confirmation(token)
    return _ended(grant, datetime.now(UTC)) or _page(grant)


@blueprint.post("/c/<token>")
def act(token: str) -> ResponseReturnValue:
    """Proves the address or withdraws the consent, depending on the button."""
    if is_sent_by_another_site():
        text = "Another site sent this form, so nothing was changed. Open the link in your letter."
        return message_page("Not accepted", text), 403
    now = datetime.now(UTC)
    signer, ledger = services().link_signer, services().ledger
    grant = signer.read_confirmation(token)
    ended = _ended(grant, now)
    if ended is not None:
        return ended
    action = request.form.get("action", "")
    if action == "not_me":
        ledger.transact(lambda records: withdraw_consent(records, grant.lead_id, now, not_me=True))
        return redirect(url_for("confirm.show", token=token), 303)
    proof = request.form.get("proof", "")
    if action != "confirm" and not signer.is_browser_proof(grant.lead_id, proof):
        return _page(grant, _NO_PROOF), 422
    ledger.transact(lambda records: confirm_address(records, grant.lead_id, now))
    if promised_files(grant.campaign):
        path = files_path(signer.files(grant.campaign, grant.lead_id))
        return redirect(f"{request.script_root}{path}?confirmed", 303)
    return redirect(url_for("confirm.confirmed", token=token), 303)


@blueprint.get("/c/<token>/thanks")
def confirmed(token: str) -> ResponseReturnValue:
    """The page after the proof, for a campaign without files."""
    grant = services().link_signer.read_confirmation(token)
    return _ended(grant, datetime.now(UTC)) or page_template("confirmed.html")


def _page(grant: ConfirmationGrant, notice: str = "") -> str:
    return page_template(
        "confirm.html",
        title=campaign_title(grant.campaign),
        lead=grant.lead_id,
        gated=bool(promised_files(grant.campaign)),
        notice=notice,
    )


def _ended(grant: ConfirmationGrant, now: datetime) -> ResponseReturnValue | None:
    """The page for a link that has ended or whose lead was withdrawn; None if the link works."""
    sender = services().ledger.read(lambda reading: _sender(reading, grant))
    if sender is not None and sender.has_withdrawn:
        return _withdrawn(grant, sender)
    is_owner = sender is not None and services().link_signer.is_sent_to(grant, sender.address)
    if is_owner and now < grant.ends:
        return None
    return expired_link(grant.campaign, _NEW_LETTER)


def _sender(reading: ReadTransaction, grant: ConfirmationGrant) -> _Sender | None:
    lead = reading.leads.get(grant.lead_id)
    if lead is None:
        return None
    address = email_of(reading.people.personal_data(lead.lead_id))
    return _Sender(
        address=address,
        has_withdrawn=lead.consent_withdrawn,
        is_blocked=bool(address) and are_letters_blocked(reading, lead.campaign, address),
        address_id=reading.outbox.address_id(mailbox_of(address, NEWEST)) if address else "",
    )


def _withdrawn(grant: ConfirmationGrant, sender: _Sender) -> ResponseReturnValue:
    letters = UnsubscribeGrant(letters_of_campaign(grant.campaign), sender.address_id)
    path = unsubscribe_path(services().link_signer.unsubscribe(letters))
    return page_template(
        "not_me.html",
        title=campaign_title(grant.campaign),
        blocked=sender.is_blocked,
        undo_url=f"{request.script_root}{path}",
    )
