"""The errors that Gatepost raises on purpose.

    GatepostError            an error that a person can fix; str() is the full message
    +-- FileErrors           mistakes in files that people write, all reported together
    +-- Refused              the request is understood, but a rule forbids it
    |   +-- EventNotAllowed  the lead's current stage does not allow this event
    +-- NotFound             no such campaign, client or lead
    +-- Unavailable          something that we depend on fails: full disk, locked database
        +-- Busy             other processes hold the resource, and the caller chose not to wait

The command line turns each into one line on stderr and exit code 1. An error may carry a `Hint`,
which the command line turns into the option or command that helps.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any


class Hint(Enum):
    """What helps after an error: a value to give, or an action to take.

    Each interface, such as the command line, translates it into its own words.
    """

    BY = "by"
    """Give the person who does it."""
    AMOUNT = "amount"
    PERIOD = "period"
    MEETING = "meeting"
    """Give the time of the meeting."""
    BASIS = "basis"
    """Give the lawful basis for keeping a person's data."""
    AGAIN = "again"
    """Confirm: the same is recorded already."""
    FROM_CLIENT = "from client"
    """State that the agency enters it for the client."""
    NOT_SPAM = "not spam"
    """Mark the lead as not spam."""
    IS_NO_SPAM = "is no spam"
    """Omit the option: the lead is not in spam."""
    STATEMENTS = "statements"
    """List the numbers of all statements."""
    STATEMENT = "statement"
    """Show the statement with this `number`."""
    TOKENS = "tokens"
    """List all tokens."""
    MESSAGES = "messages"
    """List all messages of the outbox."""
    USERS = "users"
    """List all users."""
    SESSIONS = "sessions"
    """List the sessions of all users."""
    WEBHOOKS = "webhooks"
    """List all webhooks."""
    BUILD = "build"
    """Build the site anew."""
    BUILD_FIRST = "build first"
    """Build the site first."""
    RESUME = "resume"
    """Resume the paused `campaign`."""
    NOTIFY = "notify"
    """Notify the client of the `campaign`."""
    WITHDRAW = "withdraw"
    """Undo the review of `lead_id`, possible for some seconds; later, issue a credit."""
    DISPUTE = "dispute"
    """Dispute the rejection of `lead_id`."""


class GatepostError(Exception):
    """An error whose message says what is wrong, where, and how to fix it."""

    def __init__(self, text: str, hint: Hint | None = None, **about: Any) -> None:
        super().__init__(text)
        self.hint = hint
        self.about = about
        """The values that the hint needs, such as `campaign`."""


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a file that a person writes: where it is, and how to fix it."""

    path: str
    line: int | None
    message: str

    def __str__(self) -> str:
        """One line without control characters, which a terminal could execute."""
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        message = f"{where}: {self.message}"
        return "".join(sign if sign.isprintable() else "�" for sign in message)


class FileErrors(GatepostError):
    """Mistakes in campaign, client or content files: collected, then reported together."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Refused(GatepostError):
    """The request is understood, but a rule forbids it."""


class EventNotAllowed(Refused):
    """The lead's current stage does not allow this event; carries the kinds that it allows."""

    def __init__(self, text: str, stage: str = "", allowed: Iterable[str] = ()) -> None:
        super().__init__(text)
        self.stage = stage
        """The lead's stage on that track."""
        self.allowed = tuple(allowed)
        """The kinds of event that may follow."""


class NotFound(GatepostError):
    """No such campaign, client or lead."""


class Unavailable(GatepostError):
    """Something that we depend on, such as the database, does not answer."""


class Busy(Unavailable):
    """Other processes hold the resource, and the caller chose not to wait."""


def short_path(path: Path) -> str:
    """The path relative to the working folder, or the full path if it lies outside."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
