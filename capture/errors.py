"""Every refusal that Gatepost makes on purpose.

    GatepostError           a refusal that a person can mend; str() is the whole sentence
    +-- FileErrors          mistakes in files that people write, all told at once
    +-- Refused             the request is understood, and the rules forbid it
    |   +-- MoveRefused     the lead's track has no such move from where it stands
    +-- NotFound            no such campaign, client or lead
    +-- Unavailable         a part that we stand on does not answer: full disk, locked database
        +-- Busy            others are at work, and the caller did not want to wait for them

The command line turns each into one line on stderr and exit code 1. An error may carry a `Hint`,
which the command line turns into the option or command that helps.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any


class Hint(Enum):
    """What helps after a refusal: a value to give, or something to do.

    Each way in (the command line, say) has its own words for it.
    """

    BY = "by"
    """Who does it."""
    AMOUNT = "amount"
    PERIOD = "period"
    MEETING = "meeting"
    """When the meeting is."""
    BASIS = "basis"
    """The lawful basis on which a person's data are kept."""
    AGAIN = "again"
    """It is meant, though the same is recorded already."""
    FROM_CLIENT = "from client"
    """It is entered for the client."""
    NOT_SPAM = "not spam"
    """The lead is to be taken out of spam."""
    IS_NO_SPAM = "is no spam"
    """It cannot be taken out of spam."""
    STATEMENTS = "statements"
    """All numbers can be listed."""
    STATEMENT = "statement"
    """One statement can be shown, by its `number`."""
    TOKENS = "tokens"
    """All tokens can be listed."""
    BUILD = "build"
    """The site can be built again."""
    BUILD_FIRST = "build first"
    """The site is to be built first."""
    RESUME = "resume"
    """The `campaign` can be opened again."""
    NOTIFY = "notify"
    """The client of the `campaign` can be notified."""
    WITHDRAW = "withdraw"
    """The review of the `lead_id` can be taken back for some seconds; later there are credits."""
    DISPUTE = "dispute"
    """The rejection of the `lead_id` can be disputed."""


class GatepostError(Exception):
    """A refusal that says what, where and how to mend it."""

    def __init__(self, text: str, hint: Hint | None = None, **about: Any) -> None:
        super().__init__(text)
        self.hint = hint
        self.about = about
        """What the hint is about, such as the `campaign`."""


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a file that a person writes: where it is, and how to mend it."""

    path: str
    line: int | None
    message: str

    def __str__(self) -> str:
        """One line, whatever stands in the file: no terminal obeys it."""
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        message = f"{where}: {self.message}"
        return "".join(sign if sign.isprintable() else "�" for sign in message)


class FileErrors(GatepostError):
    """Mistakes in campaign, client or content files: gathered first, then told all at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Refused(GatepostError):
    """The request is understood, and the rules forbid it."""


class MoveRefused(Refused):
    """The lead's track has no such move from where it stands; names the moves that are allowed."""

    def __init__(self, text: str, stage: str = "", allowed: Iterable[str] = ()) -> None:
        super().__init__(text)
        self.stage = stage
        """Where the lead stands on that track."""
        self.allowed = tuple(allowed)
        """The kinds of event that may follow."""


class NotFound(GatepostError):
    """No such campaign, client or lead."""


class Unavailable(GatepostError):
    """A part that we stand on does not answer."""


class Busy(Unavailable):
    """Others are at work just now, and the caller did not want to wait."""


def short_path(path: Path) -> str:
    """The path as a person at the project's root would type it."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
