"""Judges a waiting lead again: its person has proved the address, or the agency releases it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from capture.campaign.model import Answer
from capture.errors import Refused
from capture.intake.arrival import Arrival
from capture.intake.gate import KINDS_WITH_KEYS, GateResult, judge_at_gate, judged_event
from capture.intake.submission import Submission
from capture.lead.identity import keys_to_match, keys_to_store
from capture.lead.model import Lead
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import Keys, PersonalData
from capture.qualification.verdict import CriterionResult, Verdict


def judge_again(records: WriteTransaction, lead: Lead, now: datetime) -> GateResult:
    """Appends the gate's new result for a lead whose stage is `received` again.

    Its verdict stays the one of its receipt (rule 19 of docs/rules.md). Suppression, duplicates and
    caps are asked as of `now`; caps by the month of receipt. Raises `Refused` if its answers were
    erased.
    """
    personal_data = records.people.personal_data(lead.lead_id)
    if personal_data is None:
        raise Refused(f"lead {lead.lead_id}: its answers were erased, so it cannot be delivered")
    answers = personal_data.answers
    verdict = stored_verdict(records, lead, personal_data)
    gate_result, keys = append_judgement(records, lead, answers, verdict, now)
    records.people.save_keys(lead.lead_id, lead.client, keys)
    return gate_result


def append_judgement(
    records: WriteTransaction,
    lead: Lead,
    answers: Mapping[str, Answer],
    verdict: Verdict,
    now: datetime,
) -> tuple[GateResult, Keys]:
    """Judges a lead at the gate again and appends the event. Risk signals do not count, because a
    person has checked the lead. Returns the gate's result, and the identity keys to store."""
    arrival = Arrival(
        saved_campaign(records, lead.campaign, lead.version),
        Submission(answers, lead.consent, test=lead.test, source=lead.source),
        keys_to_match(answers),
        verdict,
        received_at=lead.received_at,
        now=now,
        needs_explicit_acceptance=lead.needs_explicit_acceptance,
        is_checked=True,
        is_confirmed=lead.confirmed,
        is_free_over_cap=lead.free_over_cap,
    )
    gate_result = judge_at_gate(records, arrival)
    records.append(judged_event(lead.lead_id, arrival, gate_result, now))
    has_keys = gate_result.kind in KINDS_WITH_KEYS and not lead.test
    return gate_result, keys_to_store(answers) if has_keys else {}


def stored_verdict(reading: ReadTransaction, lead: Lead, personal_data: PersonalData) -> Verdict:
    """The verdict of the lead's newest judgement, as its events and its personal data hold it."""
    newest: Mapping[str, Any] = {}
    for recorded in reading.events.select(lead_id=lead.lead_id):
        newest = recorded.event.data.get("verdict", newest)
    criteria = tuple(
        CriterionResult(
            id=result["id"],
            rule=result["rule"],
            value=personal_data.judged.get(result["id"]),
            passed=result["passed"],
            reason=personal_data.reasons.get(result["id"], ""),
        )
        for result in newest["criteria"]
    )
    return Verdict(newest["passed"], criteria, newest["rule_data"])
