"""Corrects a lead by hand, or marks it as not spam, and judges it again.

See rule 15 of docs/rules.md.

The campaign version and the time of receipt stay the same. Duplicates, the suppression list and
the caps are checked as they are now. Only an explicit acceptance makes the lead billable.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from capture.campaign.model import Answer, Campaign
from capture.campaign.problems import suggestion
from capture.errors import Hint, Refused
from capture.form.campaign_form import as_form_values, check_values
from capture.intake.gate import judged_values
from capture.intake.judge_again import append_judgement
from capture.lead.consent import checked_basis
from capture.lead.events import Actor, EventKind
from capture.lead.fold import apply_event
from capture.lead.model import Lead, event_of
from capture.lead.moves import MOVES, Track
from capture.ledger.protocol import WriteTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import Note, PersonalData
from capture.qualification.criteria import qualify
from capture.review.acts import find_lead, record_held_meeting
from capture.text import is_blank, trim_invisible

_ADVICE: Final[Mapping[str, tuple[str, Hint | None]]] = {
    "accepted": (
        "the person who accepted it can undo that for 10 seconds; after that, only a credit note "
        "corrects its statement",
        Hint.WITHDRAW,
    ),
    "rejected": ("if that is wrong, dispute it", Hint.DISPUTE),
}
_OTHER_ADVICE: Final = ("send or import it as a new lead with the correct answers", None)


_CORRECTABLE: Final = frozenset(
    stage for stage, moves in MOVES[Track.REVIEW].items() if EventKind.CORRECTED in moves
)
"""Review stages of a lead that is not finally decided (rule 15)."""


_NOT_A_PERSON: Final = frozenset({"spam", "discarded"})
"""Stages of a lead that seems not to be from a real person. A correction must state that it is."""


@dataclass(frozen=True, slots=True)
class LeadCorrection:
    """A correction that a person at the agency makes."""

    lead_id: str
    by: str
    """The person's name as given."""
    typed: Mapping[str, str] = field(default_factory=dict)
    """By field: the correct answer, as a visitor would type it; empty for no answer."""
    not_spam: bool = False
    note: str = ""
    basis: str = ""
    """The lawful basis for keeping and passing on the data, if no consent was given (rule 35)."""


def correct_lead(records: WriteTransaction, correction: LeadCorrection, now: datetime) -> Lead:
    """Corrects a lead, judges it again, and returns it. To be run by `Ledger.transact`.

    Raises `Refused` with nothing written: for a lead that is decided, an unknown field, a faulty
    answer, a lead with neither consent nor basis, or if nothing would change.
    """
    lead = record_held_meeting(records, find_lead(records, correction.lead_id), now)
    if is_blank(correction.by):
        raise Refused("give the name of the person who does it", Hint.BY)
    stage = lead.review_at(now)
    _check_stage(lead, correction, now)
    basis = _basis(lead, correction)
    campaign = saved_campaign(records, lead.campaign, lead.version)
    personal_data = records.people.personal_data(lead.lead_id)
    if personal_data is None:
        raise Refused(f"lead {lead.lead_id} cannot be corrected: its answers were erased")
    corrected = _apply_correction(lead, campaign, personal_data, correction)
    changed = [
        name
        for name in campaign.fields
        if _current_answer(corrected, name) != _current_answer(personal_data, name)
    ]
    if not changed and not correction.not_spam:
        raise Refused(f"lead {lead.lead_id} has these answers already")
    # Written before it is judged: now it has no stage, so it is no duplicate of itself and does not
    # count towards a cap.
    by = records.people.pseudonym(lead.client, correction.by)
    data: dict[str, Any] = {"by": by, "fields": changed}
    data |= {"not_spam": True} if correction.not_spam else {}
    event = event_of(lead, EventKind.CORRECTED, Actor.AGENCY, now, **(data | basis))
    records.append(event)
    lead = apply_event(lead, event)
    note = trim_invisible(correction.note)
    records.people.save_note(
        Note(lead.lead_id, EventKind.CORRECTED.value, correction.by.strip(), note, now)
    )
    _judge_again(records, lead, campaign, corrected, now)
    if stage in {"quarantined", "held_back", "discarded"}:
        records.traits.set_usual(lead.lead_id, is_usual=True)
    return find_lead(records, lead.lead_id)


def is_correctable(lead: Lead, now: datetime) -> bool:
    """Whether the stage of the lead allows a correction, if its answers were not erased."""
    return lead.review_at(now) in _CORRECTABLE and not (lead.consent_withdrawn or lead.erased)


def needs_not_spam(lead: Lead, now: datetime) -> bool:
    """Whether a correction must state that the lead is from a real person."""
    return lead.review_at(now) in _NOT_A_PERSON


def _check_stage(lead: Lead, correction: LeadCorrection, now: datetime) -> None:
    stage = lead.review_at(now)
    if stage in _NOT_A_PERSON and not correction.not_spam:
        raise Refused(f"lead {lead.lead_id} is {stage}; mark it as not spam first", Hint.NOT_SPAM)
    if stage not in _NOT_A_PERSON and correction.not_spam:
        raise Refused(f"lead {lead.lead_id} is {stage}, not spam", Hint.IS_NO_SPAM)
    if lead.consent_withdrawn:  # a correction does not renew the consent (rule 35)
        raise Refused(
            f"lead {lead.lead_id}: its person withdrew the consent, so it cannot be corrected; "
            "the person gives a new consent only by sending the form again"
        )
    if stage in _CORRECTABLE:
        return
    is_silent = lead.is_silently_accepted_at(now)
    cause = f" by silence since {lead.deadline:%Y-%m-%d %H:%M:%S} UTC" if is_silent else ""
    instead, hint = _ADVICE.get(stage, _OTHER_ADVICE)
    raise Refused(
        f"lead {lead.lead_id} is {stage}{cause} and cannot be corrected any more; {instead}",
        hint,
        lead_id=lead.lead_id,
    )


def _basis(lead: Lead, correction: LeadCorrection) -> dict[str, str]:
    """The event's data on the lawful basis: a correction is no consent (rule 35)."""
    label, words = lead.consent.in_words()
    if lead.consent.is_lawful:
        if not is_blank(correction.basis):
            raise Refused(f"lead {lead.lead_id} has its {label} ({words}): leave out the basis")
        return {}
    if is_blank(correction.basis):
        raise Refused(
            f"lead {lead.lead_id}: {label} {words}; state the lawful basis on which its data are "
            "kept and passed on",
            Hint.BASIS,
        )
    return {"basis": checked_basis(correction.basis)}


def _apply_correction(
    lead: Lead, campaign: Campaign, personal_data: PersonalData, correction: LeadCorrection
) -> PersonalData:
    """The personal data with the correction applied.

    The form of the lead's version checks each typed answer. Other answers stay, even if that form
    would refuse them. Optional contact data may stay unverified; any other unverified field, such
    as of a robot's post, must be answered or emptied.
    """
    typed, answers = correction.typed, personal_data.answers
    problems = [
        f"{name}: no such field in {lead.campaign}{suggestion(name, campaign.fields)}"
        for name in typed
        if name not in campaign.fields
    ]
    if problems:
        raise Refused("\n".join(problems))
    checked = check_values(
        campaign, {**personal_data.unverified, **as_form_values(answers), **typed}
    )
    problems = [
        problem
        for name, problem in checked.problems.items()
        if name in typed or name not in answers
    ]
    problems += [problem for name, problem in checked.doubts.items() if name in typed]
    if problems:
        raise Refused("\n".join(problems))
    unchanged = {name: answer for name, answer in answers.items() if name not in typed}
    unverified = {
        name: text
        for name, text in checked.unverified.items()
        if name not in answers and name not in typed
    }
    return replace(personal_data, answers={**checked.answers, **unchanged}, unverified=unverified)


def _current_answer(personal_data: PersonalData, name: str) -> tuple[Answer | None, str | None]:
    return personal_data.answers.get(name), personal_data.unverified.get(name)


def _judge_again(
    records: WriteTransaction,
    lead: Lead,
    campaign: Campaign,
    personal_data: PersonalData,
    now: datetime,
) -> None:
    answers = personal_data.answers
    verdict = qualify(campaign, answers)
    _, keys = append_judgement(records, lead, answers, verdict, now)
    reasons = {result.id: result.reason for result in verdict.criteria}
    judged = replace(personal_data, judged=judged_values(verdict), reasons=reasons)
    records.people.replace_personal_data(lead.lead_id, judged)
    records.people.replace_keys(lead.lead_id, lead.client, keys)
