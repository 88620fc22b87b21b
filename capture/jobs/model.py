"""Facts about a job: what is requested, how far it is, how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class JobKind(StrEnum):
    """What a job does."""

    EXPORT = "export"
    """Writes a list of leads to a file."""
    BACKTEST = "backtest"
    """Judges all past leads of a campaign by another version."""
    CLOSE = "close"
    """Closes a month of several clients."""

    @property
    def has_personal_data(self) -> bool:
        """Whether its request, its temporary files or its result may hold personal data."""
        return self is not JobKind.CLOSE


class JobState(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """Its process has ended without a result."""

    @property
    def is_over(self) -> bool:
        """Whether its process has ended."""
        return self not in {JobState.WAITING, JobState.RUNNING}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """What a user asks for. The same request of the same user is the same job until it ends."""

    kind: JobKind
    title: str
    """What it is, in a few words for a heading."""
    user_id: str
    user_name: str
    client: str
    """The client of the user; empty: the user is the agency's."""
    details: Mapping[str, Any]
    """What the kind needs to know, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """How far a job is."""

    step: str = ""
    """What it does now, in a few words."""
    done: int = 0
    total: int = 0
    """0: not known yet."""
    at: datetime
    """When this was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """How a job ended."""

    ended_at: datetime
    error: str = ""
    """Why it failed, in one sentence; empty: it is done."""
    file_name: str = ""
    """The name of the file for a download; empty: it made no file to download."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What the kind found, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it is now."""

    id: str
    number: int
    """Jobs run in the order of their numbers."""
    request: JobRequest
    requested_at: datetime
    state: JobState
    progress: JobProgress | None
    """None before its start."""
    result: JobResult | None
    """None before its end."""
    is_seen: bool
    """Whether the user has seen its end."""

    @property
    def ended_at(self) -> datetime:
        """When it ended or, if it was interrupted, when it was last known to run."""
        if self.result is not None:
            return self.result.ended_at
        return self.requested_at if self.progress is None else self.progress.at
