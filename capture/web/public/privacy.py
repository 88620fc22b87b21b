"""`/privacy/me` and `/consent/<token>`: people see the data that we store, and withdraw consents.

`/privacy/me` sends a letter with a link to the typed address, if we store data under exactly this
address. The page after the request is always the same, and the ledger is searched only after the
page was sent. So neither the text nor the time of the answer reveals whether an address is known.

GET changes nothing, because mail scanners open the links of a letter. There is no cookie: the link
is the proof that somebody reads the mailbox.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from capture.errors import NotFound, Unavailable
from capture.form.contact import email_address
from capture.form.text import cleaned_line
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.privacy.access import OwnLead, own_leads, request_own_data
from capture.privacy.receipt import consent_receipt
from capture.privacy.withdraw import withdraw_consent
from capture.signed_links import OWN_DATA_PATH, TokenExpired, TokenInvalid, consent_path
from capture.text import wait_in_words
from capture.users.looks import THE_PERSON
from capture.web.looks import log_outside_look
from capture.web.personal_pages import add_headers, incomplete_link, is_sent_by_another_site
from capture.web.sender import type_and_stack
from capture.web.services import message_page, page_template, services

blueprint = Blueprint("privacy", __name__)
blueprint.after_request(add_headers)
blueprint.register_error_handler(TokenInvalid, incomplete_link)

log = logging.getLogger(__name__)

ALL: Final = "all"
"""The value of the button that withdraws every consent of the address."""

_MAX_ADDRESS: Final = 320
_INVALID: Final = "Enter your e-mail address as name@company.com."
_TOO_OFTEN: Final = "Too many forms came from your network. Wait {}, and send it again."
_OTHER_SITE: Final = "This form was sent by another site, so nothing was done. Use our own page."


# The page to request the link.


@blueprint.get(OWN_DATA_PATH, strict_slashes=False)
def ask() -> ResponseReturnValue:
    """The page with the form."""
    return _ask_page()


@blueprint.post(OWN_DATA_PATH)
def send_link() -> ResponseReturnValue:
    """Sends the link if we store data under this address; the answer is always the same."""
    service = services()
    typed = cleaned_line(request.form.get("email", ""))[:_MAX_ADDRESS].strip()
    if is_sent_by_another_site():
        return _ask_page(typed, _OTHER_SITE), 403
    wait = service.rate_limit.retry_after(request.remote_addr)
    if wait is not None:
        page = _ask_page(typed, _TOO_OFTEN.format(wait_in_words(wait)))
        return page, 429, {"Retry-After": str(wait)}
    address = email_address(typed)
    if address is None:
        return _ask_page(typed, _INVALID), 422
    service.ledger.read(lambda reading: reading.events.head())  # raises `Unavailable` for everybody
    _send_later(address, datetime.now(UTC))
    return page_template("own_data_sent.html")


def _send_later(address: str, now: datetime) -> None:
    """Queues the letter after the answer was sent."""
    ledger = services().ledger

    def send() -> None:
        try:
            ledger.transact(lambda records: request_own_data(records, address, now))
        except Unavailable as error:
            log.error("a link to a person's own data was not queued: %s", error)
        except Exception as error:
            log.error("a link to a person's own data was not queued: %s", type_and_stack(error))

    services().run_later(send)


def _ask_page(typed: str = "", problem: str = "") -> str:
    return page_template("own_data_ask.html", typed=typed, problem=problem)


# The page behind the letter's link.


@blueprint.get(f"{OWN_DATA_PATH}/<token>")
def show(token: str) -> ResponseReturnValue:
    """The page with all data that we store under the link's address."""
    leads, sign = _read_leads(token), services().link_signer.consent
    return page_template(
        "own_data.html",
        leads=leads,
        clients={lead.client: _client_name(lead.client) for lead in leads},
        receipts={lead.lead_id: consent_path(sign(lead.lead_id)) for lead in leads},
        withdrawable=[lead for lead in leads if lead.may_withdraw],
        download_url=url_for("privacy.download", token=token),
        all=ALL,
    )


@blueprint.get(f"{OWN_DATA_PATH}/<token>/your-data.json")
def download(token: str) -> ResponseReturnValue:
    """The same data as a JSON file."""
    leads = [lead.as_dict(_client_name(lead.client)) for lead in _read_leads(token)]
    text = json.dumps({"forms": leads}, ensure_ascii=False, indent=2)
    response = Response(f"{text}\n", mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="your-data.json"'
    return response


@blueprint.post(f"{OWN_DATA_PATH}/<token>")
def withdraw(token: str) -> ResponseReturnValue:
    """Withdraws the consent of one form or of all, and shows the page again."""
    now = datetime.now(UTC)
    key = services().link_signer.read_own_data(token, now)
    if is_sent_by_another_site():
        return message_page("Not done", _OTHER_SITE), 403
    chosen = request.form.get("withdraw", "")

    def record(records: WriteTransaction) -> None:
        for lead_id in records.people.leads_with_address_key(key):
            lead = records.leads.get(lead_id)
            if lead is not None and chosen in {lead_id, ALL} and lead.consent.is_lawful:
                withdraw_consent(records, lead_id, now)

    services().ledger.transact(record)
    return redirect(url_for("privacy.show", token=token), 303)


def _read_leads(token: str) -> list[OwnLead]:
    """The leads of the link's address. Raises `TokenExpired` or `TokenInvalid`."""
    now = datetime.now(UTC)
    key = services().link_signer.read_own_data(token, now)
    leads = services().ledger.read(lambda reading: own_leads(reading, key))
    log_outside_look(THE_PERSON, "own data", (lead.lead_id for lead in leads), now)
    return leads


def _client_name(slug: str) -> str:
    """The legal name of a client; the slug if the client's file was removed."""
    try:
        return services().catalogue.client(slug).legal_name
    except NotFound:
        return slug


# The receipt of one consent.


@blueprint.get("/consent/<token>")
def consent(token: str) -> ResponseReturnValue:
    """The receipt of a consent. Each letter to the person links to it."""
    lead_id = services().link_signer.read_consent(token)

    def read(reading: ReadTransaction) -> ResponseReturnValue:
        return page_template("consent.html", receipt=consent_receipt(reading, lead_id))

    page = services().ledger.read(read)
    log_outside_look(THE_PERSON, "receipt of the consent", [lead_id], datetime.now(UTC))
    return page


# Links that have ended.


@blueprint.errorhandler(TokenExpired)
def link_ended(_: TokenExpired) -> ResponseReturnValue:
    text = "This link worked for 24 hours and has ended. Ask for a new one at any time."
    page = message_page("Link ended", text, link_url=OWN_DATA_PATH, link_text="Ask for a new link")
    return page, 410
