"""Erases the personal data of leads: at a person's request, or by age.

An event per lead records the erasure. The chain, the bills and the keyed hashes are kept (rule 31
of docs/rules.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from capture.jobs.store import JobStore
from capture.lead.events import EventKind
from capture.lead.model import event_of
from capture.ledger.administration import BY_GATEPOST, acting_side
from capture.ledger.erasure import ErasedPlaces
from capture.ledger.protocol import Ledger, ReadTransaction, WriteTransaction
from capture.privacy.letter_files import delete_files, letter_files_about
from capture.privacy.withdraw import withdraw_consent
from capture.review.acts import check_name, find_lead, record_held_meeting, record_silent_acceptance

UNDECIDED: Final = frozenset({"quarantined", "unconfirmed", "qualified", "held_back"})
"""Stages in which a withdrawn consent still has an effect on the lead."""

_LEADS_AT_ONCE: Final = 50
"""The most leads in one transaction, because visitors wait while it runs."""


@dataclass(frozen=True, slots=True)
class PersonToErase:
    """The person whose data is erased: all leads with exactly this address or with these ids."""

    address: str = ""
    lead_ids: Sequence[str] = ()

    def leads(self, reading: ReadTransaction) -> list[str]:
        """The ids of the leads to erase, and of those that were erased at an earlier request.

        Raises `NotFound` for an unknown id.
        """
        ids = [find_lead(reading, lead_id).lead_id for lead_id in self.lead_ids]
        if self.address:
            ids += reading.people.leads_of_address(self.address)
            ids += reading.erasure.requested_by(self.address)
        return list(dict.fromkeys(ids))


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased or, after a dry run, what would be erased."""

    lead_ids: Sequence[str]
    places: ErasedPlaces
    letter_files: int
    """The number of deleted letter files."""
    jobs: int
    """The number of deleted exports and backtests of the desk, which may hold anybody's data."""
    is_log_empty: bool = True
    """Whether the database's log no longer contains an earlier state."""


def erase_leads(
    records: WriteTransaction,
    lead_ids: Sequence[str],
    now: datetime,
    *,
    address: str | None = None,
    by: str = BY_GATEPOST,
) -> ErasedPlaces:
    """Erases the personal data of leads, and records one event for each lead. To be run by
    `Ledger.transact`.

    An acceptance by silence before `now` remains valid. An `address`, which may be empty, means
    that the person requested the erasure: this also withdraws the consent for undecided leads.
    None means erasure by age. `by` is the name of who erases; an erasure by age may be Gatepost's.
    The events keep a keyed hash of the name. Raises `NotFound` for an unknown lead, `Refused` for
    a request without a name.
    """
    if by or address is not None:
        check_name(by)
    for lead_id in lead_ids:
        lead = record_silent_acceptance(records, find_lead(records, lead_id), now)
        lead = record_held_meeting(records, lead, now)
        if lead.erased:
            continue
        if address is not None and lead.review_at(now) in UNDECIDED:
            lead = withdraw_consent(records, lead_id, now, by=by)
        reason = "age" if address is None else "request"
        actor, data = acting_side(records, lead.client, by)
        records.append(event_of(lead, EventKind.ERASED, actor, now, reason=reason, **data))
        if address:
            records.erasure.save_request(lead_id, address, now)
    records.traits.delete(lead_ids)
    return records.erasure.erase(lead_ids, now)


def erase_person(  # noqa: PLR0913 - the person, the places of the data, and who erases it when
    ledger: Ledger,
    person: PersonToErase,
    mail_folder: Path,
    jobs: JobStore,
    now: datetime,
    *,
    by: str,
) -> Erasure:
    """Erases all data of a person in the ledger, its log, the letter files and the desk's exports.

    `by` is the name of who does it. If it is interrupted, run it again to complete it. Raises
    `NotFound` for an unknown lead id, `Unavailable` if the ledger or a file fails.
    """
    lead_ids = ledger.read(person.leads)
    places = erase_in_batches(ledger, lead_ids, now, by, address=person.address)
    files = ledger.read(
        lambda reading: letter_files_about(reading, mail_folder, lead_ids, person.address)
    )
    delete_files(files)
    deleted_jobs = jobs.delete_personal_data() if lead_ids else 0
    return Erasure(lead_ids, places, len(files), deleted_jobs, is_log_empty=ledger.empty_log())


def preview_erasure(
    ledger: Ledger, person: PersonToErase, mail_folder: Path, jobs: JobStore
) -> Erasure:
    """What `erase_person` would erase."""

    def query(reading: ReadTransaction) -> Erasure:
        lead_ids = person.leads(reading)
        files = letter_files_about(reading, mail_folder, lead_ids, person.address)
        count = jobs.with_personal_data() if lead_ids else 0
        return Erasure(lead_ids, reading.erasure.places(lead_ids), len(files), count)

    return ledger.read(query)


def erase_in_batches(
    ledger: Ledger, lead_ids: Sequence[str], now: datetime, by: str, *, address: str | None = None
) -> ErasedPlaces:
    """Like `erase_leads`, in several short transactions."""
    places = ErasedPlaces()
    for start in range(0, len(lead_ids), _LEADS_AT_ONCE):
        batch = lead_ids[start : start + _LEADS_AT_ONCE]
        places += ledger.transact(
            partial(erase_leads, lead_ids=batch, now=now, address=address, by=by)
        )
    return places
