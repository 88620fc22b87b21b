"""Recognises files that are never published, by path and by content.

These are the files of `content/gated/`, which visitors get through forms, and the campaign and
client files, which are confidential.
"""

import hashlib
import os
import posixpath
import stat
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from capture.errors import short_path
from capture.paths import ConfinedFolder

HOW_TO_LINK: Final = "only a form gives it out, with `{% form SLUG %}` or `{% cta SLUG %}`"
_CONFIDENTIAL: Final = "campaign and client files are confidential"


class GatedFiles:
    """The files of these folders, compared by size first and then by content.

    `folder` holds the gated files; `private` are the folders of campaigns and clients.
    """

    def __init__(self, folder: Path, private: Iterable[Path] = ()) -> None:
        self.folder = folder
        self._folders = (folder, *private)
        self._resolved = [private_folder.resolve() for private_folder in self._folders]
        self._by_size: dict[int, list[Path]] = {}
        for private_folder in self._folders:
            paths = private_folder.rglob("*") if private_folder.is_dir() else ()
            for path in sorted(paths):
                if path.is_file() and path.stat().st_size > 0:
                    self._by_size.setdefault(path.stat().st_size, []).append(path)

    @property
    def sizes(self) -> Collection[int]:
        """The sizes of the files, in bytes."""
        return self._by_size.keys()

    def names_below(self, folder: Path) -> tuple[str, ...]:
        """The starts of all names below a folder that lead into one of these folders."""
        root = Path(os.path.realpath(folder))
        names = (
            f"{private.relative_to(root).as_posix()}/"
            for private in self._resolved
            if private.is_relative_to(root) and private != root
        )
        return ("",) if any(map(root.is_relative_to, self._resolved)) else tuple(names)

    def find_match(self, path: Path) -> Path | None:
        """The gated or private file that this file is, links to, or has the same content as."""
        return path.resolve() if self.holds(path) else self.find_same_content(path)

    def holds(self, path: Path) -> bool:
        """Whether the path leads into one of the folders."""
        resolved = Path(os.path.realpath(path))
        return any(resolved.is_relative_to(folder) for folder in self._resolved)

    def reason(self, file: Path) -> str:
        """Why the file is not published, and how visitors get it."""
        is_gated = file.resolve().is_relative_to(self._resolved[0])
        return HOW_TO_LINK if is_gated else _CONFIDENTIAL

    def refusal(self, file: Path) -> str:
        """The message for a file that would publish this gated or private file."""
        kind = "the gated file " if self.reason(file) == HOW_TO_LINK else ""
        return f"would publish {kind}{short_path(file)}: delete it; {self.reason(file)}"

    def find_same_content(self, path: Path) -> Path | None:
        """The gated or private file with the same bytes as this one."""
        try:
            status = path.stat()
        except (OSError, ValueError):  # a broken link
            return None
        similar = self._by_size.get(status.st_size, []) if stat.S_ISREG(status.st_mode) else []
        digest = _digest(path) if similar else None
        return next((gated for gated in similar if digest and _digest(gated) == digest), None)


def is_inside(path: Path, folder: Path) -> bool:
    """Whether the path is in the folder, by its name or after following symbolic links."""
    if "\0" in str(path):
        return False  # no file has such a name
    named = Path(posixpath.normpath(path))
    return named.is_relative_to(folder) or ConfinedFolder(folder).holds(path)


def _digest(path: Path) -> bytes | None:
    """The hash of the content; None if it cannot be read, which another rule reports."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None
