"""Puts leads whose e-mail domain takes no mail into quarantine, before anybody is notified of them.

A lead that came by a form is checked once. It is not checked again after a person confirmed the
address, or after the agency corrected or released the lead. The planner looks the domains up
outside any transaction, and passes in the domains without mail.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from capture.email_domains import domain_of
from capture.intake.quarantine import hold_back
from capture.intake.risk import RiskSignal, as_data, from_data, needs_quarantine
from capture.intake.submission import FORM
from capture.lead.events import EventKind
from capture.lead.model import Lead
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import RecordedEvent, email_of

_NO_MAIL_DOMAIN: Final = "no_mail_domain"
"""The signal's key in the campaign file's table `quarantine`."""

_ADMITTED: Final = {EventKind.QUALIFIED: "qualified", EventKind.UNCONFIRMED: "unconfirmed"}
"""Results of the gate that are checked. The lead must still be in the stage beside the result."""
_BY_A_PERSON: Final = frozenset({EventKind.CONFIRMED, EventKind.CORRECTED, EventKind.RELEASED})


@dataclass(frozen=True, slots=True)
class _Check:
    """A lead to check."""

    lead: Lead
    domain: str
    signals: tuple[RiskSignal, ...]
    """Its signals if its domain takes no mail: those from its receipt, and this one."""


def domains_to_check(reading: ReadTransaction, events: Iterable[RecordedEvent]) -> AbstractSet[str]:
    """The e-mail domains of the leads that these events admit. Leaves out leads that would not be
    quarantined even if their domain takes no mail."""
    return {check.domain for check in _checks(reading, events)}


def quarantine_without_mail(
    records: WriteTransaction,
    events: Iterable[RecordedEvent],
    without_mail: AbstractSet[str],
    now: datetime,
) -> None:
    """Quarantines the leads that these events admit if their domain is in `without_mail`.

    Leads that have been decided by `now` are not changed.
    """
    checks = list(_checks(records, events)) if without_mail else []
    for check in checks:
        if check.domain in without_mail:
            hold_back(records, check.lead, as_data(check.signals), now)


def _checks(reading: ReadTransaction, events: Iterable[RecordedEvent]) -> Iterator[_Check]:
    for recorded in events:
        event = recorded.event
        if event.kind not in _ADMITTED or event.lead_id is None:
            continue
        lead = reading.leads.get(event.lead_id)
        if lead is None or lead.test or lead.source != FORM or lead.confirmed:
            continue
        terms = saved_campaign(reading, lead.campaign, lead.version).quarantine
        no_mail = RiskSignal(_NO_MAIL_DOMAIN, terms.no_mail_domain)
        signals = (*from_data(event.data.get("signals", ())), no_mail)
        is_waiting = lead.review == _ADMITTED[event.kind]
        is_enough = no_mail.weight > 0 and needs_quarantine(terms, signals)
        if not is_waiting or not is_enough or _was_checked_by_person(reading, lead):
            continue
        address = email_of(reading.people.personal_data(lead.lead_id))
        if address:
            yield _Check(lead, domain_of(address), signals)


def _was_checked_by_person(reading: ReadTransaction, lead: Lead) -> bool:
    """Whether a person has confirmed, corrected or released the lead."""
    events = reading.events.select(lead_id=lead.lead_id)
    return any(recorded.event.kind in _BY_A_PERSON for recorded in events)
