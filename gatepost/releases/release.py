"""A release: three pushed folders and the site made of them, in one folder of its own."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from capture.errors import Unavailable

FACTS: Final = "release.json"


@dataclass(frozen=True, slots=True)
class Release:
    """What a release's folder says of itself."""

    name: str
    commit: str
    repository: str
    """The bare repository that the commit came into."""
    subject: str
    """The first line of the commit's message."""
    made_at: datetime
    live_at: datetime | None = None
    """When it was last put before readers; None: never yet."""
    before: str | None = None
    """The release that readers saw before it."""
    size: int = 0
    """Bytes of its files, those of the site included."""

    def write(self, folder: Path) -> None:
        """Keeps the facts; a reader sees the old ones or the new ones."""
        facts = asdict(self)
        facts["made_at"] = self.made_at.isoformat()
        facts["live_at"] = self.live_at.isoformat() if self.live_at else None
        draft = folder / f".{FACTS}"
        draft.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        draft.replace(folder / FACTS)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Raises `Unavailable` if the folder holds no release."""
        try:
            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
            live_at = facts["live_at"]
            times = {
                "made_at": datetime.fromisoformat(facts["made_at"]),
                "live_at": datetime.fromisoformat(live_at) if live_at else None,
            }
            return cls(**facts | times)
        except (OSError, ValueError, KeyError, TypeError):
            raise Unavailable(f"{folder}: not a release; take the folder away") from None


def name_of(commit: str, now: datetime) -> str:
    """Sorts by time, and says what is in it."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{commit[:12]}"


def size_of(folder: Path) -> int:
    """The bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
