"""Finds the facts of the letter to a visitor."""

import re
from typing import Final

from capture.campaign.gated_files import check_gated_file
from capture.client_access.client_leads import consent_wording
from capture.delivery.attempts import TemporaryFailure
from capture.delivery.request import Dropped, Request
from capture.lead.identity import NEWEST, mailbox_of
from capture.lead.model import Lead
from capture.ledger.messages import Attempt
from capture.ledger.types import PersonalData
from capture.letters import visitor
from capture.letters.letter import Letter
from capture.review.acts import find_lead
from capture.signed_links import files_path

_PAGE: Final = re.compile(r"(/[a-z0-9/_-]{0,120}(\.html)?)")
"""The path of a page of ours. A browser can send any text as a path, and the letter may go to
somebody who never saw our pages."""


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
            consent=_consent(request, lead, data),
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


def _consent(request: Request, lead: Lead, data: PersonalData) -> visitor.ConsentRecord:
    return visitor.ConsentRecord(
        is_given=lead.consent_given,
        wording=consent_wording(request.reading, lead),
        received_at=lead.received_at,
        page=_page_url(request, data.last_touch.get("path", "")),
    )


def _page_url(request: Request, path: str) -> str:
    """The page on which the form was sent; empty unless its path looks like one of ours."""
    if not _PAGE.fullmatch(path):
        return ""
    is_form = path.startswith("/f/")
    return f"{request.context.service_url if is_form else request.context.site_url}{path}"
