"""Finds the facts of letters on leads: reviews, the digest, meetings."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from capture.billing.history import lead_history
from capture.campaign.model import Campaign
from capture.client_access.answers import labelled_answers, person_and_company
from capture.delivery.request import Dropped, Request
from capture.documents.agreement.model import amount, price_amount, price_unit
from capture.lead.events import EventKind, show_time
from capture.lead.model import Lead
from capture.lead.moves import DELIVERED
from capture.lead.review_window import deadline
from capture.ledger.terms import saved_campaign
from capture.ledger.types import PersonalData
from capture.letters import leads
from capture.letters.letter import Letter
from capture.review.acts import find_lead
from capture.signed_links import review_path

_NEVER: Final = datetime.max.replace(tzinfo=UTC)
"""Stands for the deadline of a lead that has none."""


def lead_to_review(request: Request) -> Letter:
    """A qualified lead, with the deadline that its notice sets or has set."""
    request.check_contact(request.client.contacts.notices)
    lead = _lead_in_review(request)
    _check_newest(request)
    return leads.lead_to_review(request.letterhead, _lead_facts(request, lead))


def lead_released(request: Request) -> Letter:
    """A lead that was `held_back` in review and that the agency has released."""
    request.check_contact(request.client.contacts.notices)
    lead = _lead_in_review(request)
    _check_newest(request)
    return leads.lead_released(request.letterhead, _lead_facts(request, lead))


def review_warning(request: Request) -> Letter:
    """The reminder before silence accepts the lead."""
    request.check_contact(request.client.contacts.notices)
    lead = _lead_in_review(request)
    if lead.silence_accepts_at is None:
        raise Dropped("silence does not accept the lead any more")
    if _event_data(request).get("deadline") != show_time(lead.silence_accepts_at):
        raise Dropped("the lead has another deadline by now")
    return leads.review_warning(request.letterhead, _lead_facts(request, lead))


def leads_digest(request: Request) -> Letter:
    """The leads of a digest that still wait for a review."""
    request.check_contact(request.client.contacts.notices)
    found = (request.reading.leads.get(lead_id) for lead_id in request.message.data["leads"])
    waiting = [lead for lead in found if lead and lead.review_at(request.now) == "qualified"]
    facts = [_lead_facts(request, lead) for lead in waiting if _may_be_shown(request, lead)]
    if not facts:
        raise Dropped("all of its leads were decided, held back, withdrawn or erased")
    facts.sort(key=lambda lead: (lead.deadline or _NEVER, lead.received_at))
    digest = leads.DigestFacts(tuple(facts), _list_url(request))
    return leads.leads_digest(request.letterhead, digest)


def meeting_question(request: Request) -> Letter:
    """Whether a meeting was held."""
    request.check_contact(request.client.contacts.notices)
    lead = find_lead(request.reading, request.message.lead_id)
    if lead.review_at(request.now) not in DELIVERED:
        raise Dropped(f"the lead is {lead.review_at(request.now)} by now")
    stage = lead.appointment_at(request.now)
    if stage != "scheduled" or lead.meeting_at is None:
        raise Dropped(f"the meeting is {stage} by now")
    if _newest_booking(request) != request.message.data["sequence"]:
        raise Dropped("the meeting was moved")
    terms = saved_campaign(request.reading, lead.campaign, lead.version)
    link = request.context.link_signer.meeting_link(
        lead.client, request.message.recipient, lead.lead_id
    )
    facts = leads.MeetingFacts(
        lead=_lead_facts(request, lead),
        meeting_at=lead.meeting_at,
        answer_by=lead.silence_holds_at,
        is_charged_when_held=terms.price.billable == "held" and not lead.free_over_cap,
        url=request.url(review_path(link)),
    )
    return leads.meeting_question(request.letterhead, facts)


def _lead_in_review(request: Request) -> Lead:
    """The message's lead. Raises `Dropped` if it is no longer in review, or if its person withdrew
    the consent: after the letter on the withdrawal, no letter may contain the person's data."""
    lead = find_lead(request.reading, request.message.lead_id)
    stage = lead.review_at(request.now)
    if stage != "qualified":
        raise Dropped(f"the lead is {stage} by now")
    if lead.consent_withdrawn and not lead.erased:  # an erased lead is dropped for that reason
        raise Dropped("the person withdrew the consent")
    return lead


def _check_newest(request: Request) -> None:
    """Raises `Dropped` if the lead qualified, or was released in review, after the message's event:
    a newer letter follows from the later event."""
    newest = max(
        recorded.sequence
        for recorded in request.reading.events.select(lead_id=request.message.lead_id)
        if recorded.event.kind is EventKind.QUALIFIED
        or (recorded.event.kind is EventKind.RELEASED and "deadline" in recorded.event.data)
    )
    if newest > request.message.data["sequence"]:
        raise Dropped("a newer letter on the lead follows")


def _event_data(request: Request) -> Mapping[str, object]:
    """The data of the event from which the message follows."""
    return request.reading.events.get(request.message.data["sequence"]).event.data


def _newest_booking(request: Request) -> int:
    """The number of the event that set the meeting's time last."""
    return max(
        recorded.sequence
        for recorded in request.reading.events.select(lead_id=request.message.lead_id)
        if recorded.event.kind in {EventKind.SCHEDULED, EventKind.MOVED}
    )


def _may_be_shown(request: Request, lead: Lead) -> bool:
    has_data = request.reading.people.personal_data(lead.lead_id) is not None
    return has_data and not lead.consent_withdrawn


def _lead_facts(request: Request, lead: Lead) -> leads.LeadFacts:
    """The lead as its client sees it. Raises `Dropped` after erasure."""
    reading, recipient = request.reading, request.message.recipient
    data = reading.people.personal_data(lead.lead_id)
    if data is None:
        raise Dropped("the person's data was erased")
    terms = saved_campaign(reading, lead.campaign, lead.version)
    person, company = person_and_company(terms, data.answers)
    budget = terms.caps.money_a_month
    link = request.context.link_signer.lead_link(lead.client, recipient, lead.lead_id)
    return leads.LeadFacts(
        lead_id=lead.lead_id,
        client=request.client.name,
        campaign=terms.title,
        person=person,
        company=company,
        answers=tuple(_answers(terms, data)),
        criteria=tuple(_criteria(request, lead, data)),
        received_at=lead.received_at,
        zone=terms.zone,
        deadline=_deadline(lead, terms, request.now),
        price=f"{price_amount(terms)} {price_unit(terms)}, net of tax",
        is_charged_on_acceptance=terms.price.billable == "accepted",
        url=request.url(review_path(link)),
        list_url=_list_url(request),
        budget="" if budget is None else amount(budget, terms.currency),
        is_free=lead.free_over_cap,
        is_entered=lead.entered,
        is_bounced=lead.bounced,
        is_test=lead.test,
    )


def _deadline(lead: Lead, terms: Campaign, now: datetime) -> datetime | None:
    """When silence accepts the lead; for one that nobody was notified of yet, if this letter
    arrives now: the notice then sets a deadline that is not earlier."""
    if lead.silence_never_accepts:
        return None
    return lead.deadline if lead.notified else deadline(terms, now)


def _answers(terms: Campaign, data: PersonalData) -> Iterator[tuple[str, str]]:
    for answer in labelled_answers(terms, data):
        mark = "" if answer.is_verified else " (not verified)"
        yield f"{answer.label}{mark}", answer.text


def _criteria(request: Request, lead: Lead, data: PersonalData) -> Iterator[tuple[str, str]]:
    """The rule of each criterion that the lead meets, and the answer that meets it."""
    events = [recorded.event for recorded in request.reading.events.select(lead_id=lead.lead_id)]
    for criterion in lead_history(events).verdict.get("criteria", ()):
        if criterion["passed"]:
            yield criterion["rule"], data.judged.get(criterion["id"], "")


def _list_url(request: Request) -> str:
    """The list of all leads that wait for the client; none for a test lead, which is not in it."""
    link = request.context.link_signer.list_link(request.message.client, request.message.recipient)
    return request.url(review_path(link))
