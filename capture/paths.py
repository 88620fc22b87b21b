"""Which file a name leads to, if it stays inside one folder: for reading and for writing.

Every path that content names is decided here: links, pictures, front matter, campaign assets, media
of an import. A name is looked at as written and as any reader of it may take it: percent-decoded,
with backslashes as slashes, and with Unicode look-alikes (NFKC) as the signs that they stand for.
"""

import os
import posixpath
import stat
import unicodedata
from pathlib import Path
from typing import Final
from urllib.parse import unquote

_MOST: Final = 200
"""How many readings of a name are looked at; one that has more is refused."""


def name_below(path: str, beside: str = "") -> str:
    """The name below the folder: from its top after one `/`, else from the folder `beside`.

    Not normalized: what leads out of the folder must stay visible to `ConfinedFolder`.
    """
    return path[1:] if path.startswith("/") else posixpath.join(beside, path)


class ConfinedFolder:
    """A folder out of which no name leads. Answers are kept: make a new one for a new look."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._real = os.path.realpath(self.folder)
        self._faults: dict[str, str] = {}
        self._modes: dict[str, int | None] = {}

    def why_outside(self, name: str) -> str:
        """What is wrong with where the name leads, such as "leads out of content/"; else empty.

        Looks at nothing but symbolic links, and holds for names that are still to be written.
        """
        problem = self._faults.get(name)
        if problem is None:
            problem = self._faults[name] = self._find_fault(name)
        return problem

    def why_no_file(self, name: str) -> str:
        """The same, or why what lies there is no regular file; also empty if nothing is there."""
        if problem := self.why_outside(name):
            return problem
        mode = self._mode(name)
        return "" if mode is None or stat.S_ISREG(mode) else kind_fault(mode)

    def find_file(self, name: str) -> Path | None:
        """The regular file of that name; None if there is none, or if it is not to be used."""
        mode = None if self.why_outside(name) else self._mode(name)
        return self.folder / name if mode is not None and stat.S_ISREG(mode) else None

    def holds(self, path: Path) -> bool:
        """Whether a path lies inside by where symbolic links lead."""
        try:
            return self._is_inside(os.path.realpath(path))
        except (OSError, ValueError):
            return False

    def _mode(self, name: str) -> int | None:
        if name not in self._modes:
            try:
                self._modes[name] = (self.folder / name).stat().st_mode
            except OSError:  # it is not there, its name is too long, it leads to itself
                self._modes[name] = None
        return self._modes[name]

    def _find_fault(self, name: str) -> str:
        spellings = _spellings(name)
        if not spellings:
            return "is encoded too often to say where it leads: write it plainly"
        if any(map(_has_no_file, spellings)):
            return "holds a character that no file name has"
        if any(map(self._escapes, spellings)):
            return f"leads out of {self.folder.name}/"
        return ""

    def _escapes(self, name: str) -> bool:
        normal = posixpath.normpath(name)
        if name.startswith("/") or normal == ".." or normal.startswith("../"):
            return True
        # For the system `link/..` is beside what the link leads to; for Pelican, beside the link.
        return not all(self.holds(self.folder / way) for way in {name, normal})

    def _is_inside(self, real: str) -> bool:
        return real == self._real or real.startswith(f"{self._real.rstrip('/')}/")


def kind_fault(mode: int) -> str:
    """What a file of that mode is instead of a regular one."""
    if stat.S_ISDIR(mode):
        return "is a folder: name a file"
    return "is no regular file but a pipe, socket or device: put a file in its place"


def _spellings(name: str) -> tuple[str, ...]:
    """The name and what readers may make of it, in any order; nothing if that has no end."""
    if name.isascii() and "%" not in name and "\\" not in name:
        return (name,)
    found, waiting = {name: None}, [name]
    while waiting:
        before = waiting.pop()
        for change in (_with_slashes, _decoded, _compatible, posixpath.normpath):
            after = change(before)
            if after not in found:
                if len(found) == _MOST:
                    return ()
                found[after] = None
                waiting.append(after)
    return tuple(found)


def _with_slashes(name: str) -> str:
    return name.replace("\\", "/")


def _decoded(name: str) -> str:
    return unquote(name, errors="surrogateescape")


def _compatible(name: str) -> str:
    return unicodedata.normalize("NFKC", name)


def _has_no_file(name: str) -> bool:
    """Control characters, and what no file system can write down."""
    try:
        return any(sign < 32 or sign == 127 for sign in os.fsencode(name))
    except UnicodeEncodeError:
        return True
