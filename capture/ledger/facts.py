"""What the ledger hands out and takes in: facts, whatever database stands behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from capture.campaign.model import Answer
from capture.lead.events import Actor, Event, EventKind
from capture.lead.model import Lead

Result = TypeVar("Result")

Keys = Mapping[str, str]
"""What a person can be known by: `email/2`, `phone`, `company_domain/2`, as `capture.lead.identity`
names them after the version of its rules. Stored as HMACs only."""


@dataclass(frozen=True, slots=True)
class PersonalData:
    """The personal data of one lead, kept apart from its events so that it can be erased."""

    answers: Mapping[str, Answer]
    judged: Mapping[str, str] = field(default_factory=dict)
    """By criterion: the value that was judged, as text; empty if none was given."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """By criterion: why it was met or not, in words."""
    first_touch: Mapping[str, str] = field(default_factory=dict)
    last_touch: Mapping[str, str] = field(default_factory=dict)
    unverified: Mapping[str, str] = field(default_factory=dict)
    """By field: what was typed and could not be verified; never judged, never a key."""


@dataclass(frozen=True, slots=True)
class Note:
    """Who did something to a lead, and what they said about it: personal data, so erasable."""

    lead_id: str
    kind: str
    """The kind of event that it belongs to."""
    author: str
    text: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class ClosedStatement:
    """A closed statement as it was frozen."""

    number: str
    client: str
    campaign: str
    month: str
    json: str
    """Canonical JSON: what the hash is of."""
    sha256: str
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class DueState:
    """What a lead's row says of its bill (rule 33)."""

    due_at: datetime | None
    """When its next line falls due that no statement has, if nobody says anything more."""
    billed: str
    """Number of the statement that billed it last; empty while none did."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something to tell somebody, committed with the lead that it is about, sent afterwards."""

    lead_id: str
    kind: str
    queued_at: datetime
    expires_at: datetime | None
    """Past this time it is no longer worth telling."""


@dataclass(frozen=True, slots=True)
class WorkResult(Generic[Result]):
    """What one of several pieces of work came to."""

    result: Result | None = None
    error: Exception | None = None
    """What it raised; then nothing of it was written."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it stands in the ledger."""

    sequence: int
    event: Event
    hash: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A lead with the verdict that it was given, and what is still kept of its answers."""

    lead: Lead
    verdict: Mapping[str, Any] | None
    """As the newest event that has one holds it; None while there is none."""
    answers: Mapping[str, Answer] | None
    """None once erased."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The newest word on a lead in review: accepted, rejected or settled."""

    kind: EventKind
    actor: Actor
    at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class LeadForKpi:
    """A lead with what figures need of its events and of its person's way here."""

    lead: Lead
    decision: Decision | None
    """As it was said; one that was taken back is among them."""
    notice_at: datetime | None
    """When its window began."""
    touches: tuple[Mapping[str, str], Mapping[str, str]] | None
    """The first and the last; None once erased."""


@dataclass(frozen=True, slots=True)
class DuplicateQuery:
    """Which leads of the same person are looked for."""

    stages: frozenset[str]
    """Where they stand in review."""
    since: datetime | None = None
    campaign: str | None = None
    most: int | None = 20
    """How many are looked at: a flood of a person's leads must not slow the door. None: all."""


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Which leads a listing wants; None means any."""

    campaign: str | None = None
    month: str | None = None


@dataclass(frozen=True, slots=True)
class SyncMark:
    """A moment of the ledger: what was recorded by then, and what silence had decided."""

    sequence: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ClientLeadQuery:
    """Which of a client's leads are asked for; None means any. The client sees only what
    qualified, and no tests (rules 5 and 6)."""

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
    """Not included."""
    changed: SyncMark | None = None
    """Only what has changed since, by an event or by silence."""
    after: tuple[datetime, str] | None = None
    """Receipt and id of the last lead of the page before."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token by which a client's program reads its leads. The token itself is kept nowhere."""

    id: str
    """By which it is listed and revoked."""
    client: str
    name: str
    made_at: datetime
    used_at: datetime | None = None
    """The last use, to the hour."""
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SavedResponse:
    """What a program was answered when it used a key before."""

    same: bool
    """Whether it asks the same again, not something else under the same key."""
    answer: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of the whole ledger found."""

    events: int
    leads: int
    head: str
    problems: tuple[str, ...]
    """Empty when all is well; the first fault of each kind, with where it is."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "events": self.events,
            "leads": self.leads,
            "head": self.head,
            "faults": list(self.problems),
        }
