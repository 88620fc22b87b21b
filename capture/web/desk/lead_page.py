"""What the page of a lead shows: everything for the agency, and its own part for the client.

The client's part is what its API and the page behind a letter's link show.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from capture.campaign.model import Campaign
from capture.client_access.answers import person_and_company
from capture.client_access.client_leads import find_linked_lead, load_client_lead
from capture.client_access.lead_schema import TouchSchema
from capture.client_access.lead_serializer import serialize_lead
from capture.documents.agreement.model import visible_text
from capture.intake.signal_words import risk_signal_in_words
from capture.lead.events import parse_time
from capture.lead.model import Lead
from capture.lead_details.details import Criterion, LeadDetails, load_details
from capture.lead_details.other_leads import (
    ChangedAnswer,
    OtherLeads,
    changed_answers,
    find_other_leads,
)
from capture.lead_details.stages import StageWords, stage_in_words, stage_tone
from capture.lead_details.timeline import TimelineEntry, agency_timeline, client_timeline
from capture.ledger.downloads import Download
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import PersonalData
from capture.privacy.receipt import Receipt, consent_receipt
from capture.review.acts import find_lead
from capture.web.desk.delivery_view import Delivery, delivery_view
from capture.web.desk.lead_forms import LeadForms, agency_forms, client_forms
from capture.web.desk.lead_view import AnswerView, Reader, answer_views, lead_view
from capture.web.desk.times import reader_zone

_TOUCHES: Final[Mapping[str, str]] = {
    "path": "Page",
    "referrer": "Came from",
    "utm_source": "Source",
    "utm_medium": "Medium",
    "utm_campaign": "Campaign",
    "utm_term": "Term",
    "utm_content": "Content",
}
"""By name of a fact of a visit: its label."""
_TIME: Final = "time"
"""The name of the fact that is a time."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit that led to the lead, as labels and texts."""

    name: str
    at: datetime | None
    """When it was; None if that is not known, or not shown."""
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class OtherLead:
    """Another lead of the same person or company, as a line of the page."""

    lead_id: str
    campaign: str
    received_at: datetime
    stage: str
    is_of_person: bool
    changes: Sequence[ChangedAnswer]
    """For a lead of the person: the answers that differ."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One risk signal with its weight."""

    sentence: str
    weight: int


@dataclass(frozen=True, slots=True)
class AgencyPart:
    """What only the agency sees."""

    receipt: Receipt
    spam: str
    """Why the lead looked like spam; empty if it did not."""
    signals: Sequence[Signal]
    hold_at: int
    """The sum of weights at which a lead goes into quarantine."""
    deliveries: Sequence[Delivery]
    downloads: Sequence[Download]
    due_at: datetime | None
    """When its next line falls due."""
    billed: str
    """The number of the last statement that billed it; empty if there is none."""

    @property
    def weight(self) -> int:
        """The sum of the weights."""
        return sum(signal.weight for signal in self.signals)


@dataclass(frozen=True, slots=True)
class LeadPage:
    """The page of one lead. Every text is ready to print."""

    lead: Lead
    name: str
    """The person's name, or the lead's id if it is not known."""
    company: str
    campaign: str
    """The campaign's title."""
    stage: StageWords
    deadline: datetime | None
    """When silence decides, or the client's time to object ends; None if no time decides."""
    marks: Sequence[str]
    """Facts that a reader must not miss, such as a withdrawn consent."""
    answers: Sequence[AnswerView]
    is_erased: bool
    criteria: Sequence[Criterion]
    consent: str
    quoted_consent: str
    """The wording that the person agreed to; empty if there was none."""
    consent_version: str
    visits: Sequence[Visit]
    timeline: Sequence[TimelineEntry]
    others: Sequence[OtherLead]
    forms: LeadForms
    """What the user may do now."""
    agency: AgencyPart | None = field(default=None)
    """None for a client."""


def agency_page(reading: ReadTransaction, lead_id: str, viewer: str, now: datetime) -> LeadPage:
    """The lead for the agency. Raises `NotFound`."""
    details = load_details(reading, find_lead(reading, lead_id))
    lead, data = details.lead, details.personal_data
    name, company = _title(details.lead, details, data)
    receipt = consent_receipt(reading, lead_id)
    is_open = lead.review in {"qualified", "rejected"} and lead.deadline is not None
    return LeadPage(
        lead=lead,
        name=name,
        company=company,
        campaign=visible_text(details.terms.title),
        stage=stage_in_words(lead, details.events, now),
        deadline=lead.deadline if is_open and lead.deadline and now < lead.deadline else None,
        marks=list(_marks(lead)),
        answers=[] if data is None else list(answer_views(details.terms, data)),
        is_erased=data is None,
        criteria=[_visible_criterion(each) for each in details.criteria],
        consent=_consent(receipt),
        quoted_consent=visible_text(receipt.wording if receipt.is_ticked else ""),
        consent_version=receipt.form_version or "",
        visits=[] if data is None else list(_visits(data)),
        timeline=agency_timeline(details),
        others=_others(
            reading,
            find_other_leads(reading, lead, data, for_client=False),
            details.terms,
            data,
            now,
        ),
        forms=agency_forms(
            load_client_lead(reading, lead), reading.people.pseudonym(lead.client, viewer), now
        ),
        agency=_agency_part(reading, details, receipt),
    )


def client_page(
    reading: ReadTransaction, client: str, lead_id: str, viewer: str, now: datetime
) -> LeadPage:
    """The lead for a user of its client: what the API and the letter's link show.

    Raises `NotFound` for an unknown, hidden or foreign lead, and `LeadRemoved`.
    """
    lead = find_linked_lead(reading, client, lead_id)
    client_lead = load_client_lead(reading, lead)
    reader = Reader(reading.people.pseudonym(client, viewer), zone=reader_zone())
    view = lead_view(client_lead, reader, now)
    schema, data = serialize_lead(client_lead, now), client_lead.personal_data
    return LeadPage(
        lead=lead,
        name=view.name,
        company=view.company,
        campaign=view.campaign,
        stage=StageWords(view.state, stage_tone(lead.review_at(now)), view.explanation),
        deadline=lead.deadline if view.deadline else None,
        marks=list(_marks(lead)),
        answers=view.answers,
        is_erased=view.is_erased,
        criteria=[
            _visible_criterion(Criterion(each.id, each.rule, each.met, each.reason))
            for each in schema.verdict
        ],
        consent=view.consent,
        quoted_consent=view.quoted_consent,
        consent_version=schema.consent.version or "",
        visits=[] if data is None else list(_visits(data, tuple(TouchSchema.model_fields))),
        timeline=client_timeline(client_lead.events, client_lead.terms),
        others=_others(
            reading,
            find_other_leads(reading, lead, data, for_client=True),
            client_lead.terms,
            data,
            now,
        ),
        forms=client_forms(client_lead, view, now),
    )


def _title(lead: Lead, details: LeadDetails, data: PersonalData | None) -> tuple[str, str]:
    name, company = person_and_company(details.terms, {} if data is None else data.answers)
    return name or f"Lead {lead.lead_id}", company


def _consent(receipt: Receipt) -> str:
    if receipt.withdrawn_at is not None:
        return "Withdrawn: this person must not be contacted any more."
    if receipt.basis is not None:
        return f"Lawful basis, as the agency stated it: {visible_text(receipt.basis)}"
    if receipt.is_ticked:
        known = "the person ticked the box beside this text:"
        unknown = "the person ticked a box; the text beside it is not known."
        return f"Given: {known if receipt.wording else unknown}"
    return "Not given: the box was not ticked."


def _marks(lead: Lead) -> Iterator[str]:
    if lead.consent_withdrawn:
        yield "The person withdrew the consent: do not contact them any more."
    if lead.bounced:
        yield "A mail server refused the person's e-mail address."
    if lead.free_over_cap:
        yield "It came over the agreed number of leads, so it is free."


def _visible_criterion(criterion: Criterion) -> Criterion:
    return Criterion(
        criterion.id,
        visible_text(criterion.rule),
        criterion.is_met,
        visible_text(criterion.reason),
    )


def _visits(data: PersonalData, names: Sequence[str] | None = None) -> Iterator[Visit]:
    """First and last visit. `names`: only these facts of them."""
    for name, touch in (("First visit", data.first_touch), ("Last visit", data.last_touch)):
        facts = [
            (_TOUCHES.get(key, key), visible_text(text))
            for key, text in touch.items()
            if text and key != _TIME and (names is None or key in names)
        ]
        if facts:
            yield Visit(name, _time_of(touch) if names is None else None, facts)


def _time_of(touch: Mapping[str, str]) -> datetime | None:
    """The time of a visit, as the browser sent it: UTC if it names no zone."""
    try:
        found = parse_time(touch[_TIME])
    except (KeyError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _others(
    reading: ReadTransaction,
    found: OtherLeads,
    terms: Campaign,
    data: PersonalData | None,
    now: datetime,
) -> list[OtherLead]:
    groups = ((found.of_person, True), (found.of_company, False))
    return [
        OtherLead(
            each.lead_id,
            each.campaign,
            each.received_at,
            each.review_at(now),
            is_of_person,
            changed_answers(terms, data, reading.people.personal_data(each.lead_id))
            if is_of_person
            else (),
        )
        for leads, is_of_person in groups
        for each in leads
    ]


def _agency_part(reading: ReadTransaction, details: LeadDetails, receipt: Receipt) -> AgencyPart:
    lead_id, due = details.lead.lead_id, reading.statements.due_state(details.lead.lead_id)
    signals = [
        Signal(visible_text(risk_signal_in_words(signal)), signal["weight"])
        for signal in details.risk_signals
    ]
    return AgencyPart(
        receipt=receipt,
        spam="" if signals else " ".join(details.signals_in_words),
        signals=signals,
        hold_at=details.terms.quarantine.hold_at,
        deliveries=[
            delivery_view(reading, each) for each in reading.outbox.select(lead_id=lead_id)
        ],
        downloads=list(reading.downloads.of_lead(lead_id)),
        due_at=due.due_at,
        billed=due.billed,
    )
