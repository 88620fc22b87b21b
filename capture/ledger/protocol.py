"""The protocols of a ledger, the same for every database.

A write is a function that is passed to `Ledger.transact` (rule 34 of docs/rules.md). It gets a
`WriteTransaction` and uses its subjects, such as `records.leads` and `records.statements`, never a
connection. The database may run it again from the start, so it must have no effects besides reading
and writing records. A query gets a `ReadTransaction` from `Ledger.read`.

Each subject has a protocol for its queries, and one more if it can be written. The SQL of a subject
is in the file of the same name. `tests/capture/ledger/contract.py` tests every backend.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from typing import Protocol

from capture.campaign.model import Campaign
from capture.errors import NotFound, Refused
from capture.lead.events import Event, EventKind
from capture.lead.model import Lead
from capture.ledger.api_store import ApiQueries, ApiWrites
from capture.ledger.customers import CustomerQueries
from capture.ledger.downloads import DownloadQueries, DownloadWrites
from capture.ledger.endpoints import EndpointQueries, EndpointWrites
from capture.ledger.erasure import ErasureQueries, ErasureWrites
from capture.ledger.held_leads import HeldLeadQueries
from capture.ledger.lead_counts import LeadCountQueries
from capture.ledger.lead_list import LeadListQueries
from capture.ledger.messages import OutboxQueries, OutboxWrites
from capture.ledger.page_sums import PageSumQueries
from capture.ledger.page_views import PageViewQueries, PageViewWrites
from capture.ledger.people import PeopleQueries, PeopleWrites
from capture.ledger.review_queue import ReviewQueueQueries
from capture.ledger.statements import StatementQueries, StatementWrites
from capture.ledger.traits import TraitQueries, TraitWrites
from capture.ledger.types import (
    ClientLeadQuery,
    DuplicateQuery,
    JudgedLead,
    Keys,
    LeadFilter,
    LeadForKpi,
    RecordedEvent,
    Result,
    SpamQuery,
    StoredVersion,
    Verification,
    WorkResult,
)
from capture.ledger.users import UserQueries, UserWrites


class EventQueries(Protocol):
    """Events, in the order of their recording."""

    def select(
        self,
        *,
        lead_id: str | None = None,
        campaign: str | None = None,
        until: datetime | None = None,
        last: int | None = None,
        after: int | None = None,
    ) -> Iterator[RecordedEvent]:
        """Events that meet all conditions.

        `until` (recorded time) and `last` (number) are inclusive; `after` (number) is not.
        """

    def get(self, sequence: int) -> RecordedEvent:
        """The event with this number. Raises ValueError if there is none."""

    def holds(self, campaign: str | None = None) -> Mapping[str, Event]:
        """By lead in quarantine: the event that put it there."""

    def by_qualified_lead(self) -> Iterator[Sequence[RecordedEvent]]:
        """The events of each lead that qualified at some time, one list per lead.

        All campaigns, in the order of the leads' recording, without test leads.
        """

    def by_reference(
        self, client: str, kind: EventKind, reference: str, *, test: bool
    ) -> Sequence[RecordedEvent]:
        """Events of one kind with a reference, of one client's leads (rule 38).

        `test` selects test leads or real leads; their references are independent.
        """

    def of_account(self, *kinds: EventKind) -> Iterator[RecordedEvent]:
        """Events without a lead, all or of these kinds: pauses, closings, corrections, payments,
        acts on users."""

    def of_administration(
        self, *, limit: int, before: int | None = None
    ) -> Sequence[RecordedEvent]:
        """The acts of `ADMINISTRATION`, the newest first; below an event's number."""

    def leads_changed_after(
        self, campaign: str, *, until: datetime | None = None, last: int | None = None
    ) -> Set[str]:
        """The ids of leads with an event after a recorded time or after a number.

        Their rows, and the result of `billable_leads` for them, may differ from the state then.
        """

    def head(self, until: datetime | None = None) -> tuple[int, str]:
        """Number and hash of the last event, or of the last one recorded at or before `until`.

        (0, GENESIS) if there is none.
        """

    def hash_of(self, sequence: int) -> str:
        """The hash of one event; GENESIS for number 0."""


class LeadQueries(Protocol):
    """Leads, as derived from their events."""

    def get(self, lead_id: str) -> Lead | None:
        """One lead; None if there is no lead with this id."""

    def ids_starting_with(self, prefix: str) -> Sequence[str]:
        """At most two lead ids with this prefix, so the caller can see if it is unique."""

    def select(self, query: LeadFilter = ..., *, newest_first: bool = False) -> Iterator[Lead]:
        """Leads in the order of their recording, or in reverse."""

    def first(self, campaign: str) -> Lead | None:
        """The first recorded lead of the campaign that is no test lead; None if there is none."""

    def in_review(
        self, campaign: str | None = None, *, silent_by: datetime | None = None
    ) -> Sequence[Lead]:
        """Leads in review without a decision, in the order of their recording.

        With `silent_by`, only those that silence accepts by then: `Lead.is_silently_accepted_at`.
        """

    def unnotified(self, campaign: str) -> Sequence[Lead]:
        """Leads in review of which the client was not notified, in the order of their recording.
        Test leads are included."""

    def unconfirmed(self, ended_by: datetime) -> Sequence[Lead]:
        """Unconfirmed leads whose link ended by then: `Lead.is_expired_at`. With test leads."""

    def held_back(self, client: str, limit: int) -> Sequence[Lead]:
        """The first leads of a client in the stage `held_back`, oldest first, without tests."""

    def rejected_for_client(self, client: str, now: datetime, limit: int) -> Sequence[Lead]:
        """The first leads whose rejection the agency entered for a client that may still accept
        them (rule 41), the soonest end of that time first, without tests."""

    def in_quarantine(self, campaign: str | None = None) -> Sequence[Lead]:
        """Leads that are `quarantined` or `held_back`, in the order of their recording."""

    def spam(self, query: SpamQuery) -> Sequence[Lead]:
        """Leads that are `spam` or `discarded` and not erased, without test leads."""

    def with_pending_meeting(
        self, campaign: str | None = None, *, silent_by: datetime | None = None
    ) -> Sequence[Lead]:
        """Leads with a pending meeting, in the order of their recording.

        With `silent_by`, only those for which `Lead.is_deemed_held_at` then.
        """

    def matching(self, client: str, keys: Keys, query: DuplicateQuery) -> Sequence[Lead]:
        """The client's leads that share any of the keys, newest first, without test leads."""

    def judged(self, campaign: str, since: datetime | None = None) -> Iterator[JudgedLead]:
        """Every lead received at `since` or later, in order of recording, read one at a time."""

    def count(self, campaign: str, since: datetime | None = None) -> int:
        """The number of leads that `judged` returns."""

    def for_kpi(self, campaign: str) -> Iterator[LeadForKpi]:
        """Every lead of a campaign except test leads, in the order of recording, one at a time."""

    def for_client(self, query: ClientLeadQuery) -> Sequence[Lead]:
        """The leads that the client may see, newest first."""


class CampaignQueries(Protocol):
    """Campaigns: versions, pauses, and the counts for caps."""

    def slugs(self) -> Sequence[str]:
        """The slugs of all campaigns with a lead, even if the campaign file no longer exists."""

    def first_version(self, campaign: str) -> str | None:
        """The campaign version of its first lead that is no test lead; None if there is none."""

    def version_text(self, campaign: str, version: str) -> str | None:
        """The text of a stored campaign version. Two campaigns may have the same text."""

    def versions(self, campaign: str, until: datetime) -> Sequence[str]:
        """The campaign's versions that were stored at or before a time, oldest first."""

    def stored_versions(self, campaign: str) -> Sequence[StoredVersion]:
        """All versions of the campaign with the time of their storing, oldest first."""

    def is_paused(self, campaign: str) -> bool:
        """Whether the campaign is paused (rule 18)."""

    def last_pause(self, campaign: str) -> Event | None:
        """The campaign's last event `paused` or `resumed`; None if it was never paused."""

    def count_in_review(self, campaign: str, now: datetime) -> int:
        """The number of leads that wait for the client's decision, without test leads."""

    def count_towards_cap(
        self, campaign: Campaign, month: str, now: datetime, company: Keys | None = None
    ) -> int:
        """The number of a month's leads that count towards a cap at `now`, or of one company's.

        Unconfirmed leads count while their link lives (rule 7). If the cap refuses leads, they
        count only for `UNCONFIRMED_IN_CAP`, so that nobody fills it with invented addresses.
        """

    def leads_free_over_cap(self, campaign: str, month: str) -> Sequence[str]:
        """The ids of a month's leads delivered over a cap (rule 8), without test leads."""

    def count_over_cap(self, campaign: str, month: str, last: int | None = None) -> int:
        """The number of a month's leads refused over a cap (rule 8), up to event number `last`.

        A correction can refuse a lead long after its month was closed.
        """

    def spam_received(self, campaign: str, month: str, number: int) -> datetime | None:
        """When the month's `number`-th newest spam was received; None if there is less.

        Test leads do not count.
        """


class CampaignWrites(CampaignQueries, Protocol):
    """Writes campaign versions."""

    def save_version(self, campaign: Campaign, at: datetime) -> None:
        """Stores the text of a campaign version unless it is stored already."""


class ReadTransaction(Protocol):
    """Queries of one consistent view of the ledger."""

    @property
    def events(self) -> EventQueries: ...
    @property
    def leads(self) -> LeadQueries: ...
    @property
    def lead_list(self) -> LeadListQueries: ...
    @property
    def lead_counts(self) -> LeadCountQueries: ...
    @property
    def page_sums(self) -> PageSumQueries: ...
    @property
    def customers(self) -> CustomerQueries: ...
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
    @property
    def downloads(self) -> DownloadQueries: ...
    @property
    def review_queue(self) -> ReviewQueueQueries: ...
    @property
    def held_leads(self) -> HeldLeadQueries: ...
    @property
    def traits(self) -> TraitQueries: ...
    @property
    def endpoints(self) -> EndpointQueries: ...
    @property
    def erasure(self) -> ErasureQueries: ...
    @property
    def users(self) -> UserQueries: ...
    @property
    def page_views(self) -> PageViewQueries: ...


class WriteTransaction(ReadTransaction, Protocol):
    """Queries and writes of one durable transaction."""

    def append(self, *events: Event) -> None:
        """Appends events and updates the rows that are derived from them.

        Raises `EventNotAllowed` for an event that the lead's stage does not allow, and `Refused`
        for a reserved kind; nothing is written then.
        """

    def attempt(self, work: Callable[["WriteTransaction"], Result]) -> Result | Refused | NotFound:
        """Runs a part of the transaction's work and returns its result.

        If the part raises `Refused` or `NotFound`, only its own changes are rolled back, and the
        error is returned. Any other error is raised.
        """

    @property
    def campaigns(self) -> CampaignWrites: ...
    @property
    def people(self) -> PeopleWrites: ...
    @property
    def statements(self) -> StatementWrites: ...
    @property
    def api(self) -> ApiWrites: ...
    @property
    def outbox(self) -> OutboxWrites: ...
    @property
    def downloads(self) -> DownloadWrites: ...
    @property
    def traits(self) -> TraitWrites: ...
    @property
    def endpoints(self) -> EndpointWrites: ...
    @property
    def erasure(self) -> ErasureWrites: ...
    @property
    def users(self) -> UserWrites: ...
    @property
    def page_views(self) -> PageViewWrites: ...


class Ledger(Protocol):
    """A database of events, leads, people and statements."""

    def transact(self, work: Callable[[WriteTransaction], Result]) -> Result:
        """Runs the work in one durable transaction and returns its result.

        Raises `Unavailable` if the database fails, and whatever the work raises; nothing is written
        then.
        """

    def transact_all(
        self, works: Sequence[Callable[[WriteTransaction], Result]], *, wait_for_lock: bool = True
    ) -> list[WorkResult[Result]]:
        """Runs several units of work in one durable transaction. A unit that raises is rolled back.

        Raises `Unavailable` if the database fails; nothing is written then. Without
        `wait_for_lock` it raises `Busy`, a subclass of `Unavailable`, if another writer holds the
        write lock.
        """

    def read(self, query: Callable[[ReadTransaction], Result]) -> Result:
        """Runs the query on one consistent view of the ledger and returns its result."""

    def verify(self) -> Verification:
        """Checks the hash chain, the triggers and the projections."""

    def rebuild(self) -> int:
        """Derives all projections again, in one transaction. Returns the number of leads.

        Other writers wait meanwhile, and fail after some seconds. Raises `Refused` if the chain is
        damaged, `EventNotAllowed` if a lead has an event that is not allowed; nothing is changed.
        """

    def empty_log(self) -> bool:
        """Removes earlier states from the database's log. False if a reader still needs one: call
        it again."""

    def close(self) -> None:
        """Closes this thread's connection."""
