"""A lead in words, as its client sees it: the person, the review, and what can be done now.

It shows what the API shows the client (capture/client_access), and never the agency's notes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from capture.campaign.model import Answer, Campaign, FieldType
from capture.client_access.answers import labelled_answers, person_and_company
from capture.client_access.client_leads import ClientLead
from capture.documents.agreement.model import amount, price_amount, visible_text
from capture.documents.price_words import campaign_price
from capture.lead.events import Actor, Event, EventKind
from capture.lead.model import Lead
from capture.lead.review_window import deadline
from capture.ledger.types import PersonalData
from capture.letters.render import moment_in_words
from capture.review.acts import UNDO, current_review
from capture.text import count_noun, duration_in_words
from capture.web.desk.times import time_in_words

_WITHDRAWN: Final = "The person withdrew the consent: do not contact them any more. "


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One answer of the form."""

    label: str
    text: str
    link: str = ""
    """`mailto:` or `tel:`; empty for other answers."""
    is_verified: bool = True


@dataclass(frozen=True, slots=True)
class LeadView:
    """One lead as a page shows it to its client. Every text is ready to print."""

    lead_id: str
    is_test: bool
    campaign: str
    """The campaign's title."""
    name: str
    """The person's name, or the lead's id if the name is unknown or erased."""
    company: str
    received: str
    answers: Sequence[AnswerView]
    is_erased: bool
    criteria: Sequence[str]
    """The rules of the agreement that the lead meets."""
    consent: str
    quoted_consent: str
    """The wording that the visitor agreed to; empty if there was none."""
    state: str
    """Where the review stands, as a heading."""
    explanation: str
    """What that means, and what silence will do."""
    deadline: str
    time_left: str
    """Both are empty if silence decides nothing."""
    ends: datetime | None
    """The deadline; None if silence decides nothing."""
    may_accept: bool
    may_reject: bool
    accepting: str
    """What an acceptance does and costs."""
    rejecting: str
    """What a rejection does."""
    reasons: Mapping[str, str]
    undo_until: str
    """Until when the same person may undo the review; empty if it is too late."""
    undo_ends: datetime | None
    is_window_open: bool
    """Whether the page may show the person's data: the review is open, or its window lasts."""

    @property
    def is_waiting(self) -> bool:
        """Whether the client can still decide."""
        return self.may_accept or self.may_reject


@dataclass(frozen=True, slots=True)
class Reader:
    """The person who reads the page."""

    pseudonym: str
    actor: Actor = Actor.CLIENT
    zone: ZoneInfo | None = None
    """The zone of the times; None: that of the campaign."""


def lead_view(client_lead: ClientLead, reader: Reader, now: datetime) -> LeadView:
    """The lead for a reader, as of `now`."""
    lead, terms = client_lead.lead, client_lead.terms
    review = _Review(client_lead, reader, now)
    data = client_lead.personal_data
    name, company = lead_title(client_lead)
    return LeadView(
        lead_id=lead.lead_id,
        is_test=lead.test,
        campaign=visible_text(terms.title),
        name=name,
        company=company,
        received=moment_in_words(lead.received_at, reader.zone or terms.zone),
        answers=[] if data is None else list(answer_views(terms, data)),
        is_erased=data is None,
        criteria=[
            visible_text(criterion["rule"])
            for criterion in client_lead.history.verdict.get("criteria", ())
            if criterion["passed"]
        ],
        consent=_consent(lead),
        quoted_consent=visible_text("" if lead.consent.basis else client_lead.consent_text),
        state=review.state,
        explanation=review.explanation,
        deadline=review.deadline_text,
        time_left=review.time_left,
        ends=review.end,
        may_accept=review.may_accept,
        may_reject=review.may_reject,
        accepting=f"Accepting ends the review and {cost_of_acceptance(lead, terms)}",
        rejecting="Rejecting ends the review and costs nothing. The agency reads the reason and "
        "the note.",
        reasons={code: visible_text(text) for code, text in terms.review.reasons.items()},
        undo_until=review.undo_until,
        undo_ends=review.undo_ends,
        is_window_open=review.is_window_open,
    )


def lead_title(client_lead: ClientLead) -> tuple[str, str]:
    """The person's name, or the lead's id if it is unknown; the company, or an empty text."""
    terms, data = client_lead.terms, client_lead.personal_data
    answers = {} if data is None else data.answers
    name, company = person_and_company(terms, answers)
    return name or f"Lead {client_lead.lead.lead_id}", company


class _Review:
    """The review of a lead in words."""

    def __init__(self, client_lead: ClientLead, reader: Reader, now: datetime) -> None:
        self._lead = client_lead.lead
        self._terms = client_lead.terms
        self._events = client_lead.events
        self._last = current_review(client_lead.events)
        self._reader = reader
        self._zone = reader.zone or client_lead.terms.zone
        self._now = now
        self._stage = self._lead.review_at(now)

    @property
    def may_accept(self) -> bool:
        return self._stage == "qualified" or self._may_object_to_rejection

    @property
    def may_reject(self) -> bool:
        return self._stage == "qualified"

    @property
    def deadline_text(self) -> str:
        ends = self.end
        return moment_in_words(ends, self._zone) if ends else ""

    @property
    def time_left(self) -> str:
        ends = self.end
        return duration_in_words(ends - self._now) if ends else ""

    @property
    def state(self) -> str:
        if self._stage == "held_back":
            return "Being checked by the agency"
        if self._stage == "qualified":
            return "The agency accepted it for you" if self._lead.entered else "Waits for you"
        if self._stage == "rejected":
            if self._last is not None and self._last.actor is Actor.AGENCY:
                return "The agency rejected it for you"
            return f"{self._person} rejected it"
        if self._is_silent:
            is_entered = self._lead.entered
            return "The agency accepted it for you" if is_entered else "Silence accepted it"
        return f"{self._person} accepted it"

    @property
    def explanation(self) -> str:
        if self._stage == "held_back":
            return f"{_obstacle(self._lead)}{self._held_back_text}"
        if self._stage == "qualified":
            return self._waiting
        decided = self._rejected if self._stage == "rejected" else self._accepted
        return f"{_WITHDRAWN}{decided}" if self._lead.consent_withdrawn else decided

    @property
    def undo_until(self) -> str:
        ends = self.undo_ends
        return time_in_words(ends, self._zone) if ends else ""

    @property
    def undo_ends(self) -> datetime | None:
        last = self._last
        if last is None or last.actor is not self._reader.actor or last.data.get("cause"):
            return None
        ends = last.recorded_at + UNDO
        is_own = last.data.get("by") == self._reader.pseudonym
        return ends if is_own and self._now <= ends else None

    @property
    def is_window_open(self) -> bool:
        """Whether the page shows the review. Without a deadline it does so for the length of a
        window, from the review or from the start of the agency's check."""
        if self._stage == "qualified":
            return True
        ends = self._lead.deadline
        last = self._held_back_event if self._stage == "held_back" else self._last
        if ends is None and last is not None:
            ends = deadline(self._terms, last.recorded_at)
        return ends is not None and self._now < ends

    @property
    def _held_back_text(self) -> str:
        """Neutral words, which do not name the risk signal, because no signal is proof."""
        window = count_noun(self._terms.review.hours, "hour")
        if self._terms.review.working_days:
            window += " of working days"
        ended = (
            f"you get the full review time of {window}, and a new deadline"
            if not self._lead.silence_never_accepts
            else "you can decide then, without a deadline"
        )
        return (
            "The agency is checking whether a real person sent this form. Meanwhile the review is "
            "stopped: you cannot decide, and silence accepts nothing. If the agency releases the "
            f"lead, {ended}. Otherwise the lead is removed and costs nothing."
        )

    @property
    def _held_back_event(self) -> Event | None:
        events = [event for event in self._events if event.kind is EventKind.HELD_BACK]
        return events[-1] if events else None

    @property
    def _waiting(self) -> str:
        lead = self._lead
        if lead.entered:
            return (
                f"The acceptance becomes final on {self.deadline_text}. Until then you may reject "
                "the lead, or accept it yourself."
            )
        if lead.silence_never_accepts:
            return (
                f"{_obstacle(lead)}This lead has no deadline. Silence never accepts it: it "
                "counts, and costs something, only if you accept it."
            )
        if self.end is None and lead.test:
            return "A test has no review window here. You can try both answers."
        if self.end is None:
            return (
                "Its review window has not started, because the agency's notice has not reached "
                "you yet. Until then silence accepts nothing. Opening this page is no notice."
            )
        return (
            f"If nobody answers until {self.deadline_text}, silence accepts it. That "
            f"{cost_of_acceptance(lead, self._terms)}"
        )

    @property
    def _accepted(self) -> str:
        if self._is_silent and self._lead.deadline is not None:
            ended = moment_in_words(self._lead.deadline, self._zone)
            if self._lead.entered:
                return f"It has been final since {ended}, because nobody objected."
            return f"Nobody answered until {ended}, so the lead is accepted. This is final."
        if self._last is None:  # settled: the client agreed to the dispute of its rejection
            return "It was rejected, the agency disputed that, and your side agreed."
        if self._last.data.get("cause"):
            return f"{self._when}, by reporting what became of it. This is final."
        return self._when + (". This is final." if not self.undo_until else ".")

    @property
    def _rejected(self) -> str:
        last = self._last
        reason = "" if last is None else self._terms.review.reasons.get(last.data["reason"], "")
        parts = [f"{self._when}. The reason: {visible_text(reason)}"]
        if self._may_object_to_rejection:
            parts.append(
                f"The rejection becomes final on {self.deadline_text}. Until then you may accept "
                "the lead."
            )
        if self._lead.disputed:
            parts.append("The agency disputes the rejection. It stays unless your side agrees.")
        return " ".join(parts)

    @property
    def _may_object_to_rejection(self) -> bool:
        lead = self._lead
        return (
            self._stage == "rejected"
            and lead.entered
            and lead.deadline is not None
            and self._now < lead.deadline
        )

    @property
    def end(self) -> datetime | None:
        """When the client's time to answer ends; None if it does not, or if it has ended."""
        is_open = self._stage == "qualified" or self._may_object_to_rejection
        return self._lead.deadline if is_open else None

    @property
    def _is_silent(self) -> bool:
        recorded = self._last is not None and bool(self._last.data.get("silence"))
        return recorded or self._lead.is_silently_accepted_at(self._now)

    @property
    def _person(self) -> str:
        is_own = self._last is not None and self._last.data.get("by") == self._reader.pseudonym
        return "You" if is_own else "Your company"

    @property
    def _when(self) -> str:
        at = self._last.recorded_at if self._last else self._now
        return f"Recorded on {moment_in_words(at, self._zone)}"


def _obstacle(lead: Lead) -> str:
    """The reason why silence never accepts the lead; empty if there is no special one."""
    if lead.consent_withdrawn:
        return _WITHDRAWN
    return "A mail server refused the person's e-mail address. " if lead.bounced else ""


def cost_of_acceptance(lead: Lead, terms: Campaign) -> str:
    """What an acceptance costs, to follow "Accepting ends the review and"."""
    if lead.test:
        return "costs nothing: it is a test."
    if lead.free_over_cap:
        return "costs nothing: the lead came over the agreed number of leads."
    if terms.price.billable != "accepted":
        return f"costs nothing by itself. The agreed price is {campaign_price(terms)}, net of tax."
    cost = f"costs {price_amount(terms)}, net of tax"
    cap = terms.caps.money_a_month
    if cap:
        budget = amount(cap, terms.currency)
        return f"{cost}, or nothing once the month's budget of {budget} is used up."
    return f"{cost}."


def _consent(lead: Lead) -> str:
    if lead.consent_withdrawn:
        return "Withdrawn: do not contact this person any more."
    if lead.consent.basis is not None:
        return f"Lawful basis: {visible_text(lead.consent.basis)}"
    return "The person ticked the box beside this text:"


def answer_views(terms: Campaign, data: PersonalData) -> Iterator[AnswerView]:
    """The answers in the form's order, ready to print."""
    for answer in labelled_answers(terms, data):
        label, text = visible_text(answer.label), visible_text(answer.text)
        link = ""
        if answer.is_verified:
            link = _link(data.answers[answer.field], terms.fields[answer.field].type)
        yield AnswerView(label, text, link, answer.is_verified)


def _link(value: Answer, field_type: FieldType) -> str:
    """The link that opens the answer; empty if there is none."""
    match field_type:
        case FieldType.PHONE:
            return f"tel:{value}"
        case FieldType.EMAIL:
            return f"mailto:{value}"
    return ""
