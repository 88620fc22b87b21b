"""Data classes that the ledger accepts and returns, for every database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from capture.campaign.model import Answer
from capture.lead.events import Actor, Event, EventKind
from capture.lead.model import Lead
from capture.lead.moves import REMOVED

Result = TypeVar("Result")

Keys = Mapping[str, str]
"""Identity keys of a person by name, such as `email/2`, `phone` and `company_domain/2`; see
`capture.lead.identity`. Stored only as HMACs."""


@dataclass(frozen=True, slots=True)
class PersonalData:
    """The personal data of one lead, stored apart from its events so that it can be erased."""

    answers: Mapping[str, Answer]
    judged: Mapping[str, str] = field(default_factory=dict)
    """By criterion: the judged value as text; empty if no answer was given."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """By criterion: why it passed or failed, in words."""
    first_touch: Mapping[str, str] = field(default_factory=dict)
    last_touch: Mapping[str, str] = field(default_factory=dict)
    unverified: Mapping[str, str] = field(default_factory=dict)
    """By field: an answer that could not be verified. It is never judged and never a key."""
    page: str = ""
    """The path of the page with the form, as the browser sent it; empty if unknown."""


def email_of(personal_data: PersonalData | None) -> str:
    """The lead's e-mail address; empty after erasure, or if no valid one was given."""
    return "" if personal_data is None else str(personal_data.answers.get("email", ""))


@dataclass(frozen=True, slots=True)
class Note:
    """The name and the text of a person who acted on a lead: personal data, so it can be erased."""

    lead_id: str
    kind: str
    """The kind of the event that the note belongs to."""
    author: str
    text: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class ClosedStatement:
    """A closed statement as it is stored; it never changes."""

    number: str
    client: str
    currency: str
    month: str
    json: str
    """Canonical JSON."""
    sha256: str
    """Hash of `json`, in hex."""
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class StatementTotal:
    """What one campaign's lines on a statement add up to, in minor units."""

    number: str
    client: str
    currency: str
    month: str
    campaign: str
    total: int


@dataclass(frozen=True, slots=True)
class DueState:
    """The billing columns of a lead's row (rule 33 of docs/rules.md)."""

    due_at: datetime | None
    """When its next unbilled line falls due if no further event is recorded; None if none does."""
    billed: str
    """Number of the last statement that billed it; empty if there is none."""


@dataclass(frozen=True, slots=True)
class WorkResult(Generic[Result]):
    """The result of one unit of work in `transact_all`."""

    result: Result | None = None
    error: Exception | None = None
    """The exception that it raised. Its changes were then rolled back."""


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as the ledger stores it, with its number and its hash in the chain."""

    sequence: int
    event: Event
    hash: str


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version of a campaign file, and when the ledger stored it first."""

    version: str
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class JudgedLead:
    """A lead with its verdict and its answers."""

    lead: Lead
    verdict: Mapping[str, Any] | None
    """The newest verdict in its events; None if there is none."""
    answers: Mapping[str, Answer] | None
    """None after erasure."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The newest decision on a lead: accepted, rejected or settled."""

    kind: EventKind
    actor: Actor
    at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class LeadForKpi:
    """A lead with the data that KPIs need of its events and touches."""

    lead: Lead
    decision: Decision | None
    """The newest one, even if it was undone."""
    notice_at: datetime | None
    """Start of the review window."""
    touches: tuple[Mapping[str, str], Mapping[str, str]] | None
    """First and last touch; None after erasure."""


@dataclass(frozen=True, slots=True)
class DuplicateQuery:
    """Conditions of a search for leads of the same person."""

    stages: frozenset[str]
    """Review stages."""
    since: datetime | None = None
    """Received at this time or later."""
    campaign: str | None = None
    limit: int | None = 20
    """Most leads to return, so that many leads of one person do not slow down intake. None: all."""


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Conditions of a list of leads; None means any."""

    campaign: str | None = None
    month: str | None = None
    sale: str | None = None
    """The stage of the sale, such as `won`."""
    disputed: bool | None = None


@dataclass(frozen=True, slots=True)
class SpamQuery:
    """Which of the leads that seem not to be from real persons, newest first."""

    since: datetime
    """Received then or later."""
    limit: int
    campaign: str | None = None
    after: tuple[datetime, str] | None = None
    """Time of receipt and id of the last lead of the page before."""
    received_until: datetime | None = None
    signals: Sequence[str] = ()
    """Only spam with exactly these signals, in their stored order."""


@dataclass(frozen=True, slots=True)
class LeadMatch:
    """A lead that a search found."""

    lead: Lead
    answers: Mapping[str, str]
    """By field: each answer with a word of the search, verified or not. Empty: the id matches."""


@dataclass(frozen=True, slots=True)
class SyncMark:
    """A point in the ledger's history: the last event, and the time for decisions by silence."""

    sequence: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ClientLeadQuery:
    """Conditions of a client's list of leads; None means any. A client never sees leads that did
    not qualify, nor tests (rules 5 and 6). Only a query for changes, for one lead or for the stage
    `REMOVED` has leads that the client had before."""

    client: str
    now: datetime
    limit: int
    lead_id: str | None = None
    campaign: str | None = None
    stage: str | None = None
    """As of `now`: silence accepts (rule 12)."""
    month: str | None = None
    received_since: datetime | None = None
    received_until: datetime | None = None
    """Exclusive."""
    changed: SyncMark | None = None
    """Only leads that changed after this point, by an event or by silence."""
    after: tuple[datetime, str] | None = None
    """Cursor: time of receipt and id of the last lead of the previous page."""

    @property
    def with_removed(self) -> bool:
        """Whether the result includes leads that were removed."""
        return self.changed is not None or self.lead_id is not None or self.stage == REMOVED


class LeadSort(StrEnum):
    """The order of a list."""

    NEWEST = "newest"
    OLDEST = "oldest"
    DEADLINE = "deadline"
    """Only leads that silence will accept, the soonest first."""


Position = tuple[datetime, str]
"""The time that the list is sorted by, and the id, of the lead beside which a page begins."""


@dataclass(frozen=True, slots=True)
class LeadListQuery:
    """Conditions of a list of leads; None means any."""

    now: datetime
    limit: int
    client: str | None = None
    """Only leads that this client may see, as for `ClientLeadQuery`, without removed ones."""
    campaign: str | None = None
    review: str | None = None
    """The stage in review as of `now`: silence accepts (rule 12 of docs/rules.md)."""
    appointment: str | None = None
    """The stage of the meeting as of `now` (rule 14)."""
    sale: str | None = None
    source: str | None = None
    article: str | None = None
    """The path of the page of the first touch, or else of the page with the form."""
    signal: str | None = None
    """The name of a risk signal."""
    search: str | None = None
    """Each word begins a word of the name, e-mail address, company, phone number or URL; or the
    text begins the id. Case does not matter. A text without a word finds nothing."""
    received_since: datetime | None = None
    received_until: datetime | None = None
    """Exclusive."""
    sort: LeadSort = LeadSort.NEWEST
    after: Position | None = None
    """The last lead of the page before."""
    before: Position | None = None
    """The first lead of the page after: the result is the page that ends before it."""


def list_position(lead: Lead, sort: LeadSort) -> Position:
    """The position of a lead in a list."""
    at = lead.silence_accepts_at if sort is LeadSort.DEADLINE else lead.received_at
    return at or lead.received_at, lead.lead_id


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A client's API token. The token itself is not stored, only its digest."""

    id: str
    """Shown in lists and used to revoke it."""
    client: str
    name: str
    made_at: datetime
    used_at: datetime | None = None
    """Last use, to the hour."""
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SavedResponse:
    """The response to an earlier request with the same idempotency key."""

    is_same_request: bool
    """Whether the new request equals the earlier one."""
    answer: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of a check of the whole ledger."""

    events: int
    leads: int
    head: str
    problems: tuple[str, ...]
    """One line per problem: the first few of each kind and where they are. Empty if sound."""
    can_rebuild: bool = True
    """Whether events, triggers and campaign versions are sound, so that everything that is derived
    from them can be derived again."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "events": self.events,
            "leads": self.leads,
            "head": self.head,
            "problems": list(self.problems),
        }
