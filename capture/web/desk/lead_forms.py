"""The forms of a lead's page: what the user may do now, with the inputs of each act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from capture.billing.history import LeadHistory
from capture.campaign.model import Campaign, FieldType
from capture.client_access.client_leads import ClientLead
from capture.client_access.client_review import revision
from capture.countries import countries
from capture.documents.agreement.model import visible_text
from capture.form.campaign_form import as_form_values
from capture.intake.correct import is_correctable, needs_not_spam
from capture.lead.events import Actor, EventKind
from capture.lead.model import Lead
from capture.lead.moves import QUARANTINE_STAGES
from capture.lead_details.next_outcomes import end_of_outcome, possible_outcomes
from capture.lead_details.timeline import SENTENCES
from capture.ledger.types import PersonalData
from capture.outcomes.record import MEETING_RESULTS
from capture.outcomes.rows import cells_of_kind
from capture.web.desk.lead_view import LeadView, Reader, lead_view
from capture.web.desk.review_words import AGENCY_REJECTING, agency_accepting, agency_may_accept
from capture.web.desk.times import reader_zone

ANSWER: Final = "answer-"
"""The beginning of the name of an input with an answer, before the field's name."""
SHOWN: Final = "shown-"
"""The beginning of the name of a hidden input with the answer that the page showed, before the name
of the input with the answer."""


@dataclass(frozen=True, slots=True)
class OutcomeForm:
    """The form for one kind of outcome."""

    kind: str
    title: str
    inputs: frozenset[str]
    """The names of its inputs: `at`, `amount`, `period`, `months`, `reason`."""
    required: frozenset[str]
    when_hint: str
    """The hint beside the time: which time counts if the field stays empty."""
    until: datetime | None
    """Until when it can be recorded; None if no time ends it."""


@dataclass(frozen=True, slots=True)
class AnswerInput:
    """The input for one answer of the form."""

    name: str
    """The input's name in the form."""
    label: str
    kind: str
    """`text`, `long_text`, `choice`, `multiple_choice`."""
    value: str
    choices: Sequence[tuple[str, str]] = ()
    """Value and label of each choice."""

    @property
    def values(self) -> frozenset[str]:
        """The chosen values of a multiple choice."""
        return frozenset(part.strip() for part in self.value.split(";"))


@dataclass(frozen=True, slots=True)
class CorrectionForm:
    """The form that corrects the answers."""

    inputs: Sequence[AnswerInput]
    is_not_spam: bool
    """Whether the correction also states that the lead is from a real person."""
    needs_basis: bool
    """Whether it must state a lawful basis."""


@dataclass(frozen=True, slots=True)
class ReviewForms:
    """Which acts of the review the user may do, and the words beside their buttons."""

    may_accept: bool
    may_reject: bool
    may_dispute: bool
    may_settle: bool
    accepting: str
    rejecting: str
    undo_until: str
    """Until when the user may undo the own review; empty if that is not possible."""
    revision: int
    """How often the lead has changed; the form sends it."""

    @property
    def is_possible(self) -> bool:
        """Whether there is any act."""
        acts = (self.may_accept, self.may_reject, self.may_dispute, self.may_settle)
        return any(acts) or bool(self.undo_until)


@dataclass(frozen=True, slots=True)
class LeadForms:
    """What the user may do with the lead now."""

    review: ReviewForms
    outcomes: Sequence[OutcomeForm]
    reasons: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""
    is_in_quarantine: bool = False
    correction: CorrectionForm | None = None
    may_note: bool = False


def agency_forms(client_lead: ClientLead, viewer: str, now: datetime) -> LeadForms:
    """The forms for a user of the agency with this pseudonym."""
    lead, terms, data = client_lead.lead, client_lead.terms, client_lead.personal_data
    view = lead_view(client_lead, Reader(viewer, Actor.AGENCY, reader_zone()), now)
    is_rejected = lead.review == "rejected" and not lead.entered
    review = ReviewForms(
        may_accept=view.may_reject and agency_may_accept(lead),
        may_reject=view.may_reject and not lead.entered,
        may_dispute=is_rejected and not lead.disputed,
        may_settle=False,
        accepting=agency_accepting(lead, terms),
        rejecting=AGENCY_REJECTING,
        undo_until=view.undo_until,
        revision=revision(client_lead.events),
    )
    return LeadForms(
        review=review,
        outcomes=_outcome_forms(client_lead.history, terms, now),
        reasons=_reasons(terms),
        currency=terms.currency,
        is_in_quarantine=lead.review in QUARANTINE_STAGES,
        correction=_correction(lead, terms, data, now),
        may_note=not lead.erased,
    )


def client_forms(client_lead: ClientLead, view: LeadView, now: datetime) -> LeadForms:
    """The forms for a user of the client: what its API lets it record."""
    lead, terms = client_lead.lead, client_lead.terms
    review = ReviewForms(
        may_accept=view.may_accept,
        may_reject=view.may_reject,
        may_dispute=False,
        may_settle=lead.review == "rejected" and lead.disputed,
        accepting=view.accepting,
        rejecting=view.rejecting,
        undo_until=view.undo_until,
        revision=revision(client_lead.events),
    )
    outcomes = _outcome_forms(client_lead.history, terms, now)
    return LeadForms(review, outcomes, _reasons(terms), terms.currency)


def current_answers(terms: Campaign, data: PersonalData) -> dict[str, str]:
    """By field: the answer as the form would send it; empty if there is none."""
    texts = {**data.unverified, **as_form_values(data.answers)}
    return {name: texts.get(name, "") for name in terms.fields}


def _outcome_forms(history: LeadHistory, terms: Campaign, now: datetime) -> list[OutcomeForm]:
    forms = []
    for kind in possible_outcomes(history, terms, now):
        needed, allowed = cells_of_kind(kind, terms)
        is_objection = kind is EventKind.OBJECTED
        forms.append(
            OutcomeForm(
                kind=kind.value,
                title="Object to the outcome" if is_objection else SENTENCES[kind].rstrip("."),
                inputs=frozenset(allowed),
                required=frozenset(needed),
                when_hint="the time of the meeting" if kind in MEETING_RESULTS else "now",
                until=end_of_outcome(kind, history, terms, now),
            )
        )
    return forms


def _reasons(terms: Campaign) -> dict[str, str]:
    return {code: visible_text(text) for code, text in terms.review.reasons.items()}


def _correction(
    lead: Lead, terms: Campaign, data: PersonalData | None, now: datetime
) -> CorrectionForm | None:
    if data is None or not is_correctable(lead, now):
        return None
    answers = current_answers(terms, data)
    return CorrectionForm(
        inputs=[_answer_input(terms, name, answers[name]) for name in terms.fields],
        is_not_spam=needs_not_spam(lead, now),
        needs_basis=not lead.consent.is_lawful,
    )


def _answer_input(terms: Campaign, name: str, value: str) -> AnswerInput:
    spec = terms.fields[name]
    kind, choices = "text", [(choice, choice) for choice in spec.choices]
    match spec.type:
        case FieldType.CHOICE:
            kind = "choice"
        case FieldType.COUNTRY:
            kind, choices = "choice", sorted(countries().items(), key=lambda item: item[1])
        case FieldType.MULTIPLE_CHOICE:
            kind = "multiple_choice"
        case FieldType.LONG_TEXT:
            kind = "long_text"
    return AnswerInput(f"{ANSWER}{name}", visible_text(spec.label), kind, value, choices)
