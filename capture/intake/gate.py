"""Judges a submission at the gate: its first stage, and why.

The order of the checks is that of rule 36 of docs/rules.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from capture.campaign.model import Answer, Campaign, Confirm, Notice
from capture.errors import Hint, Refused
from capture.intake.arrival import Arrival
from capture.intake.risk import RiskSignal, as_data, needs_quarantine, risk_signals
from capture.intake.submission import FORM, is_spam
from capture.lead.events import Actor, Event, EventKind, show_time
from capture.lead.identity import select_keys
from capture.lead.model import Lead
from capture.lead.moves import VISIBLE_TO_CLIENT
from capture.lead.review_window import deadline, month_of
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import DuplicateQuery, Keys, PersonalData
from capture.qualification.verdict import Verdict

_BLOCKING_STAGES = VISIBLE_TO_CLIENT
"""Stages of a lead that make the person's next lead a duplicate (rule 2): the client has the lead.
`held_back` is one of them, because the release of such a lead does not check for duplicates."""

_UNCONFIRMED_STAGES = frozenset({"unconfirmed"})
"""Stages of a lead whose letter the person's next submission asks for again (rule 2)."""

REFUSED_STAGES = frozenset({"disqualified"})
"""Stages of a lead that the event of the person's next lead names (rule 3)."""


CONFIRMATION_TIME: Final = timedelta(days=7)
"""How long the link in a confirmation letter works. Afterwards the lead expires."""


class CampaignClosed(Refused):
    """The campaign is closed or paused: it takes no leads now (rule 18)."""


@dataclass(frozen=True, slots=True)
class GateResult:
    """The lead's new stage as an event kind, and why, in codes and ids (no personal data)."""

    kind: EventKind
    details: dict[str, Any]
    signals: tuple[RiskSignal, ...] = ()
    """The risk signals of a quarantined lead."""


def check_open(reading: ReadTransaction, campaign: Campaign, now: datetime) -> None:
    """Raises `CampaignClosed` if the campaign takes no leads at `now`."""
    slug = campaign.slug
    if reading.campaigns.is_paused(slug):
        raise CampaignClosed(f"campaign {slug} is paused", Hint.RESUME, campaign=slug)
    if not campaign.is_open(now):
        raise CampaignClosed(f"campaign {slug} is closed by its dates; change `opens` or `closes`")


def judge_at_gate(reading: ReadTransaction, arrival: Arrival) -> GateResult:
    """The first that applies: spam, suppressed, duplicate, disqualified, quarantined, over the cap,
    unconfirmed, qualified.

    Test leads skip the suppression list, duplicates, quarantine and caps (rule 5).
    """
    submission, client = arrival.submission, arrival.campaign.client
    if is_spam(submission.spam_signals):
        return GateResult(EventKind.SPAM, {"signals": list(submission.spam_signals)})
    if submission.test:
        return _result_of_verdict(arrival, {})
    if reading.people.is_suppressed(client, arrival.keys):
        return GateResult(EventKind.SUPPRESSED, {})
    duplicate = _duplicate(reading, arrival)
    if duplicate is not None:
        return duplicate
    details = _earlier_refusals(reading, arrival)
    if arrival.verdict.passed:
        signals = () if arrival.is_checked else risk_signals(reading, arrival)
        if signals:  # also if their sum is too low: a domain without mail may be added later
            details |= {"signals": as_data(signals)}
        if needs_quarantine(arrival.campaign.quarantine, signals):
            return GateResult(EventKind.QUARANTINED, details, signals)
        details |= _reached_cap(reading, arrival)
    return _result_of_verdict(arrival, details)


def _duplicate(reading: ReadTransaction, arrival: Arrival) -> GateResult | None:
    """A match with a lead that the client has, or with one that still waits for its person: that
    lead's letter is sent again then (rule 2). None if there is no match."""
    keys = select_keys(arrival.keys, {key.value for key in arrival.campaign.duplicates.keys})
    duplicates = _matching(reading, arrival, keys, _BLOCKING_STAGES)
    if duplicates:
        return GateResult(EventKind.DUPLICATE, {"duplicate_of": duplicates[0].lead_id})
    # Only by the address: the letter must reach the person who sent the form just now.
    waiting = [
        lead
        for lead in _matching(reading, arrival, select_keys(keys, {"email"}), _UNCONFIRMED_STAGES)
        if lead.campaign == arrival.campaign.slug and not lead.is_expired_at(arrival.now)
    ]
    if waiting and not arrival.is_confirmed:
        details = {"duplicate_of": waiting[0].lead_id, "asks_again": True}
        return GateResult(EventKind.DUPLICATE, details)
    return None


def _result_of_verdict(arrival: Arrival, details: dict[str, Any]) -> GateResult:
    campaign = arrival.campaign
    if not arrival.verdict.passed:
        return GateResult(EventKind.DISQUALIFIED, details)
    if arrival.is_free_over_cap:
        details = details | {"free_over_cap": True}
    if "cap" in details and not details["free_over_cap"]:
        return GateResult(EventKind.OVER_CAP, details)
    is_proved = campaign.confirm is Confirm.NONE or arrival.is_confirmed
    is_form = arrival.submission.source == FORM
    # An imported lead gets no letter, so nobody can prove its address.
    if arrival.needs_explicit_acceptance or not (is_proved or is_form):
        details = details | {"needs_explicit_acceptance": True}
    if is_form and not is_proved:
        until = show_time(arrival.now + CONFIRMATION_TIME)
        return GateResult(EventKind.UNCONFIRMED, details | {"until": until})
    # With notice = "none" the review window starts at qualification, otherwise when notified.
    if campaign.review.notice is Notice.NONE and not details.get("needs_explicit_acceptance"):
        details = details | {"deadline": show_time(deadline(campaign, arrival.now))}
    return GateResult(EventKind.QUALIFIED, details)


def _matching(
    reading: ReadTransaction, arrival: Arrival, keys: Keys, stages: frozenset[str]
) -> Sequence[Lead]:
    """Earlier leads with any of the keys, in the rule's scope and window (rule 2)."""
    campaign = arrival.campaign
    window, scope = campaign.duplicates.window, campaign.duplicates.scope
    since = None if window == "for ever" else arrival.received_at - timedelta(days=window)
    where = campaign.slug if scope == "campaign" else None
    return reading.leads.matching(campaign.client, keys, DuplicateQuery(stages, since, where))


def _earlier_refusals(reading: ReadTransaction, arrival: Arrival) -> dict[str, Any]:
    """Rule 3: earlier disqualified leads of the person, and whether a judged answer changed."""
    person = select_keys(arrival.keys, {"email", "phone"})
    refused = [
        lead
        for lead in _matching(reading, arrival, person, REFUSED_STAGES)
        if lead.campaign == arrival.campaign.slug
    ]
    if not refused:
        return {}
    judged = judged_values(arrival.verdict)
    changed = any(_differs(reading.people.personal_data(lead.lead_id), judged) for lead in refused)
    return {"earlier": [lead.lead_id for lead in refused], "needs_explicit_acceptance": changed}


def judged_values(verdict: Verdict) -> dict[str, str]:
    """By criterion: the judged value, as text."""
    return {result.id: _text(result.value) for result in verdict.criteria}


def _text(value: Answer | None) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)


def _differs(personal_data: PersonalData | None, judged: Mapping[str, str]) -> bool:
    """Whether the answer that a criterion judged was another one in the earlier lead."""
    if personal_data is None:  # erased: it cannot be compared
        return True
    return any(
        judged.get(criterion, value) != value for criterion, value in personal_data.judged.items()
    )


def _reached_cap(reading: ReadTransaction, arrival: Arrival) -> dict[str, Any]:
    """The lead cap that is reached, and whether the lead is then free; empty if none is.

    Rules 7 and 8.
    """
    campaign = arrival.campaign
    caps, month = campaign.caps, month_of(arrival.received_at, campaign)
    company = select_keys(arrival.keys, {"company_domain"})
    count = partial(reading.campaigns.count_towards_cap, campaign, month, arrival.now)
    is_full = {
        "leads_a_month": caps.leads_a_month is not None and count() >= caps.leads_a_month,
        "leads_a_company": caps.leads_a_company is not None
        and bool(company)
        and count(company) >= caps.leads_a_company,
    }
    reached = next((cap for cap, full in is_full.items() if full), None)
    return {} if reached is None else {"cap": reached, "free_over_cap": caps.over == "free"}


# The event of a judgement, at receipt and after a correction.


KINDS_WITH_KEYS: Final = frozenset(
    {
        EventKind.QUALIFIED,
        EventKind.DISQUALIFIED,
        EventKind.QUARANTINED,
        EventKind.UNCONFIRMED,
    }
)
"""Only these leads have identity keys stored. No other can block a later lead (rule 2)."""


def judged_event(lead_id: str, arrival: Arrival, gate_result: GateResult, at: datetime) -> Event:
    """The event with the gate's result and the verdict."""
    data = {**gate_result.details, "verdict": _verdict_data(arrival.verdict)}
    return Event(
        campaign=arrival.campaign.slug,
        lead_id=lead_id,
        kind=gate_result.kind,
        occurred_at=at,
        recorded_at=at,
        actor=Actor.SYSTEM,
        data=data,
    )


def _verdict_data(verdict: Verdict) -> dict[str, Any]:
    """The verdict without the visitor's answers; those stay in the personal data (rule 31)."""
    return {
        "passed": verdict.passed,
        "rule_data": verdict.rule_data,
        "criteria": [
            {"id": result.id, "rule": result.rule, "passed": result.passed}
            for result in verdict.criteria
        ],
    }
