"""The contract of a ledger, whatever database stands behind it.

A write is a function handed to `Ledger.transact` (rule 34). It sees subjects (`records.leads`,
`records.statements`) and no connection. It may be run again from its start if the database asks
for that, so it only reads and writes records. `tests/capture/ledger/contract.py` proves a backend.

Each subject has one protocol for its queries, and where it is written one more for its records.
The SQL of a subject stands in the file of the same name.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence, Set
from datetime import datetime
from typing import Protocol

from capture.campaign.model import Campaign
from capture.lead.events import Event, EventKind
from capture.lead.model import Lead
from capture.ledger.facts import (
    ApiToken,
    ClientLeadQuery,
    ClosedStatement,
    DueState,
    DuplicateQuery,
    Judged,
    Keys,
    LeadFilter,
    LeadForKpi,
    Message,
    Note,
    PersonalData,
    Recorded,
    Result,
    SavedResponse,
    Verification,
    WorkResult,
)


class EventQueries(Protocol):
    """Events, in the order of their recording."""

    def select(
        self,
        *,
        lead_id: str | None = None,
        campaign: str | None = None,
        until: datetime | None = None,
        last: int | None = None,
    ) -> Iterator[Recorded]:
        """Events up to and including a recorded time or a number."""

    def by_qualified_lead(self) -> Iterator[Sequence[Recorded]]:
        """The events of each lead that qualified at some time, lead by lead, tests left out.

        Of all campaigns, in the order of the leads' recording.
        """

    def by_reference(
        self, client: str, kind: EventKind, reference: str, *, test: bool
    ) -> Sequence[Recorded]:
        """The events of a client's leads of one kind under a reference (rule 38).

        Test leads have references of their own.
        """

    def of_account(self) -> Iterator[Recorded]:
        """Events that are about no lead: pauses, closings, corrections, payments."""

    def leads_changed_after(
        self, campaign: str, *, until: datetime | None = None, last: int | None = None
    ) -> Set[str]:
        """The ids of leads with an event after a recorded time or a number.

        Their rows, and what `billable_leads` says of them, may differ from what held then.
        """

    def head(self, until: datetime | None = None) -> tuple[int, str]:
        """Number and hash of the last event, or of the last that was recorded by a time.

        (0, GENESIS) if there is none.
        """

    def hash_of(self, sequence: int) -> str:
        """The hash of one event; GENESIS for number 0."""


class LeadQueries(Protocol):
    """Leads as their events make them."""

    def get(self, lead_id: str) -> Lead | None:
        """One lead."""

    def ids_starting_with(self, prefix: str) -> Sequence[str]:
        """At most two lead ids that start with a text, for people who type only the start."""

    def select(self, query: LeadFilter = ..., *, newest_first: bool = False) -> Iterator[Lead]:
        """Leads in the order of their recording, or in reverse."""

    def first(self, campaign: str) -> Lead | None:
        """The campaign's lead that was recorded first, tests left out."""

    def in_review(
        self, campaign: str | None = None, *, silent_by: datetime | None = None
    ) -> Sequence[Lead]:
        """Leads in review without a decision, in the order of their recording.

        With a time, only those that silence had accepted by then: `Lead.is_silent_at`.
        """

    def with_pending_meeting(
        self, campaign: str | None = None, *, silent_by: datetime | None = None
    ) -> Sequence[Lead]:
        """Leads with a pending meeting, in the order of their recording.

        With a time, only those whose meeting silence had taken as held by then:
        `Lead.is_taken_held_at`.
        """

    def matching(self, client: str, keys: Keys, query: DuplicateQuery) -> Sequence[Lead]:
        """The client's leads, tests left out, that share any key; the newest first."""

    def judged(self, campaign: str, since: datetime | None = None) -> Iterator[Judged]:
        """Every lead of a campaign, received since a time, with its verdict.

        In the order of recording, read one at a time.
        """

    def count(self, campaign: str, since: datetime | None = None) -> int:
        """How many leads `judged` gives."""

    def for_kpi(self, campaign: str) -> Iterator[LeadForKpi]:
        """Every lead of a campaign, tests left out, in the order of recording, one at a time."""

    def for_client(self, query: ClientLeadQuery) -> Sequence[Lead]:
        """The client's leads that it may see, the newest first."""


class CampaignQueries(Protocol):
    """Campaigns: their versions, their pauses, and their leads as caps count them."""

    def slugs(self) -> Sequence[str]:
        """The slugs of all campaigns that have a lead, also of those whose file is gone."""

    def first_version(self, campaign: str) -> str | None:
        """The campaign version of its first lead, tests apart (rule 5); None if it has none."""

    def version_text(self, campaign: str, version: str) -> str | None:
        """The text of a campaign's kept version. Two campaigns may have the same text."""

    def versions(self, campaign: str, until: datetime) -> Sequence[str]:
        """The campaign's versions that were kept by a time, the oldest first."""

    def is_paused(self, campaign: str) -> bool:
        """Whether a command paused the campaign."""

    def count_towards_cap(self, campaign: Campaign, month: str, company: Keys | None = None) -> int:
        """How many of a month's leads count towards a cap (rule 7): all, or those of a company."""

    def leads_free_over_cap(self, campaign: str, month: str) -> Sequence[str]:
        """The ids of a month's leads that were delivered over a cap, tests left out (rule 8)."""

    def count_over_cap(self, campaign: str, month: str, last: int | None = None) -> int:
        """How many leads of a month were refused over a cap (rule 8), as of an event's number.

        A correction can refuse a lead long after its month was closed.
        """

    def spam_received(self, campaign: str, month: str, number: int) -> datetime | None:
        """When the `number`-th newest spam of a month came, tests apart; None if there is less."""


class CampaignRecords(CampaignQueries, Protocol):
    """What is written of campaigns."""

    def save_version(self, campaign: Campaign, at: datetime) -> None:
        """Keeps a campaign version's text, once."""


class PeopleQueries(Protocol):
    """What people are recognised by, and their personal data."""

    def submitted_lead(self, one_time_id: str | None, answers: str, since: datetime) -> str | None:
        """The lead of the same submission: same id, or without one the same answers since."""

    def is_suppressed(self, client: str, keys: Keys) -> bool:
        """Whether the client's suppression list contains any of the keys."""

    def pseudonym(self, client: str, name: str) -> str:
        """A keyed hash by which events distinguish people without a name."""

    def personal_data(self, lead_id: str) -> PersonalData | None:
        """A lead's personal data; None once erased."""

    def notes(self, lead_id: str) -> Sequence[Note]:
        """What people wrote about the lead, oldest first."""


class PeopleRecords(PeopleQueries, Protocol):
    """What is written of people."""

    def save_submission(
        self, one_time_id: str | None, answers: str, at: datetime, lead_id: str
    ) -> None:
        """Remembers which lead a submission made."""

    def save_keys(self, lead_id: str, client: str, keys: Keys) -> None:
        """Keeps what the lead's person can be known by, as HMACs."""

    def replace_keys(self, lead_id: str, client: str, keys: Keys) -> None:
        """Replaces the keys of a lead; empty keys remove them."""

    def suppress(self, client: str, keys: Iterable[tuple[str, str]], at: datetime) -> int:
        """Adds (kind, value) pairs to the client's suppression list; how many were new."""

    def save_personal_data(self, campaign: str, lead_id: str, personal_data: PersonalData) -> None:
        """Keeps a new lead's personal data."""

    def replace_personal_data(self, lead_id: str, personal_data: PersonalData) -> None:
        """Replaces a lead's personal data."""

    def save_note(self, note: Note) -> None:
        """Keeps what somebody wrote about a lead."""


class StatementQueries(Protocol):
    """Closed statements, and what is billed and due of a lead."""

    def get(self, number: str) -> ClosedStatement | None:
        """One closed statement."""

    def select(self, client: str | None = None) -> Iterator[ClosedStatement]:
        """Closed statements in the order of their closing, one at a time: their texts are long."""

    def numbers(self) -> Sequence[str]:
        """The numbers of all closed statements, in the order of their closing."""

    def lines(self, number: str) -> Sequence[tuple[str, str]]:
        """(lead id, period) of each line of a statement, free ones included."""

    def lines_of_lead(self, lead_id: str) -> Sequence[tuple[str, str]]:
        """(statement number, period) of each line of a lead, in the order of the periods."""

    def mismatched_lines(self) -> Iterator[tuple[str, str, str]]:
        """(lead id, period, statement number) of lines that are kept against double billing and
        stand on no statement, or the reverse. None in a sound ledger."""

    def billed_before(self, campaign: str, month: str) -> Container[tuple[str, str]]:
        """Contains the (lead id, period) of each line on the campaign's statements before a month.

        Each is looked up when it is asked for: there may be very many.
        """

    def due_state(self, lead_id: str) -> DueState:
        """When a lead's next line falls due, and what billed it last (rule 33)."""

    def billable_leads(self, campaign: str, month: str, as_of: datetime) -> Set[str]:
        """The ids of all leads that may have a line in a month that no earlier month has.

        As all events until now make them: their next line has fallen due, or a statement of that
        month or a later one has a line. `lines_for` says which have one.
        """


class StatementRecords(StatementQueries, Protocol):
    """What is written of statements."""

    def save(self, statement: ClosedStatement, lines: Iterable[tuple[str, str]]) -> None:
        """Freezes a statement and its lines, by (lead id, period): each at most once (rule 20)."""


class ApiQueries(Protocol):
    """API tokens of clients' programs, and answers by idempotency key."""

    def token(self, digest: str) -> ApiToken | None:
        """The token with this SHA-256 (in hex), revoked ones included."""

    def tokens(self, client: str | None = None) -> Sequence[ApiToken]:
        """All tokens that were ever made, the oldest first."""

    def saved_response(self, client: str, key: str, request: str) -> SavedResponse | None:
        """The answer that a client's program got under a key, and whether the request is same."""


class ApiRecords(ApiQueries, Protocol):
    """What is written of clients' programs."""

    def save_token(self, api_token: ApiToken, digest: str) -> None:
        """Keeps a new token, by its SHA-256 in hex."""

    def record_token_use(self, token_id: str, at: datetime) -> None:
        """Keeps when a token was used last."""

    def revoke_token(self, token_id: str, at: datetime) -> None:
        """Ends a token; one that has ended already keeps its time."""

    def save_response(self, client: str, key: str, request: str, answer: str, at: datetime) -> None:
        """Keeps what a client's program was answered. No personal data: it is never erased."""


class OutboxQueries(Protocol):
    """Messages to be sent."""

    def waiting(self) -> Sequence[Message]:
        """What waits to be sent, oldest first."""


class OutboxRecords(OutboxQueries, Protocol):
    """What is written of messages."""

    def queue(self, message: Message) -> None:
        """Queues a message in the same transaction."""


class Reading(Protocol):
    """What can be read, all of one moment."""

    @property
    def events(self) -> EventQueries: ...
    @property
    def leads(self) -> LeadQueries: ...
    @property
    def campaigns(self) -> CampaignQueries: ...
    @property
    def people(self) -> PeopleQueries: ...
    @property
    def statements(self) -> StatementQueries: ...
    @property
    def api(self) -> ApiQueries: ...
    @property
    def outbox(self) -> OutboxQueries: ...


class Records(Reading, Protocol):
    """What can be read and written within one transaction."""

    def append(self, *events: Event) -> None:
        """Appends events, and changes the rows that are derived from them.

        Raises `MoveRefused` for a move that the lead's stage does not allow, and `Refused` for a
        reserved kind; then nothing is written.
        """

    @property
    def campaigns(self) -> CampaignRecords: ...
    @property
    def people(self) -> PeopleRecords: ...
    @property
    def statements(self) -> StatementRecords: ...
    @property
    def api(self) -> ApiRecords: ...
    @property
    def outbox(self) -> OutboxRecords: ...


class Ledger(Protocol):
    """Where leads live."""

    def transact(self, work: Callable[[Records], Result]) -> Result:
        """Runs the work in one durable transaction. Raises `Unavailable` with nothing written."""

    def transact_all(
        self, works: Sequence[Callable[[Records], Result]], *, at_once: bool = False
    ) -> list[WorkResult[Result]]:
        """Runs several pieces of work in one durable transaction, each completely or not at all.

        Raises `Unavailable` with nothing written of any; `Busy`, which is one, if it is to be done
        `at_once` and another writer is at work.
        """

    def read(self, query: Callable[[Reading], Result]) -> Result:
        """Runs the look on one consistent view of the ledger."""

    def verify(self) -> Verification:
        """Checks the chain, the guards and the projections."""

    def close(self) -> None:
        """Closes the database."""
