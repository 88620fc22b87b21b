"""The review of a lead on a page: a decision and its undoing.

The client's link and the desk use the same functions. For the desk they also check that the lead
has not changed since the page showed it, and that the reason does not contradict an answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from capture.client_access.answers import answer_text
from capture.client_access.client_leads import (
    ClientLead,
    find_linked_lead,
    load_client_lead,
    open_linked_lead,
)
from capture.errors import Refused
from capture.lead.events import Actor, Event, EventKind
from capture.lead.model import Lead
from capture.ledger.protocol import WriteTransaction
from capture.review.acts import Act, withdraw
from capture.review.contradiction import contradicted_field
from capture.review.decisions import Decision, DecisionResult, decide

_CHANGES: Final = {
    EventKind.CORRECTED: "the agency corrected the lead",
    EventKind.ERASED: "the data of the person were erased",
    EventKind.CONSENT_WITHDRAWN: "the person withdrew the consent",
}
"""Events after which a reader must see the lead again before deciding, in words."""


class ChangedMeanwhile(Refused):
    """The lead has changed since the page showed it. The message says what changed."""


class Contradiction(Refused):
    """The reason of a rejection contradicts an answer, so the client is asked about it once."""

    def __init__(self, label: str, answer: str) -> None:
        super().__init__(f"the form says {answer!r} for {label!r}")
        self.label = label
        self.answer = answer


@dataclass(frozen=True, slots=True)
class ShownLead:
    """What a page knew of a lead when its form was sent."""

    revision: int
    """The lead's revision that the page showed."""
    confirmed_reason: str = ""
    """The reason that the reader confirmed after a `Contradiction`."""


def revision(events: Sequence[Event]) -> int:
    """How often the lead has changed. A form sends it, so that a later change is noticed."""
    return len(_changes(events))


def decide_on_lead(
    records: WriteTransaction,
    client: str,
    decision: Decision,
    now: datetime,
    shown: ShownLead | None = None,
) -> DecisionResult:
    """Records a decision on a lead of the client.

    If the client itself decides, it counts as notified of the lead: who decides knows it. Raises
    what `find_linked_lead` and `decide` raise; with `shown` also `ChangedMeanwhile` and
    `Contradiction`.
    """
    find = open_linked_lead if decision.act.actor is Actor.CLIENT else _find_lead
    client_lead = load_client_lead(records, find(records, client, decision.act.lead_id, now))
    if shown is not None:
        _check_unchanged(client_lead, shown)
        if decision.reason != shown.confirmed_reason:
            contradiction = find_contradiction(client_lead, decision.reason, now)
            if contradiction is not None:
                raise contradiction
    return decide(records, decision, now)


def find_contradiction(client_lead: ClientLead, reason: str, now: datetime) -> Contradiction | None:
    """The answer that the reason of a rejection contradicts; None if there is none, or if the lead
    does not wait for a review."""
    data, terms = client_lead.personal_data, client_lead.terms
    if data is None or client_lead.lead.review_at(now) != "qualified":
        return None
    criteria = client_lead.history.verdict.get("criteria", ())
    passed = {criterion["id"]: criterion["passed"] for criterion in criteria}
    name = contradicted_field(terms, reason, passed, data.answers)
    if name is None:
        return None
    field = terms.fields[name]
    return Contradiction(field.label, answer_text(data.answers[name], field.type))


def _check_unchanged(client_lead: ClientLead, shown: ShownLead) -> None:
    changes = _changes(client_lead.events)
    if changes[max(0, shown.revision) :]:
        raise ChangedMeanwhile(_CHANGES[changes[-1].kind])


def undo_review(records: WriteTransaction, client: str, act: Act, now: datetime) -> bool:
    """Undoes the person's own review; returns whether it did. It does nothing if the lead waits for
    a review already, so a second click changes nothing.

    Raises what `find_linked_lead` and `withdraw` raise.
    """
    lead = find_linked_lead(records, client, act.lead_id)
    if lead.review_at(now) == "qualified" and not lead.entered:
        return False
    withdraw(records, act, now)
    return True


def _find_lead(records: WriteTransaction, client: str, lead_id: str, _: datetime) -> Lead:
    return find_linked_lead(records, client, lead_id)


def _changes(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if event.kind in _CHANGES]
