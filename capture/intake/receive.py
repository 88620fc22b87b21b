"""Receives one submission, in one transaction.

The visitor sees "thank you" only after the commit. Duplicates and caps hold for simultaneous
submissions. One submission may also change earlier leads: if its risk signals are about a group,
the undecided leads of that group go into quarantine in the same transaction (rule 36 of
docs/rules.md).
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from capture.campaign.model import Campaign
from capture.errors import Refused
from capture.intake.arrival import Arrival
from capture.intake.gate import (
    KINDS_WITH_KEYS,
    GateResult,
    check_open,
    judge_at_gate,
    judged_event,
    judged_values,
)
from capture.intake.quarantine import hold_back
from capture.intake.risk import RiskSignal, as_data, needs_quarantine
from capture.intake.submission import HONEYPOT, UNKNOWN_FORM, Submission, is_spam
from capture.intake.submission_traits import traits_of
from capture.lead.consent import Consent
from capture.lead.events import Actor, Event, EventKind
from capture.lead.identity import keys_to_match, keys_to_store
from capture.lead.review_window import month_of
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.types import Note, PersonalData
from capture.qualification.criteria import qualify
from capture.qualification.verdict import Verdict

SAME_ANSWERS: Final = timedelta(minutes=10)
"""Without a one-time id, identical answers within this time are one submission.

See rule 1 of docs/rules.md.
"""

SPAM_STORED_PER_DAY: Final = 500
"""Beyond this number of spam leads, for each campaign and day, only the events are stored, so that
robots cannot fill the disk. The count starts again each month."""

_LETTERS: Final = b"23456789abcdefghijkmnpqrstuvwxyz" * 8


class FormOutdated(Refused):
    """The form's version is not in this ledger; show today's form instead."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The result of a submission, for the agency; the visitor sees only "thank you" (rule 6)."""

    lead_id: str
    is_repeat: bool
    """The same submission was received before; `lead_id` is its lead (rule 1)."""
    gate_result: GateResult | None = None
    """The gate's result; None if the submission was received before."""


def receive_submission(
    records: WriteTransaction, campaign: Campaign, submission: Submission, now: datetime
) -> Receipt:
    """Receives a submission. To be run by `Ledger.transact`, which may retry it.

    Raises `CampaignClosed` or `FormOutdated` with nothing written.
    """
    fingerprint = _fingerprint(campaign, submission)
    one_time_id = submission.one_time_id and f"{campaign.slug}\n{submission.one_time_id}"
    earlier_lead = records.people.submitted_lead(one_time_id, fingerprint, now - SAME_ANSWERS)
    if earlier_lead is not None:
        return Receipt(earlier_lead, is_repeat=True)
    check_open(records, campaign, now)
    records.campaigns.save_version(campaign, now)
    submission = _with_known_consent(records, campaign, submission)

    lead_id = new_lead_id()
    keys = keys_to_match(submission.answers)
    verdict = qualify(campaign, submission.answers)
    traits = traits_of(campaign, submission)
    arrival = Arrival(campaign, submission, keys, verdict, received_at=now, now=now, traits=traits)
    gate_result = judge_at_gate(records, arrival)
    records.append(
        _received_event(records, lead_id, arrival), judged_event(lead_id, arrival, gate_result, now)
    )
    personal_data = _personal_data(submission, verdict)
    if gate_result.kind is EventKind.SPAM and _is_flood(records, campaign, now):
        personal_data = PersonalData({})
    records.people.save_personal_data(campaign.slug, lead_id, personal_data)
    records.people.save_submission(one_time_id, fingerprint, now, lead_id)
    if gate_result.kind in KINDS_WITH_KEYS and not submission.test:
        records.people.save_keys(lead_id, campaign.client, keys_to_store(submission.answers))
    if traits is not None and gate_result.kind is not EventKind.SPAM:
        is_usual = gate_result.kind is not EventKind.QUARANTINED
        records.traits.save(lead_id, campaign.slug, traits, now, is_usual=is_usual)
    _quarantine_group(records, campaign, gate_result.signals, now)
    if submission.by:
        records.people.save_note(
            Note(lead_id, EventKind.RECEIVED.value, submission.by.strip(), "", now)
        )
    return Receipt(lead_id, is_repeat=False, gate_result=gate_result)


def new_lead_id() -> str:
    """Twelve random characters, 60 bits, without 0, 1, l and o, which are easily misread."""
    return secrets.token_bytes(12).translate(_LETTERS).decode()


def _with_known_consent(
    records: WriteTransaction, campaign: Campaign, submission: Submission
) -> Submission:
    """The submission, if its consent is to a wording that is known.

    Raises `FormOutdated` if the campaign has no such version: consent to an unknown wording is no
    consent. For spam it is removed instead, so that a robot sees no error. With a filled honeypot,
    the unknown version is a second signal.
    """
    if _is_known(records, campaign, submission.consent):
        return submission
    signals = submission.spam_signals
    if HONEYPOT in signals:
        signals = (*signals, UNKNOWN_FORM)
    if not is_spam(signals):
        raise FormOutdated("This form has changed since you opened it.")
    consent = replace(submission.consent, version=None)
    return replace(submission, consent=consent, spam_signals=signals)


def _is_known(records: WriteTransaction, campaign: Campaign, consent: Consent) -> bool:
    """Whether the ledger has the wording of the consent, or there is a lawful basis instead."""
    if consent.basis is not None or consent.version == campaign.version:
        return True
    if not consent.version:
        return False
    return records.campaigns.version_text(campaign.slug, consent.version) is not None


def _quarantine_group(
    records: WriteTransaction, campaign: Campaign, signals: Iterable[RiskSignal], now: datetime
) -> None:
    """Puts the undecided earlier leads of a new lead's groups into quarantine."""
    own_signals: defaultdict[str, list[RiskSignal]] = defaultdict(list)
    for signal in signals:
        for lead_id in signal.members:
            own_signals[lead_id].append(signal)
    for lead in records.traits.undecided(list(own_signals)):
        if needs_quarantine(campaign.quarantine, own_signals[lead.lead_id]):
            hold_back(records, lead, as_data(own_signals[lead.lead_id]), now)


def _is_flood(records: WriteTransaction, campaign: Campaign, now: datetime) -> bool:
    """Whether so much spam came within a day that only its event is stored."""
    month = month_of(now, campaign)
    number = SPAM_STORED_PER_DAY + 1  # this lead is counted too
    received_at = records.campaigns.spam_received(campaign.slug, month, number)
    return received_at is not None and received_at > now - timedelta(days=1)


def _fingerprint(campaign: Campaign, submission: Submission) -> str:
    """Text that is the same for identical answers; only its keyed hash is stored."""
    answers = sorted((name, repr(value)) for name, value in submission.answers.items())
    unverified = sorted(submission.unverified.items())
    return repr((campaign.slug, submission.test, submission.source, answers, unverified))


def _received_event(reading: ReadTransaction, lead_id: str, arrival: Arrival) -> Event:
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
    if submission.by:
        data["by"] = reading.people.pseudonym(campaign.client, submission.by)
    return Event(
        campaign=campaign.slug,
        lead_id=lead_id,
        kind=EventKind.RECEIVED,
        occurred_at=now,
        recorded_at=now,
        actor=actor,
        data=data,
    )


def _personal_data(submission: Submission, verdict: Verdict) -> PersonalData:
    return PersonalData(
        answers=submission.answers,
        judged=judged_values(verdict),
        reasons={result.id: result.reason for result in verdict.criteria},
        first_touch=submission.first_touch,
        last_touch=submission.last_touch,
        unverified=submission.unverified,
        page=submission.page,
    )
