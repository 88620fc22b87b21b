"""Collects the facts of the letters to a visitor."""

from dataclasses import dataclass
from datetime import datetime

from capture.campaign.gated_files import check_gated_file
from capture.campaign.model import Campaign
from capture.delivery.attempts import TemporaryFailure
from capture.delivery.confirmation_messages import gets_letter
from capture.delivery.event_messages import WITHHELD
from capture.delivery.request import Dropped, Request
from capture.lead.events import parse_time
from capture.lead.identity import NEWEST, mailbox_of
from capture.lead.model import Lead
from capture.ledger.messages import Attempt
from capture.ledger.terms import saved_campaign
from capture.ledger.types import email_of
from capture.letters import visitor
from capture.letters.letter import Letter
from capture.privacy.receipt import consent_receipt
from capture.review.acts import find_lead
from capture.signed_links import OWN_DATA_PATH, confirmation_path, consent_path, files_path


def guide(request: Request) -> Letter:
    """The files that the visitor asked for, and the consent as it was recorded."""
    campaign, signer = request.campaign, request.context.link_signer
    recipient = _recipient(request)
    lead = recipient.lead
    if lead.review in WITHHELD:
        raise Dropped(f"the lead is {lead.review}")
    if not campaign.assets:
        raise Dropped("the campaign gives no files any more")
    path = files_path(signer.files(lead.campaign, lead.lead_id))
    link = _Link(path, request.now + signer.lifetime)
    return visitor.guide(
        request.letterhead, _facts(request, recipient, campaign, campaign.assets, link)
    )


def confirmation(request: Request) -> Letter:
    """The letter with the link that proves the address and leads to the files.

    If the campaign's file is gone, the letter follows the lead's own terms (rule 18 of
    docs/rules.md) and promises no file.
    """
    recipient = _recipient(request)
    lead = recipient.lead
    if lead.confirmed:
        raise Dropped("the person has confirmed the address")
    if not gets_letter(lead):
        raise Dropped(f"the lead is {lead.review}")
    ends = parse_time(request.message.data["ends"])
    if lead.review == "unconfirmed" and lead.confirm_until is not None:
        ends = lead.confirm_until
    if ends <= request.now:
        raise Dropped("the link for this letter has ended")
    signer = request.context.link_signer
    token = signer.confirmation(lead.campaign, lead.lead_id, recipient.address, ends)
    campaign = request.context.catalogue().campaigns.get(lead.campaign)
    terms = campaign or saved_campaign(request.reading, lead.campaign, lead.version)
    files = campaign.assets if campaign else ()
    link = _Link(confirmation_path(token), ends)
    return visitor.confirmation(request.letterhead, _facts(request, recipient, terms, files, link))


@dataclass(frozen=True, slots=True)
class _Recipient:
    """The person who sent a form."""

    lead: Lead
    address: str


@dataclass(frozen=True, slots=True)
class _Link:
    """The link of a letter."""

    path: str
    ends: datetime


def _recipient(request: Request) -> _Recipient:
    """The person to whom the letter is sent. Raises `Dropped` after erasure."""
    lead = find_lead(request.reading, request.message.lead_id)
    address = email_of(request.reading.people.personal_data(lead.lead_id))
    if not address:
        raise Dropped("the person's address was erased")
    return _Recipient(lead, address)


def _facts(
    request: Request,
    recipient: _Recipient,
    campaign: Campaign,
    files: tuple[str, ...],
    link: _Link,
) -> visitor.GuideFacts:
    """The facts of the letter that promises these files, with this link.

    Raises `TemporaryFailure` if a file cannot be sent, and `Dropped` after an unsubscription.
    """
    lead = recipient.lead
    _check_files(request, files)
    return visitor.GuideFacts(
        title=campaign.title,
        client=request.client.legal_name,
        files=files,
        url=request.url(link.path),
        link_ends=link.ends,
        zone=campaign.zone,
        consent=_consent(request, lead),
        # To unsubscribe from the guide also ends the confirmation letters.
        unsubscribe_url=request.unsubscribe_url(
            mailbox_of(recipient.address, NEWEST), visitor.GUIDE
        ),
        is_test=lead.test,
    )


def _check_files(request: Request, names: tuple[str, ...]) -> None:
    """Raises `TemporaryFailure` if a file cannot be sent: the letter waits until it is back."""
    for name in names:
        problem = check_gated_file(request.context.gated, name).problem
        if problem:
            raise TemporaryFailure(Attempt(f"{name}: cannot be sent: {problem}; put the file back"))


def _consent(request: Request, lead: Lead) -> visitor.ConsentRecord:
    receipt = consent_receipt(request.reading, lead.lead_id)
    token = request.context.link_signer.consent(lead.lead_id)
    return visitor.ConsentRecord(
        is_given=receipt.is_ticked,
        wording=receipt.wording,
        received_at=receipt.received_at,
        page=_page_url(request, receipt.page_of_ours),
        url=request.url(consent_path(token)),
        own_data_url=request.url(OWN_DATA_PATH),
    )


def _page_url(request: Request, path: str) -> str:
    """The address of the page on which the form was sent; empty if it is unknown."""
    if not path:
        return ""
    is_form = path.startswith("/f/")
    return f"{request.context.service_url if is_form else request.context.site_url}{path}"
