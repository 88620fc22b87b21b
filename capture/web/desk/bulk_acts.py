"""Decides many leads of the list, each on its own, and puts the results into words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from capture.client_access.client_leads import find_linked_lead, load_client_lead
from capture.client_access.client_review import (
    Contradiction,
    decide_on_lead,
    find_contradiction,
    undo_review,
)
from capture.errors import GatepostError, NotFound, Refused
from capture.intake.quarantine import discard, release
from capture.intake.quarantine_decisions import QuarantineAct
from capture.lead.events import Actor, EventKind
from capture.lead.moves import QUARANTINE_STAGES
from capture.ledger.protocol import Ledger, ReadTransaction, WriteTransaction
from capture.review.acts import Act, find_lead
from capture.review.decisions import KINDS, Decision
from capture.text import count_noun
from capture.web.desk.lead_view import lead_title

PAST: Final[Mapping[str, str]] = {
    "accept": "accepted",
    "reject": "rejected",
    "release": "released",
    "discard": "discarded",
    "undo": "undone",
}
"""The acts, each with its past tense."""
AGENCY_ACTS: Final = frozenset({"release", "discard"})
QUARANTINE_ACTS: Final[Mapping[str, QuarantineAct]] = {"release": release, "discard": discard}
_MOST_LINES: Final = 10
_LONGEST_LINE: Final = 200


@dataclass(frozen=True, slots=True)
class BulkAct:
    """What a person does with the selected leads."""

    act: str
    """A key of `PAST`."""
    by: str
    client: str | None
    """Only leads of this client; None for the agency."""
    reason: str = ""

    @property
    def actor(self) -> Actor:
        """Whose side the person is on."""
        return Actor.AGENCY if self.client is None else Actor.CLIENT


@dataclass(frozen=True, slots=True)
class ContradictedLead:
    """A selected lead with an answer that contradicts the reason of the rejection."""

    lead_id: str
    name: str
    contradiction: Contradiction


@dataclass(frozen=True, slots=True)
class LeadResult:
    """The result for one lead."""

    lead_id: str
    problem: str = ""
    """Why it was refused; empty if it was not."""
    is_known: bool = False
    """Whether the same was recorded before; then nothing was written."""


def contradicted_leads(
    reading: ReadTransaction, bulk_act: BulkAct, lead_ids: Sequence[str], now: datetime
) -> list[ContradictedLead]:
    """The selected leads about which the person is asked before they are rejected."""
    found = []
    for lead_id in lead_ids if bulk_act.act == "reject" else ():
        try:
            client = bulk_act.client or find_lead(reading, lead_id).client
            client_lead = load_client_lead(reading, find_linked_lead(reading, client, lead_id))
        except NotFound:  # the act itself says so
            continue
        contradiction = find_contradiction(client_lead, bulk_act.reason, now)
        if contradiction is not None:
            found.append(ContradictedLead(lead_id, lead_title(client_lead)[0], contradiction))
    return found


def act_on_leads(
    ledger: Ledger, bulk_act: BulkAct, lead_ids: Sequence[str], now: datetime
) -> list[LeadResult]:
    """Acts on each lead. One that is refused does not stop the others."""

    def record(records: WriteTransaction) -> list[LeadResult]:
        return [_result(records, bulk_act, lead_id, now) for lead_id in lead_ids]

    return ledger.transact(record)


def results_in_words(
    past: str, done: int, problems: Sequence[str], *, known: int = 0, details: str = ""
) -> list[str]:
    """The results of an act in lines: the numbers first, then why leads were refused.

    `past` is its past tense, such as `released`.
    `known` leads were so before; `details` are about the leads that were changed.
    """
    counts = [f"{done} {past}" + (f" ({details})" if details else "")]
    if known:
        counts.append(f"{known} {'was' if known == 1 else 'were'} {past} before")
    if problems:
        counts.append(f"{len(problems)} not {past}")
    lines = [", ".join(counts) + "."]
    lines += [f"{problem}."[:_LONGEST_LINE] for problem in problems[:_MOST_LINES]]
    if len(problems) > _MOST_LINES:
        lines.append(f"And {count_noun(len(problems) - _MOST_LINES, 'other lead')}.")
    return lines


def _result(
    records: WriteTransaction, bulk_act: BulkAct, lead_id: str, now: datetime
) -> LeadResult:
    result = records.attempt(lambda attempt: _act(attempt, bulk_act, lead_id, now))
    if isinstance(result, GatepostError):
        text = str(result).rstrip(".")
        return LeadResult(lead_id, text if lead_id in text else f"lead {lead_id}: {text}")
    return LeadResult(lead_id, is_known=result)


def _act(records: WriteTransaction, bulk_act: BulkAct, lead_id: str, now: datetime) -> bool:
    """Whether the lead was so before. Raises `NotFound` or `Refused`."""
    client = bulk_act.client or find_lead(records, lead_id).client
    act = Act(lead_id, bulk_act.by, bulk_act.actor)
    if bulk_act.act in KINDS:
        kind = KINDS[bulk_act.act]
        reason = bulk_act.reason if kind is EventKind.REJECTED else ""
        decision = Decision(act, kind, reason)
        return decide_on_lead(records, client, decision, now).is_known
    if bulk_act.act == "undo":
        return not undo_review(records, client, act, now)
    if bulk_act.client is not None:
        raise NotFound("There is no such lead")
    lead = find_lead(records, lead_id)
    if bulk_act.act == "discard" and lead.review == "discarded":
        return True
    if lead.review not in QUARANTINE_STAGES:
        raise Refused(f"lead {lead_id} is {lead.review_at(now)}, not in quarantine")
    QUARANTINE_ACTS[bulk_act.act](records, lead_id, bulk_act.by, now, "")
    return False
