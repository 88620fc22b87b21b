"""The letter with the link that proves an address, for campaigns with `confirm = "email"`.

Every lead that came by a form gets the same letter, whatever its verdict, except spam and leads
in quarantine (rule 6 of docs/rules.md). A person who sends the form again while the lead waits gets
that lead's letter again (rule 2).
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from capture.campaign.model import Confirm
from capture.delivery.event_messages import LeadEvent, to_person
from capture.intake.gate import CONFIRMATION_TIME
from capture.intake.submission import FORM
from capture.lead.events import EventKind, parse_time, show_time
from capture.lead.model import Lead
from capture.ledger.messages import MessageState, NewMessage
from capture.ledger.protocol import ReadTransaction

CONFIRMATION: Final = "confirmation"
_LETTERS_FOR_A_LEAD: Final = 3
"""The most letters to the address of one lead. Dropped ones do not count."""
_NO_LETTER_STAGES: Final = frozenset({"spam", "quarantined", "discarded"})
"""Stages of a lead whose person gets no letter."""

_RESULTS: Final = frozenset(
    {
        EventKind.DUPLICATE,
        EventKind.SUPPRESSED,
        EventKind.OVER_CAP,
        EventKind.DISQUALIFIED,
        EventKind.UNCONFIRMED,
    }
)
"""Results of the gate after which the letter is queued. `qualified` follows only a proof."""


def confirmations(
    reading: ReadTransaction, subject: LeadEvent, now: datetime
) -> Iterator[NewMessage]:
    """The letter that follows from an event, if any."""
    event, lead = subject.event, subject.lead
    if subject.campaign.confirm is not Confirm.EMAIL or event.kind not in _RESULTS:
        return
    if event.data.get("asks_again"):
        lead = reading.leads.get(event.data["duplicate_of"]) or lead
    ends = _link_end(subject, lead)
    if not gets_letter(lead) or now >= ends or _is_enough(reading, lead):
        return
    yield to_person(replace(subject, lead=lead), CONFIRMATION, now, ends, ends=show_time(ends))


def gets_letter(lead: Lead) -> bool:
    """Whether its person gets the letter, as the lead is now."""
    return (
        lead.source == FORM
        and lead.review not in _NO_LETTER_STAGES
        and not (lead.confirmed or lead.consent_withdrawn)
    )


def _link_end(subject: LeadEvent, lead: Lead) -> datetime:
    """When the link ends: with the wait of an unconfirmed lead, or after `CONFIRMATION_TIME`."""
    if lead.review == "unconfirmed" and lead.confirm_until is not None:
        return lead.confirm_until
    until = subject.event.data.get("until")
    return subject.event.occurred_at + CONFIRMATION_TIME if until is None else parse_time(until)


def _is_enough(reading: ReadTransaction, lead: Lead) -> bool:
    """Whether the address has had the most letters. After a correction of the address, earlier
    letters do not count: they went to the old address."""
    corrected_at = max(
        (
            recorded.event.recorded_at
            for recorded in reading.events.select(lead_id=lead.lead_id)
            if recorded.event.kind is EventKind.CORRECTED
            and "email" in recorded.event.data.get("fields", ())
        ),
        default=None,
    )
    letters = reading.outbox.select(lead_id=lead.lead_id, kind=CONFIRMATION)
    number = sum(
        letter.state is not MessageState.DROPPED
        and (
            corrected_at is None or letter.finished_at is None or letter.finished_at > corrected_at
        )
        for letter in letters
    )
    return number >= _LETTERS_FOR_A_LEAD
