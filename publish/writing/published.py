"""What the last published build showed: a small file beside the site; so no address is lost."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from capture.errors import Unavailable, short_path


@dataclass(frozen=True)
class Published:
    """What `published.json` says."""

    slugs: Mapping[str, str] = field(default_factory=dict)
    """Each slug that readers could reach, and the file that it came from."""
    due: datetime | None = None
    """When it is to be built again: the next post is due, or a form opens or closes. UTC."""

    def write(self, path: Path) -> None:
        """Writes the file; a reader sees the old one or the new one, never half of it."""
        due = self.due.isoformat() if self.due else None
        text = json.dumps({"slugs": dict(sorted(self.slugs.items())), "due": due}, indent=1)
        draft = path.with_suffix(".new")
        draft.write_text(f"{text}\n", encoding="utf-8")
        draft.replace(path)


def read_published(path: Path) -> Published:
    """What the last published build wrote; nothing if there was none. Raises `Unavailable`."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        due = datetime.fromisoformat(said["due"]) if said["due"] else None
        return Published(dict(said["slugs"]), due)
    except FileNotFoundError:
        return Published()
    except (OSError, ValueError, KeyError, TypeError):
        raise Unavailable(
            f"{short_path(path)}: not what a build writes; "
            "put it back from a backup, or delete it: then no vanished slug is missed once"
        ) from None
