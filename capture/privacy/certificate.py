"""The certificate of an erasure: what was erased, what is kept and why, and until when backups
contain the data.

It contains no personal data: it names the address by its keyed hash.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from capture.lead.events import EventKind, show_time
from capture.ledger.protocol import ReadTransaction
from capture.privacy.erase import Erasure, PersonToErase
from capture.review.acts import find_lead
from capture.text import count_noun

_SQLITE_FILE: Final = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class ErasedLead:
    """One lead without its personal data."""

    lead_id: str
    campaign: str
    client: str
    stage: str
    erased_at: datetime | None
    """None: not erased yet, in a dry run."""
    events: Sequence[int]
    """The numbers of its events, which are kept."""
    statements: Sequence[str]
    """The statements with a line on it, which are kept."""
    is_known_to_client: bool
    """Whether the client was notified of it, so that it may have a copy."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """The time of the erasure, and the backups and copies that may still contain the data."""

    at: datetime
    by: str
    """Who erases the data."""
    backups: timedelta
    """How long a backup is kept."""
    copies: Sequence[str]
    """Other database files in the ledger's folder, which may contain the data."""
    is_dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Certificate:
    """What an erasure did or, after a dry run, what it would do."""

    address_key: str
    """Keyed hash of the address; empty if leads were named by id only."""
    leads: Sequence[ErasedLead]
    erasure: Erasure
    keeping: Keeping
    chain: tuple[int, str]
    """Number and hash of the last event."""

    @property
    def clients(self) -> list[str]:
        """The clients that may have a copy."""
        return sorted({lead.client for lead in self.leads if lead.is_known_to_client})

    @property
    def statements(self) -> list[str]:
        """The statements with a line on any of the leads."""
        return sorted({number for lead in self.leads for number in lead.statements})

    @property
    def backups_until(self) -> date:
        """The day (UTC) until which backups may contain the data. A later run that finds nothing
        more to erase gives the same day."""
        erased = [lead.erased_at for lead in self.leads if lead.erased_at is not None]
        is_repeat = len(erased) == len(self.leads) and not any(
            number for _, number in self.erased_data()
        )
        last = max(erased) if is_repeat and erased else self.keeping.at
        return (last + self.keeping.backups).astimezone(UTC).date()

    def erased_data(self) -> Iterator[tuple[str, int]]:
        """The kinds of data that were erased, and the number of each."""
        places = self.erasure.places
        yield "answers and touches of leads", places.answers
        yield "notes with names of people", places.notes
        yield "queued messages, dropped", places.queued_messages
        yield "stored answers of receivers", places.message_answers
        yield "records of downloads", places.downloads
        yield "letters as files", self.erasure.letter_files
        yield "exports and backtests of the desk", self.erasure.jobs

    def kept(self) -> Iterator[tuple[str, str]]:
        """The kinds of data that are kept, and why."""
        number = sum(len(lead.events) for lead in self.leads)
        yield (
            count_noun(number, "event"),
            "no personal data; they prove what was decided and billed",
        )
        yield (
            "keyed hashes",
            "of contact data and forms; they recognise a person who sends a form again (rule 31)",
        )
        if self.statements:
            names = ", ".join(self.statements)
            yield f"lines on {names}", "bills name the lead by its id; bills must be kept"
            yield (
                "printed statements",
                "those printed before may name a company or initials, if the client's file says so",
            )

    def still_to_do(self) -> Iterator[str]:
        """The steps that this program cannot do, one sentence each."""
        day = self.backups_until
        yield f"Backups from before now contain the data until {day}; delete each by then."
        for copy in self.keeping.copies:
            yield f"{copy} is a copy of a database and may contain the data; delete it."
        if self.clients:
            names = ", ".join(self.clients)
            yield f"{names} received the data; ask them to erase it too (GDPR, article 19)."
        yield "Exported files and mailboxes are not searched; delete the data there."
        if not self.erasure.is_log_empty:
            yield (
                "The database's log still contains the data, because another program is reading; "
                "run this again."
            )

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "at": show_time(self.keeping.at),
            "by": self.keeping.by,
            "dry_run": self.keeping.is_dry_run,
            "address_key": self.address_key or None,
            "leads": [
                asdict(lead)
                | {"erased_at": lead.erased_at and show_time(lead.erased_at)}
                | {"events": list(lead.events), "statements": list(lead.statements)}
                for lead in self.leads
            ],
            "erased": asdict(self.erasure.places)
            | {"letter_files": self.erasure.letter_files, "jobs": self.erasure.jobs},
            "stays": [{"what": what, "why": why} for what, why in self.kept()],
            "clients": self.clients,
            "copies": list(self.keeping.copies),
            "backups_until": self.backups_until.isoformat(),
            "log_is_empty": self.erasure.is_log_empty,
            "chain": {"events": self.chain[0], "head": self.chain[1]},
        }


def make_certificate(
    reading: ReadTransaction, person: PersonToErase, erasure: Erasure, keeping: Keeping
) -> Certificate:
    """The certificate of an erasure that was just done, or of its dry run."""
    return Certificate(
        address_key=reading.people.address_key(person.address) if person.address else "",
        leads=[_erased_lead(reading, lead_id) for lead_id in erasure.lead_ids],
        erasure=erasure,
        keeping=keeping,
        chain=reading.events.head(),
    )


def other_databases(ledger: Path, *known: Path) -> list[str]:
    """The other SQLite files in the ledger's folder: backups, and copies before a migration."""
    files = sorted(path for path in ledger.parent.iterdir() if path.is_file())
    return [str(path) for path in files if path not in {ledger, *known} and _is_sqlite_file(path)]


def _is_sqlite_file(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE_FILE)) == _SQLITE_FILE
    except OSError:
        return False


def _erased_lead(reading: ReadTransaction, lead_id: str) -> ErasedLead:
    lead = find_lead(reading, lead_id)
    events = list(reading.events.select(lead_id=lead_id))
    erasures = [
        recorded.event.recorded_at for recorded in events if recorded.event.kind is EventKind.ERASED
    ]
    lines = reading.statements.lines_of_lead(lead_id)
    return ErasedLead(
        lead_id=lead_id,
        campaign=lead.campaign,
        client=lead.client,
        stage=lead.review,
        erased_at=erasures[0] if erasures else None,
        events=[recorded.sequence for recorded in events],
        statements=sorted({number for number, _ in lines}),
        is_known_to_client=lead.is_known_to_client,
    )
