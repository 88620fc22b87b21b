"""Retention: erases personal data by age when it is no longer needed."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from capture.billing.history import add_months
from capture.closing.debit import proposals_of
from capture.closing.documents import accounts_of
from capture.intake.risk import TRAITS_KEPT
from capture.jobs.store import JobStore
from capture.lead.events import EventKind
from capture.ledger.administration import BY_GATEPOST
from capture.ledger.erasure import ErasedPlaces
from capture.ledger.protocol import Ledger, ReadTransaction, WriteTransaction
from capture.ledger.terms import saved_campaign
from capture.privacy.erase import Erasure, erase_in_batches
from capture.privacy.letter_files import (
    delete_files,
    files_older_than,
    letter_files_about,
    letter_files_of_erased_leads,
)
from capture.review.acts import find_lead
from capture.users.sessions import IDLE_LIFE

ACCESS_LOG_KEPT: Final = timedelta(days=365)
"""How long the desk's access log keeps a look at personal data."""

_CANDIDATES_AT_ONCE: Final = 500
"""The most leads in one query, so that each query is short."""


@dataclass(frozen=True, slots=True)
class RetentionPeriods:
    """How long personal data is kept after the last event of a lead, or last change of a file."""

    undelivered: timedelta
    """For a lead that no client saw."""
    delivered: timedelta | None
    """For a lead that is decided, billed and past the periods of its terms; None: for ever."""
    letters: timedelta | None
    """For letter files; None: for ever."""
    backups: timedelta
    """How long the operator keeps a backup; used only in certificates."""


def old_leads(reading: ReadTransaction, periods: RetentionPeriods, now: datetime) -> list[str]:
    """The leads whose personal data is due for erasure at `now`; first those that no client saw.

    A lead that a client saw is due only if nothing about it is open: it is decided and not
    disputed; it has no pending meeting, no line that will fall due, no line on a statement that is
    not settled, and no debit that waits for an answer; its sale can no longer have revenue or a
    refund.
    """
    leads = list(reading.erasure.undelivered_since(now - periods.undelivered))
    if periods.delivered is not None:
        blocked = _blocked_statements(reading)
        waiting = {
            proposal.lead_id for proposal in proposals_of(reading) if proposal.stage == "open"
        }
        leads += (
            lead_id
            for lead_id in reading.erasure.delivered_since(now - periods.delivered)
            if lead_id not in waiting and _is_over(reading, lead_id, blocked, now)
        )
    return leads


def erase_old_data(  # noqa: PLR0913 - the periods, the places of the data, and who erases it when
    ledger: Ledger,
    periods: RetentionPeriods,
    mail_folder: Path,
    jobs: JobStore,
    now: datetime,
    *,
    by: str = BY_GATEPOST,
) -> Erasure:
    """Erases due personal data in short transactions, and deletes old letter files; if data was
    erased, also the desk's exports.

    Old entries of the access log and ended sessions are deleted, too. If it is interrupted, the
    next call completes it. `by` is the name of who starts it. Raises `Unavailable` if the ledger
    or a file fails.
    """
    lead_ids = ledger.read(lambda reading: old_leads(reading, periods, now))
    places = erase_in_batches(ledger, lead_ids, now, by)
    ledger.transact(lambda records: _delete_old_rows(records, now))
    files = ledger.read(lambda reading: _letter_files(reading, periods, mail_folder, lead_ids, now))
    delete_files(files)
    deleted_jobs = jobs.delete_personal_data() if lead_ids else 0
    return Erasure(lead_ids, places, len(files), deleted_jobs, is_log_empty=ledger.empty_log())


def _delete_old_rows(records: WriteTransaction, now: datetime) -> None:
    records.traits.delete_before(now - TRAITS_KEPT)
    records.users.purge_accesses(now - ACCESS_LOG_KEPT)
    records.users.purge_sessions(now - IDLE_LIFE)


def preview_old_data(
    ledger: Ledger, periods: RetentionPeriods, mail_folder: Path, jobs: JobStore, now: datetime
) -> Erasure:
    """What `erase_old_data` would erase."""

    def query(reading: ReadTransaction) -> Erasure:
        lead_ids = old_leads(reading, periods, now)
        places = ErasedPlaces()
        for start in range(0, len(lead_ids), _CANDIDATES_AT_ONCE):
            places += reading.erasure.places(lead_ids[start : start + _CANDIDATES_AT_ONCE])
        files = _letter_files(reading, periods, mail_folder, lead_ids, now)
        count = jobs.with_personal_data() if lead_ids else 0
        return Erasure(lead_ids, places, len(files), count)

    return ledger.read(query)


def _letter_files(
    reading: ReadTransaction,
    periods: RetentionPeriods,
    folder: Path,
    lead_ids: Sequence[str],
    now: datetime,
) -> list[Path]:
    files = letter_files_about(reading, folder, lead_ids)
    files += letter_files_of_erased_leads(reading, folder)
    if periods.letters is not None:
        files += files_older_than(folder, now - periods.letters)
    return list(dict.fromkeys(files))


def _blocked_statements(reading: ReadTransaction) -> Set[str]:
    """The numbers of the documents that are not settled, and of those that they correct."""
    entries = [entry for account in accounts_of(reading) for entry in account.entries if entry.open]
    return {
        number
        for entry in entries
        for number in (entry.document.number, entry.document.corrects)
        if number
    }


def _is_over(reading: ReadTransaction, lead_id: str, blocked: Set[str], now: datetime) -> bool:
    numbers = {number for number, _ in reading.statements.lines_of_lead(lead_id)}
    if numbers & blocked:
        return False
    lead = find_lead(reading, lead_id)
    price = saved_campaign(reading, lead.campaign, lead.version).price
    return all(
        add_months(won, price.months or 0) + timedelta(days=price.refund_days + 1) < now.date()
        for won in _won_days(reading, lead_id)
    )


def _won_days(reading: ReadTransaction, lead_id: str) -> Iterator[date]:
    for recorded in reading.events.select(lead_id=lead_id):
        if recorded.event.kind is EventKind.WON:
            yield recorded.event.occurred_at.date()
