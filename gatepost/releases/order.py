"""What passes between the hook and the process that builds, beside the files themselves."""

from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from capture.errors import Problem

SITE: Final = "output"
"""The folder that a build makes beside the pushed ones."""
LONGEST: Final = 64_000_000
"""Bytes of an order or an answer, at most."""


@dataclass(frozen=True, slots=True)
class Order:
    """Sent first; the three folders follow."""

    published: str | None
    """What the live release published, as JSON; None before the first."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Sent back; the site follows if there are neither problems nor a reason why there is none."""

    problems: tuple[Problem, ...] = ()
    """What the writer can mend."""
    unavailable: str = ""
    """What the operator must mend, in words."""
    broken: str = ""
    """The traceback of what nobody has thought of."""
    warnings: tuple[str, ...] = ()
    counted: str = ""
    """Such as `8 articles, 3 pages and 3 forms`."""
    seconds: float = 0.0
    due: str | None = None
    """The next post that is held back: when, and which."""

    @property
    def is_good(self) -> bool:
        """Whether a site follows."""
        return not (self.problems or self.unavailable or self.broken)


ORDER: Final = TypeAdapter(Order)
ANSWER: Final = TypeAdapter(Answer)
