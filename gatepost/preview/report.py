"""What one build told: what it made, or what is to be mended."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake: where it is, as far as anybody can tell, and how to mend it."""

    path: str
    line: int | None
    message: str

    def __str__(self) -> str:
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{where}: {self.message}" if where else self.message


@dataclass(frozen=True, slots=True)
class Held:
    """A post that readers do not see yet."""

    where: str
    """The file, as a person at the project's root would type it."""
    title: str
    address: str
    """Its address on the preview; empty if it has none."""
    due: str
    """When it is published, in the site's zone; empty for a draft."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to build, where to, and by which settings."""

    config: Path
    given: dict[str, str]
    """What wins over the settings file."""
    seconds: int
    """How long the build may take."""
    reading: Path
    """Where it notes which file it is reading, as `given` says too."""


@dataclass(frozen=True, slots=True)
class Report:
    """Sent from the process that built to the one that serves."""

    faults: tuple[Fault, ...] = ()
    counted: str = ""
    """Such as `8 articles, 3 pages and 3 forms`."""
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()
    due: datetime | None = None
    """When the site changes though nothing is saved: one of them is due, or a form's day. UTC."""
    sources: tuple[Path, ...] = ()
    """Folders that the build read, as far as it came: what lies in them is worth a new build."""
