"""Finds the facts of the letter to a visitor."""

from capture.campaign.gated_files import check_gated_file
from capture.delivery.attempts import TemporaryFailure
from capture.delivery.request import Dropped, Request
from capture.lead.identity import NEWEST, mailbox_of
from capture.lead.model import Lead
from capture.ledger.messages import Attempt
from capture.letters import visitor
from capture.letters.letter import Letter
from capture.privacy.receipt import consent_receipt
from capture.review.acts import find_lead
from capture.signed_links import OWN_DATA_PATH, consent_path, files_path


def guide(request: Request) -> Letter:
    """The files that the visitor asked for, and the consent as it was recorded."""
    lead = find_lead(request.reading, request.message.lead_id)
    data = request.reading.people.personal_data(lead.lead_id)
    address = "" if data is None else str(data.answers.get("email", ""))
    if data is None or not address:
        raise Dropped("the person's address was erased")
    campaign, signer = request.campaign, request.context.link_signer
    if not campaign.assets:
        raise Dropped("the campaign gives no files any more")
    _check_files(request, campaign.assets)
    token = signer.files(lead.campaign, lead.lead_id)
    return visitor.guide(
        request.letterhead,
        visitor.GuideFacts(
            title=campaign.title,
            client=request.client.legal_name,
            files=campaign.assets,
            url=request.url(files_path(token)),
            link_ends=request.now + signer.lifetime,
            zone=campaign.zone,
            consent=_consent(request, lead),
            unsubscribe_url=request.unsubscribe_url(mailbox_of(address, NEWEST)),
            is_test=lead.test,
        ),
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
