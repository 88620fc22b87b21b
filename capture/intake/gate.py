"""Judges a submission: spam, suppressed, duplicate, over a cap, or its verdict (rules 2 to 8)."""

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
_SHORT: Final = ("full_name", "company", "job_title")


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
    if any(_LINK.search(str(answers.get(name, ""))) for name in _SHORT):
        signals.append("link_in_name")
    if any(
        len(_LINK.findall(value)) >= LINKS_IN_TEXT
        for value in answers.values()
        if isinstance(value, str)
    ):
        signals.append("many_links")
    return tuple(signals)


def is_spam(signals: tuple[str, ...]) -> bool:
    """Whether the honeypot was filled, or any two signals fit; one other signal is not enough."""
    return DECISIVE in signals or len(signals) > 1


# A submission, and its result.


FORM: Final = "form"
"""The source of what a visitor sent by a form."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One form as sent, with every field checked."""

    answers: Mapping[str, Answer]
    consent: Consent
    """What was ticked, and the campaign version whose form and consent text were shown (rules 16
    and 35). If no form was shown, the lawful basis."""
    one_time_id: str = ""
    """A script makes one each time the form is filled; empty without script (rule 1)."""
    spam_signals: tuple[str, ...] = ()
    first_touch: Mapping[str, str] = field(default_factory=dict)
    last_touch: Mapping[str, str] = field(default_factory=dict)
    test: bool = False
    source: str = FORM
    unverified: Mapping[str, str] = field(default_factory=dict)
    """By field: text that is no valid answer: optional contact data that looks wrong, or, of a
    robot's post, every faulty field. No criterion and no identity key uses it."""


BLOCKING = frozenset({"qualified", "accepted", "rejected"})
"""Stages of a lead that make the person's next one a duplicate (rule 2)."""

REFUSED = frozenset({"disqualified"})
"""Stages of a lead that is shown beside the person's next one (rule 3)."""


class CampaignClosed(Refused):
    """The campaign is closed or paused: it takes no leads now (rule 18)."""


@dataclass(frozen=True, slots=True)
class GateResult:
    """The lead's new stage as an event kind, and why, in codes and ids (no personal data)."""

    kind: EventKind
    details: dict[str, Any]


def check_open(records: ReadTransaction, campaign: Campaign, now: datetime) -> None:
    """Raises `CampaignClosed` if the campaign takes no leads at `now`."""
    slug = campaign.slug
    if records.campaigns.is_paused(slug):
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


def judge_at_gate(records: ReadTransaction, arrival: Arrival) -> GateResult:
    """Spam, suppressed, duplicate, disqualified, over the cap, or qualified: the first that fits.

    Test leads skip the suppression list, duplicates and caps (rule 5).
    """
    submission, client = arrival.submission, arrival.campaign.client
    if is_spam(submission.spam_signals):
        return GateResult(EventKind.SPAM, {"signals": list(submission.spam_signals)})
    if submission.test:
        return _judged(arrival, {})
    if records.people.is_suppressed(client, arrival.keys):
        return GateResult(EventKind.SUPPRESSED, {})
    same = _matching(records, arrival, _duplicate_keys(arrival), BLOCKING)
    if same:
        return GateResult(EventKind.DUPLICATE, {"duplicate_of": same[0].lead_id})
    reason = _earlier_refusals(records, arrival)
    if arrival.verdict.passed:
        reason |= _over_cap(records, arrival)
    return _judged(arrival, reason)


def _judged(arrival: Arrival, reason: dict[str, Any]) -> GateResult:
    if not arrival.verdict.passed:
        return GateResult(EventKind.DISQUALIFIED, reason)
    if "cap" in reason and not reason["free_over_cap"]:
        return GateResult(EventKind.OVER_CAP, reason)
    if arrival.needs_explicit_acceptance:
        reason = reason | {"needs_explicit_acceptance": True}
    # With notice = "none" the review window starts at qualification, otherwise when notified.
    if arrival.campaign.review.notice is Notice.NONE and not reason.get(
        "needs_explicit_acceptance"
    ):
        reason = reason | {"deadline": show_time(deadline(arrival.campaign, arrival.now))}
    return GateResult(EventKind.QUALIFIED, reason)


def _duplicate_keys(arrival: Arrival) -> Keys:
    """The identity keys that the campaign's duplicate rule uses."""
    return select_keys(arrival.keys, {key.value for key in arrival.campaign.duplicates.keys})


def _matching(
    records: ReadTransaction, arrival: Arrival, keys: Keys, stages: frozenset[str]
) -> Sequence[Lead]:
    """Earlier leads with any of the keys, in the rule's scope and window (rule 2)."""
    campaign = arrival.campaign
    window, scope = campaign.duplicates.window, campaign.duplicates.scope
    since = None if window == "for ever" else arrival.now - timedelta(days=window)
    where = campaign.slug if scope == "campaign" else None
    return records.leads.matching(campaign.client, keys, DuplicateQuery(stages, since, where))


def _earlier_refusals(records: ReadTransaction, arrival: Arrival) -> dict[str, Any]:
    """Rule 3: earlier disqualified leads of the person, and whether a judged answer changed."""
    person = select_keys(arrival.keys, {"email", "phone"})
    refused = [
        lead
        for lead in _matching(records, arrival, person, REFUSED)
        if lead.campaign == arrival.campaign.slug
    ]
    if not refused:
        return {}
    value = judged_values(arrival.verdict)
    changed = any(_differs(records.people.personal_data(lead.lead_id), value) for lead in refused)
    return {"earlier": [lead.lead_id for lead in refused], "needs_explicit_acceptance": changed}


def judged_values(verdict: Verdict) -> dict[str, str]:
    """By criterion: the judged value, as text."""
    return {result.id: _text(result.value) for result in verdict.criteria}


def _text(value: Answer | None) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)


def _differs(personal_data: PersonalData | None, raw: Mapping[str, str]) -> bool:
    if personal_data is None:  # erased: it cannot be compared
        return True
    return any(
        raw.get(criterion, value) != value for criterion, value in personal_data.judged.items()
    )


def _over_cap(records: ReadTransaction, arrival: Arrival) -> dict[str, Any]:
    """Which lead cap is reached (rules 7 and 8), and whether the lead is then free; else empty."""
    campaign = arrival.campaign
    caps, month = campaign.caps, month_of(arrival.now, campaign)
    company = select_keys(arrival.keys, {"company_domain"})
    full = {
        "leads_a_month": caps.leads_a_month is not None
        and records.campaigns.count_towards_cap(campaign, month) >= caps.leads_a_month,
        "leads_a_company": caps.leads_a_company is not None
        and bool(company)
        and records.campaigns.count_towards_cap(campaign, month, company) >= caps.leads_a_company,
    }
    reached = next((cap for cap, is_full in full.items() if is_full), None)
    return {} if reached is None else {"cap": reached, "free_over_cap": caps.over == "free"}


# The event of a judgement, at receipt and after a correction.


RECOGNISED: Final = frozenset({EventKind.QUALIFIED, EventKind.DISQUALIFIED, EventKind.UNCONFIRMED})
"""Only these keep identity keys; spam, duplicates and the rest block no later lead (rule 2)."""


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
