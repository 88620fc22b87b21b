"""The work of taking one submission, all in one transaction.

A visitor is thanked only for what is on disk, and the rules on duplicates and caps hold however
many arrive at once.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from capture.campaign.model import Campaign
from capture.errors import Refused
from capture.intake.gate import (
    RECOGNISED,
    Arrival,
    GateResult,
    Submission,
    check_open,
    is_spam,
    judge_at_gate,
    judged_event,
    judged_values,
)
from capture.lead.consent import Consent
from capture.lead.events import Actor, Event, EventKind, parse_time
from capture.lead.identity import keys_to_keep, keys_to_match
from capture.lead.review_window import month_of
from capture.ledger.facts import Message, PersonalData
from capture.ledger.protocol import Records
from capture.qualification.criteria import qualify
from capture.qualification.verdict import Verdict

SAME_ANSWERS: Final = timedelta(minutes=10)
"""Without a one-time id, identical answers within this time are one submission (rule 1)."""

SPAM_KEPT_A_DAY: Final = 500
"""Of more spam of a campaign within a day the events alone are kept: robots must not fill a disk.
At a month's beginning the count begins anew."""

_LETTERS: Final = b"23456789abcdefghijkmnpqrstuvwxyz" * 8


class FormOutdated(Refused):
    """The form was shown in a version that this ledger does not hold; show today's instead."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a submission led to. For us: the visitor is told nothing but thanks (rule 6)."""

    lead_id: str
    again: bool
    """The same submission was here before, and this is the lead that it made (rule 1)."""
    outcome: GateResult | None = None
    """What became of it at the door; None for one that was here before."""


def receive_submission(
    records: Records, campaign: Campaign, submission: Submission, now: datetime
) -> Receipt:
    """Takes a submission, for `Ledger.transact`. Rerunnable: nothing but `records` changes.

    Raises `CampaignClosed` or `FormOutdated` with nothing written.
    """
    fingerprint = _fingerprint(campaign, submission)
    one_time_id = submission.one_time_id and f"{campaign.slug}\n{submission.one_time_id}"
    text = records.people.submitted_lead(one_time_id, fingerprint, now - SAME_ANSWERS)
    if text is not None:
        return Receipt(text, again=True)
    check_open(records, campaign, now)
    records.campaigns.save_version(campaign, now)
    submission = replace(submission, consent=_consent(records, campaign, submission))

    lead_id = new_lead_id()
    keys = keys_to_match(submission.answers)
    verdict = qualify(campaign, submission.answers)
    arrival = Arrival(campaign, submission, keys, verdict, now)
    outcome = judge_at_gate(records, arrival)
    records.append(_received(lead_id, arrival), judged_event(lead_id, arrival, outcome, now))
    personal_data = _personal_data(submission, verdict)
    if outcome.kind is EventKind.SPAM and _is_flood(records, campaign, now):
        personal_data = PersonalData({})
    records.people.save_personal_data(campaign.slug, lead_id, personal_data)
    records.people.save_submission(one_time_id, fingerprint, now, lead_id)
    if outcome.kind in RECOGNISED and not submission.test:
        records.people.save_keys(lead_id, campaign.client, keys_to_keep(submission.answers))
    if outcome.kind is EventKind.QUALIFIED:
        ends = outcome.details.get("deadline")
        records.outbox.queue(Message(lead_id, "lead_qualified", now, ends and parse_time(ends)))
    return Receipt(lead_id, again=False, outcome=outcome)


def new_lead_id() -> str:
    """Twelve characters that nobody guesses or misreads (60 random bits; no 0, 1, l, o)."""
    return secrets.token_bytes(12).translate(_LETTERS).decode()


def _consent(records: Records, campaign: Campaign, submission: Submission) -> Consent:
    """The consent with the version that was shown, or without one that is none of the campaign's.

    Raises `FormOutdated` for such a one, since whose words are unknown agrees to nothing. A robot
    is thanked instead: what it claims to have seen is kept if it can be, and is no reason.
    """
    consent = submission.consent
    if consent.version == campaign.version or consent.basis is not None:
        return consent
    if (
        consent.version
        and records.campaigns.version_text(campaign.slug, consent.version) is not None
    ):
        return consent
    if not is_spam(submission.spam_signals):
        raise FormOutdated("This form has changed since you opened it.")
    return replace(consent, version=None)


def _is_flood(records: Records, campaign: Campaign, now: datetime) -> bool:
    """Whether so much spam came within a day that what it typed is kept no more."""
    month = month_of(now, campaign)
    earlier = records.campaigns.spam_received(
        campaign.slug, month, SPAM_KEPT_A_DAY + 1
    )  # and this one
    return earlier is not None and earlier > now - timedelta(days=1)


def _fingerprint(campaign: Campaign, submission: Submission) -> str:
    """Identical answers give identical text; only its keyed hash is ever stored."""
    answers = sorted((name, repr(value)) for name, value in submission.answers.items())
    others = sorted(submission.unverified.items())
    return repr((campaign.slug, submission.test, submission.source, answers, others))


def _received(lead_id: str, arrival: Arrival) -> Event:
    campaign, submission, now = arrival.campaign, arrival.submission, arrival.now
    data = {
        "client": campaign.client,
        "consent_given": submission.consent.given,
        "consent_version": submission.consent.version,
        "month": month_of(now, campaign),
        "source": submission.source,
        "test": submission.test,
        "version": campaign.version,
    }
    actor = Actor.VISITOR
    if submission.consent.basis is not None:
        data["basis"], actor = submission.consent.basis, Actor.AGENCY
    return Event(campaign.slug, lead_id, EventKind.RECEIVED, now, now, actor, data)


def _personal_data(submission: Submission, verdict: Verdict) -> PersonalData:
    return PersonalData(
        answers=submission.answers,
        judged=judged_values(verdict),
        reasons={result.id: result.reason for result in verdict.criteria},
        first_touch=submission.first_touch,
        last_touch=submission.last_touch,
        unverified=submission.unverified,
    )
