"""Judges a submission: spam, suppressed, duplicate, over a cap, or its verdict.

The order of the checks is that of rules 2 to 8 of docs/rules.md.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from capture.campaign.model import Answer, Campaign, Notice
from capture.errors import Hint, Refused
from capture.lead.consent import Consent
from capture.lead.events import Actor, Event, EventKind, show_time
from capture.lead.identity import select_keys
from capture.lead.model import Lead
from capture.lead.review_window import deadline, month_of
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import DuplicateQuery, Keys, PersonalData
from capture.qualification.verdict import Verdict

# Spam signals. They are codes, because events keep no text of a visitor.


DECISIVE: Final = "honeypot"
"""Visitors cannot see that field, so this signal is enough alone."""

LINKS_IN_TEXT: Final = 3
_LINK = re.compile(r"https?://|www\.|\[url|<a\s", re.IGNORECASE)
_SHORT_FIELDS: Final = ("full_name", "company", "job_title")


def spam_signals(
    answers: Mapping[str, Answer],
    *,
    honeypot: bool,
    seconds: float | None,
    min_fill_seconds: float,
) -> tuple[str, ...]:
    """The spam signals of one submission.

    `seconds` is the time taken to fill the form; None if the page ran no script.
    """
    signals = []
    if honeypot:
        signals.append(DECISIVE)
    if seconds is not None and seconds < min_fill_seconds:
        signals.append("too_fast")
    if any(_LINK.search(str(answers.get(name, ""))) for name in _SHORT_FIELDS):
        signals.append("link_in_name")
    if any(
        len(_LINK.findall(value)) >= LINKS_IN_TEXT
        for value in answers.values()
        if isinstance(value, str)
    ):
        signals.append("many_links")
    return tuple(signals)


def is_spam(signals: tuple[str, ...]) -> bool:
    """Whether the honeypot was filled, or there are two signals; one other signal is not enough."""
    return DECISIVE in signals or len(signals) > 1


# A submission, and its result.


FORM: Final = "form"
"""The source of a submission that a visitor sent by a form."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One form as sent, with every field checked."""

    answers: Mapping[str, Answer]
    consent: Consent
    """What was ticked, and the campaign version whose form and consent text were shown (rules 16
    and 35). If no form was shown, the lawful basis."""
    one_time_id: str = ""
    """The page's script makes a new one for each form; empty without script (rule 1)."""
    spam_signals: tuple[str, ...] = ()
    first_touch: Mapping[str, str] = field(default_factory=dict)
    last_touch: Mapping[str, str] = field(default_factory=dict)
    test: bool = False
    source: str = FORM
    unverified: Mapping[str, str] = field(default_factory=dict)
    """By field: text that is no valid answer: optional contact data that looks wrong, or, of a
    robot's post, every faulty field. No criterion and no identity key uses it."""


BLOCKING_STAGES = frozenset({"qualified", "accepted", "rejected"})
"""Stages of a lead that make the person's next lead a duplicate (rule 2)."""

REFUSED_STAGES = frozenset({"disqualified"})
"""Stages of a lead that the event of the person's next lead names (rule 3)."""


class CampaignClosed(Refused):
    """The campaign is closed or paused: it takes no leads now (rule 18)."""


@dataclass(frozen=True, slots=True)
class GateResult:
    """The lead's new stage as an event kind, and why, in codes and ids (no personal data)."""

    kind: EventKind
    details: dict[str, Any]


def check_open(reading: ReadTransaction, campaign: Campaign, now: datetime) -> None:
    """Raises `CampaignClosed` if the campaign takes no leads at `now`."""
    slug = campaign.slug
    if reading.campaigns.is_paused(slug):
        raise CampaignClosed(f"campaign {slug} is paused", Hint.RESUME, campaign=slug)
    if not campaign.is_open(now):
        raise CampaignClosed(f"campaign {slug} is closed by its dates; change `opens` or `closes`")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One submission with all that the gate needs to judge it."""

    campaign: Campaign
    submission: Submission
    keys: Keys
    verdict: Verdict
    now: datetime
    """The time of receipt; duplicates and caps are counted from it."""
    needs_explicit_acceptance: bool = False
    """Whether only an explicit acceptance can make it billable (rule 15)."""


def judge_at_gate(reading: ReadTransaction, arrival: Arrival) -> GateResult:
    """The first that applies: spam, suppressed, duplicate, disqualified, over the cap, qualified.

    Test leads skip the suppression list, duplicates and caps (rule 5).
    """
    submission, client = arrival.submission, arrival.campaign.client
    if is_spam(submission.spam_signals):
        return GateResult(EventKind.SPAM, {"signals": list(submission.spam_signals)})
    if submission.test:
        return _result_of_verdict(arrival, {})
    if reading.people.is_suppressed(client, arrival.keys):
        return GateResult(EventKind.SUPPRESSED, {})
    duplicates = _matching(reading, arrival, _duplicate_keys(arrival), BLOCKING_STAGES)
    if duplicates:
        return GateResult(EventKind.DUPLICATE, {"duplicate_of": duplicates[0].lead_id})
    details = _earlier_refusals(reading, arrival)
    if arrival.verdict.passed:
        details |= _reached_cap(reading, arrival)
    return _result_of_verdict(arrival, details)


def _result_of_verdict(arrival: Arrival, details: dict[str, Any]) -> GateResult:
    if not arrival.verdict.passed:
        return GateResult(EventKind.DISQUALIFIED, details)
    if "cap" in details and not details["free_over_cap"]:
        return GateResult(EventKind.OVER_CAP, details)
    if arrival.needs_explicit_acceptance:
        details = details | {"needs_explicit_acceptance": True}
    # With notice = "none" the review window starts at qualification, otherwise when notified.
    if arrival.campaign.review.notice is Notice.NONE and not details.get(
        "needs_explicit_acceptance"
    ):
        details = details | {"deadline": show_time(deadline(arrival.campaign, arrival.now))}
    return GateResult(EventKind.QUALIFIED, details)


def _duplicate_keys(arrival: Arrival) -> Keys:
    """The identity keys that the campaign's duplicate rule uses."""
    return select_keys(arrival.keys, {key.value for key in arrival.campaign.duplicates.keys})


def _matching(
    reading: ReadTransaction, arrival: Arrival, keys: Keys, stages: frozenset[str]
) -> Sequence[Lead]:
    """Earlier leads with any of the keys, in the rule's scope and window (rule 2)."""
    campaign = arrival.campaign
    window, scope = campaign.duplicates.window, campaign.duplicates.scope
    since = None if window == "for ever" else arrival.now - timedelta(days=window)
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
    caps, month = campaign.caps, month_of(arrival.now, campaign)
    company = select_keys(arrival.keys, {"company_domain"})
    is_full = {
        "leads_a_month": caps.leads_a_month is not None
        and reading.campaigns.count_towards_cap(campaign, month) >= caps.leads_a_month,
        "leads_a_company": caps.leads_a_company is not None
        and bool(company)
        and reading.campaigns.count_towards_cap(campaign, month, company) >= caps.leads_a_company,
    }
    reached = next((cap for cap, full in is_full.items() if full), None)
    return {} if reached is None else {"cap": reached, "free_over_cap": caps.over == "free"}


# The event of a judgement, at receipt and after a correction.


KINDS_WITH_KEYS: Final = frozenset(
    {EventKind.QUALIFIED, EventKind.DISQUALIFIED, EventKind.UNCONFIRMED}
)
"""Only these leads have identity keys stored; any other blocks no later lead (rule 2)."""


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
