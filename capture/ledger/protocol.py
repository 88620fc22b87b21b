"""What a ledger is, whatever database stands behind it.

A write is a piece of work handed to `Ledger.transact` (rule 34): it sees domain methods and no
connection, and it may be run again from its start if the database asks for that, so it must do
nothing but read and write records. The contract is proven by `tests/capture/ledger/contract.py`.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence, Set
from datetime import datetime
from typing import Protocol

from capture.campaign import Campaign
from capture.lead import Event, Kind, Lead
from capture.ledger.facts import (
    Access,
    Alike,
    Answered,
    Dossier,
    Frozen,
    Judged,
    Keys,
    LeadFilter,
    Message,
    Note,
    Owed,
    Recorded,
    Result,
    Shown,
    Tracked,
    Verification,
    WorkResult,
)


class Reading(Protocol):
    """What can be asked, all of one moment."""

    def lead(self, lead_id: str) -> Lead | None:
        """The lead as its events tell, or None."""

    def lead_ids_like(self, prefix: str) -> Sequence[str]:
        """At most two lead ids that begin so, for people who type only the beginning."""

    def leads(self, wanted: LeadFilter = ..., *, newest_first: bool = False) -> Iterator[Lead]:
        """Leads in the order of their recording, or the other way round."""

    def events(
        self,
        *,
        lead_id: str | None = None,
        campaign: str | None = None,
        until: datetime | None = None,
        last: int | None = None,
    ) -> Iterator[Recorded]:
        """Events in the order of their recording, up to and with a recorded time or a number."""

    def lives(self) -> Iterator[Sequence[Recorded]]:
        """The events of each lead that qualified at some time, lead by lead, tests left out.

        Of all campaigns, in the order of the leads' recording.
        """

    def first_lead(self, campaign: str) -> Lead | None:
        """The campaign's lead that was recorded first, tests left out."""

    def in_review(
        self, campaign: str | None = None, *, ended_by: datetime | None = None
    ) -> Sequence[Lead]:
        """Leads in review that nobody has decided, in the order of their recording.

        With a time, only those whose deadline was not after it: silence may have accepted them.
        """

    def booked(
        self, campaign: str | None = None, *, silent_by: datetime | None = None
    ) -> Sequence[Lead]:
        """Leads with a pending meeting, in the order of their recording.

        With a time, only those whose meeting silence may take as held by then.
        """

    def free(self, campaign: str, month: str) -> Sequence[str]:
        """The ids of a month's leads that were delivered over a cap, tests left out (rule 8)."""

    def billable(self, campaign: str, month: str, as_of: datetime) -> Set[str]:
        """The ids of all leads that may have a line in a month that no earlier month has.

        As all events until now tell it. Some of them have none: `lines_for` says which have.
        """

    def changed_after(
        self, campaign: str, *, until: datetime | None = None, last: int | None = None
    ) -> Set[str]:
        """The ids of leads with an event after a recorded time or a number.

        What `billable` and a lead's row say of them may be other than it was then.
        """

    def judged(self, campaign: str, since: datetime | None = None) -> Iterator[Judged]:
        """Every lead of a campaign, received since a time, with its verdict.

        In the order of recording, one at a time: however many there are, few are held.
        """

    def how_many(self, campaign: str, since: datetime | None = None) -> int:
        """How many leads `judged` would give."""

    def tracked(self, campaign: str) -> Iterator[Tracked]:
        """Every lead of a campaign, tests left out, in the order of recording, one at a time."""

    def referenced(
        self, client: str, kind: Kind, reference: str, *, test: bool
    ) -> Sequence[Recorded]:
        """The events of a client's leads of one kind under a reference, in their order (rule 38).

        Test leads have references of their own.
        """

    def account_events(self) -> Iterator[Recorded]:
        """Events that are about no lead: doors, closings, corrections, payments; in order."""

    def owed(self, lead_id: str) -> Owed:
        """When a lead's next line falls due, and what billed it last (rule 33)."""

    def billed_on(self, lead_id: str) -> Sequence[tuple[str, str]]:
        """(statement number, period) of each line of a lead, in the order of the periods."""

    def lines_apart(self) -> Iterator[tuple[str, str, str]]:
        """(lead id, period, statement number) of lines that are kept so that no lead has them
        twice and stand on no statement, or the other way round. None in a sound ledger."""

    def billed(self, campaign: str, before: str) -> Container[tuple[str, str]]:
        """Holds the (lead id, period) of each line on the campaign's statements before a month.

        Each is looked up when it is asked for: there may be very many.
        """

    def over_cap(self, campaign: str, month: str, last: int | None = None) -> int:
        """How many leads of a month were refused over a cap (rule 8), as of an event's number.

        A correction can refuse a lead long after its month was closed.
        """

    def dossier(self, lead_id: str) -> Dossier | None:
        """A lead's personal data; None once erased."""

    def version_text(self, campaign: str, version: str) -> str | None:
        """The text of a campaign's kept version. Two campaigns may have the same text."""

    def kept_versions(self, campaign: str, until: datetime) -> Sequence[str]:
        """The campaign's versions that were kept by a time, the oldest first."""

    def campaigns(self) -> Sequence[str]:
        """The slugs of all campaigns that have a lead, also of those whose file is gone."""

    def first_version(self, campaign: str) -> str | None:
        """The campaign version of its first lead, tests apart (rule 5); None while it has none."""

    def head(self, until: datetime | None = None) -> tuple[int, str]:
        """Number and hash of the last event, or of the last that was recorded by a time.

        (0, GENESIS) where there is none.
        """

    def hash_of(self, sequence: int) -> str:
        """The hash of one event; GENESIS for number 0."""

    def submission(self, one_time_id: str | None, answers: str, since: datetime) -> str | None:
        """The lead that the same submission made: same id, or without one same answers since."""

    def matching(self, client: str, keys: Keys, wanted: Alike) -> Sequence[Lead]:
        """The client's leads, tests apart, that share any key; the newest first."""

    def places_taken(self, campaign: Campaign, month: str, company: Keys | None = None) -> int:
        """How many of a month's leads count towards a cap (rule 7): all, or those of a company."""

    def spam_received(self, campaign: str, month: str, number: int) -> datetime | None:
        """When the `number`-th newest spam of a month came, tests apart; None if there is less."""

    def is_suppressed(self, client: str, keys: Keys) -> bool:
        """Whether the client's suppression list holds any of the keys."""

    def is_paused(self, campaign: str) -> bool:
        """Whether the campaign's door was shut by command."""

    def notes(self, lead_id: str) -> Sequence[Note]:
        """What people said of the lead, oldest first."""

    def pseudonym(self, client: str, name: str) -> str:
        """A keyed hash by which an event can tell one person from another without a name."""

    def shown(self, wanted: Shown) -> Sequence[Lead]:
        """The client's leads that it may see, the newest first."""

    def access(self, digest: str) -> Access | None:
        """The token with this SHA-256 (in hex), revoked ones included."""

    def accesses(self, client: str | None = None) -> Sequence[Access]:
        """All tokens that were ever made, the oldest first."""

    def answered(self, client: str, key: str, request: str) -> Answered | None:
        """What a client's program was answered under a key, and whether it asked the same."""

    def statements(self, client: str | None = None) -> Iterator[Frozen]:
        """Closed statements, in the order of their closing, one at a time: their texts are long."""

    def statement_numbers(self) -> Sequence[str]:
        """The numbers of all closed statements, in the order of their closing."""

    def lines_of(self, number: str) -> Sequence[tuple[str, str]]:
        """(lead id, period) of each line that a statement has, free ones included."""

    def statement(self, number: str) -> Frozen | None:
        """One closed statement."""

    def messages(self) -> Sequence[Message]:
        """What waits to be sent, oldest first."""


class Records(Reading, Protocol):
    """What can be asked and written within one transaction."""

    def append(self, *events: Event) -> None:
        """Appends events, moves the lead's projection.

        Raises `MoveRefused` for a move that the lead's stage does not allow, and `Refused` for a
        reserved kind; then nothing is written.
        """

    def keep_version(self, campaign: Campaign, at: datetime) -> None:
        """Keeps a campaign version's text, once."""

    def keep_dossier(self, campaign: str, lead_id: str, dossier: Dossier) -> None:
        """Keeps a new lead's personal data."""

    def keep_keys(self, lead_id: str, client: str, keys: Keys) -> None:
        """Keeps what the lead's person can be known by, as HMACs."""

    def change_dossier(self, lead_id: str, dossier: Dossier) -> None:
        """Puts other personal data in place of what is kept of a lead."""

    def change_keys(self, lead_id: str, client: str, keys: Keys) -> None:
        """Puts other keys in place of those that are kept of a lead; none at all if empty."""

    def keep_statement(self, statement: Frozen, lines: Iterable[tuple[str, str]]) -> None:
        """Freezes a statement and its lines, by (lead id, period): each at most once (rule 20)."""

    def keep_note(self, note: Note) -> None:
        """Keeps what somebody said of a lead."""

    def keep_submission(
        self, one_time_id: str | None, answers: str, at: datetime, lead_id: str
    ) -> None:
        """Remembers which lead a submission made."""

    def queue(self, message: Message) -> None:
        """Queues a message in the same transaction."""

    def keep_access(self, access: Access, digest: str) -> None:
        """Keeps a new token, by its SHA-256 in hex."""

    def note_use(self, access_id: str, at: datetime) -> None:
        """Keeps when a token was used last."""

    def revoke_access(self, access_id: str, at: datetime) -> None:
        """Ends a token; one that has ended already keeps its time."""

    def keep_answer(self, client: str, key: str, request: str, answer: str, at: datetime) -> None:
        """Keeps what a client's program was answered. No personal data: it is never erased."""

    def suppress(self, client: str, keys: Iterable[tuple[str, str]], at: datetime) -> int:
        """Adds (kind, value) pairs to the client's suppression list; how many were new."""


class Ledger(Protocol):
    """Where leads live."""

    def transact(self, work: Callable[[Records], Result]) -> Result:
        """Runs the work in one durable transaction. Raises `Unavailable` with nothing written."""

    def transact_all(
        self, works: Sequence[Callable[[Records], Result]], *, at_once: bool = False
    ) -> list[WorkResult[Result]]:
        """Runs several pieces of work in one durable transaction, each whole or not at all.

        Raises `Unavailable` with nothing written of any; `Busy`, which is one, if it is to be done
        `at_once` and another writer is at work.
        """

    def read(self, look: Callable[[Reading], Result]) -> Result:
        """Runs the look on one consistent view of the ledger."""

    def verify(self) -> Verification:
        """Checks the chain, the guards and the projections."""

    def close(self) -> None:
        """Lets go of the database."""
