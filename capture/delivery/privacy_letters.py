"""Collects the facts of the letters on a withdrawn consent and on a person's own data."""

from capture.client_access.answers import person_and_company
from capture.delivery.request import Dropped, Request
from capture.ledger.terms import saved_campaign
from capture.ledger.types import email_of
from capture.letters import privacy
from capture.letters.letter import Letter
from capture.review.acts import find_lead
from capture.signed_links import OWN_DATA_LIFE, own_data_path, review_path


def consent_withdrawn(request: Request) -> Letter:
    """The letter to the client: do not contact this person any more."""
    request.check_contact(request.client.contacts.notices)
    lead = find_lead(request.reading, request.message.lead_id)
    if not (lead.was_visible_to_client or request.message.data.get("was_notified")):
        raise Dropped("the client did not get the lead")
    recorded = request.reading.events.get(request.message.data["sequence"])
    terms = saved_campaign(request.reading, lead.campaign, lead.version)
    data = request.reading.people.personal_data(lead.lead_id)
    answers = {} if data is None else data.answers
    person, company = person_and_company(terms, answers)
    token = request.context.link_signer.lead_link(
        lead.client, request.message.recipient, lead.lead_id
    )
    return privacy.consent_withdrawn(
        request.letterhead,
        privacy.WithdrawalFacts(
            lead_id=lead.lead_id,
            client=request.client.name,
            campaign=terms.title,
            person=person,
            company=company,
            email=email_of(data),
            received_at=lead.received_at,
            withdrawn_at=recorded.event.occurred_at,
            zone=terms.zone,
            is_waiting=lead.review_at(request.now) == "qualified",
            is_not_me=bool(recorded.event.data.get("not_me")),
            url=request.url(review_path(token)),
            is_test=lead.test,
        ),
    )


def own_data(request: Request) -> Letter:
    """The letter to the person, with the link to all data that we store under the address."""
    lead = find_lead(request.reading, request.message.lead_id)
    address = email_of(request.reading.people.personal_data(lead.lead_id))
    if not address:
        raise Dropped("the person's address was erased")
    token = request.context.link_signer.own_data(request.reading.people.address_key(address))
    terms = saved_campaign(request.reading, lead.campaign, lead.version)
    return privacy.own_data(
        request.letterhead,
        privacy.OwnDataFacts(
            url=request.url(own_data_path(token)),
            link_ends=request.now + OWN_DATA_LIFE,
            zone=terms.zone,
        ),
    )
