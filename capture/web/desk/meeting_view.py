"""The question whether a meeting was held, in words: what its client may answer now, and the cost.

See rules 14, 41 and 42 of docs/rules.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from capture.billing.history import BillableEvent
from capture.client_access.client_leads import ClientLead
from capture.documents.agreement.model import visible_text
from capture.documents.price_words import campaign_price
from capture.lead.events import Actor, EventKind
from capture.lead.moves import DELIVERED
from capture.letters.render import moment_in_words
from capture.web.desk.lead_view import cost_of_acceptance, lead_title

_STATES = {
    "none": "No meeting is agreed",
    "scheduled": "A meeting is agreed",
    "held": "The meeting was held",
    "no_show": "The person did not come",
    "cancelled": "The meeting was cancelled",
    "objected": "You objected to the meeting",
}


@dataclass(frozen=True, slots=True)
class MeetingView:
    """One meeting as a page shows it to the client. An empty text: this answer is not possible."""

    lead_id: str
    is_test: bool
    campaign: str
    name: str
    company: str
    state: str
    explanation: str
    holding: str
    """What the answer "it was held" does and costs."""
    missing: str
    """What the answer "the person did not come" does."""
    objecting: str
    """What an objection does."""
    reasons: Mapping[str, str]

    @property
    def is_open(self) -> bool:
        """Whether the client can still answer. Only then the page names the person."""
        return bool(self.holding or self.missing or self.objecting)


def meeting_view(client_lead: ClientLead, now: datetime) -> MeetingView:
    """The lead's meeting for its client, as of `now`."""
    meeting = _Meeting(client_lead, now)
    name, company = lead_title(client_lead)
    return MeetingView(
        lead_id=client_lead.lead.lead_id,
        is_test=client_lead.lead.test,
        campaign=visible_text(client_lead.terms.title),
        name=name,
        company=company,
        state=meeting.state,
        explanation=meeting.explanation,
        holding=meeting.holding,
        missing=meeting.missing,
        objecting=meeting.objecting,
        reasons={
            code: visible_text(text) for code, text in client_lead.terms.review.reasons.items()
        },
    )


class _Meeting:
    """The meeting of a lead in words."""

    def __init__(self, client_lead: ClientLead, now: datetime) -> None:
        self._history = client_lead.history
        self._lead = client_lead.lead
        self._terms = client_lead.terms
        self._events = client_lead.events
        self._now = now
        self._stage = self._lead.appointment_at(now)
        self._billable = self._terms.price.billable

    @property
    def state(self) -> str:
        if self._is_delivered and self._is_unreported:
            return "Was the meeting held?"
        if self._stage == "held" and not self._is_by_client(EventKind.HELD):
            if self._is_silent:
                return "Silence counts the meeting as held"
            return "The agency reported that the meeting was held"
        return _STATES[self._stage]

    @property
    def explanation(self) -> str:
        at = self._lead.meeting_at
        when = f"The meeting was agreed for {self._words(at)}." if at else ""
        if self._lead.review == "held_back":
            return "The agency is checking this lead, so there is nothing to report now."
        if not self._is_delivered:
            return "The lead was rejected, so there is nothing to report."
        if self._stage == "scheduled" and not self._is_unreported:
            return f"{when} You can answer from then on."
        if self._is_unreported and self._lead.deemed_held_at is not None:
            until = self._words(self._lead.deemed_held_at)
            return f"{when} If nobody answers until {until}, it counts as held."
        final = self._objectionable
        if final is not None:
            return f"{when} That becomes final on {self._words(final.final_at)}."
        return f"{when} This is final." if self._stage != "none" else ""

    @property
    def holding(self) -> str:
        if not (self._is_delivered and self._is_unreported):
            return ""
        accepts = self._lead.review_at(self._now) == "qualified"
        if self._billable in {"scheduled", "held"}:
            more = " It also accepts the lead." if accepts else ""
            return f"{self._price}{more} No rejection can follow."
        cost = cost_of_acceptance(self._lead, self._terms)
        more = f" It also accepts the lead, which {cost}" if accepts else ""
        return f"It costs nothing by itself.{more} No rejection can follow."

    @property
    def missing(self) -> str:
        if not self._is_delivered or not (self._is_unreported or self._is_held_objectionable):
            return ""
        if self._billable == "scheduled":
            return "The appointment is charged all the same. A new meeting may be agreed."
        return "It costs nothing. A new meeting may be agreed."

    @property
    def objecting(self) -> str:
        if not self._is_delivered or self._objectionable is None:
            return ""
        return "The appointment is not charged. The agency reads the reason and the note."

    @property
    def _price(self) -> str:
        if self._lead.test:
            return "It costs nothing: it is a test."
        if self._lead.free_over_cap:
            return "It costs nothing: the lead came over the agreed number of leads."
        price = f"The agreed price is {campaign_price(self._terms)}, net of tax."
        if self._billable == "scheduled":
            return f"It costs nothing more than the appointment itself. {price}"
        return price

    @property
    def _is_delivered(self) -> bool:
        return self._lead.review in DELIVERED

    @property
    def _is_unreported(self) -> bool:
        """Whether the meeting has begun, and neither a person nor silence has said its result."""
        begins = self._lead.meeting_at
        return self._stage == "scheduled" and begins is not None and begins <= self._now

    @property
    def _is_held_objectionable(self) -> bool:
        held = self._history.held
        return self._stage == "held" and held is not None and self._now < held.final_at

    @property
    def _objectionable(self) -> BillableEvent | None:
        """The paying outcome to which the client may object now (rule 14)."""
        outcome = None
        if self._billable == "scheduled" and self._stage in {"scheduled", "held", "no_show"}:
            outcome = self._history.booked
        elif self._billable == "held" and self._is_unreported:
            begins, ends = self._lead.meeting_at, self._lead.deemed_held_at
            outcome = BillableEvent(begins, ends) if begins and ends else None
        elif self._billable == "held" and self._stage == "held":
            outcome = self._history.held
        return outcome if outcome is not None and self._now < outcome.final_at else None

    @property
    def _is_silent(self) -> bool:
        held = [event for event in self._events if event.kind is EventKind.HELD]
        return self._lead.is_deemed_held_at(self._now) or bool(
            held and held[-1].data.get("silence")
        )

    def _is_by_client(self, kind: EventKind) -> bool:
        reports = [event for event in self._events if event.kind is kind]
        return bool(reports) and reports[-1].actor is Actor.CLIENT

    def _words(self, moment: datetime) -> str:
        return moment_in_words(moment, self._terms.zone)
