"""What lies in `content/gated/`: how to tell that something is of it, whatever it is called."""

import hashlib
import posixpath
import stat
from pathlib import Path
from typing import Final

TELL: Final = "only a form gives it out, with `{% form SLUG %}` or `{% cta SLUG %}`"


class GatedFiles:
    """The gated files of a project, told apart by size first and then by content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._resolved = folder.resolve()
        self._by_size: dict[int, list[Path]] = {}
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            if path.is_file() and path.stat().st_size > 0:
                self._by_size.setdefault(path.stat().st_size, []).append(path)

    def same_as(self, path: Path) -> Path | None:
        """The gated file that this one is, leads to or has the content of."""
        resolved = path.resolve()
        return resolved if resolved.is_relative_to(self._resolved) else self.same_content_as(path)

    def same_content_as(self, path: Path) -> Path | None:
        """The gated file that has the very bytes of this one."""
        try:
            found = path.stat()
        except (OSError, ValueError):  # a link to nowhere
            return None
        alike = self._by_size.get(found.st_size, []) if stat.S_ISREG(found.st_mode) else []
        return next((gated for gated in alike if _digest(gated) == _digest(path)), None)


def inside(path: Path, folder: Path) -> bool:
    """By name and by where symbolic links lead."""
    named = Path(posixpath.normpath(path))
    return named.is_relative_to(folder) or path.resolve().is_relative_to(folder.resolve())


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
