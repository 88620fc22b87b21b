"""Resolves a name to a file inside one folder, for reading and for writing.

Every path in content is resolved here: links, pictures, front matter, campaign assets, media of an
import. A name is checked as written and in every form that a reader may give it: percent-decoded,
with backslashes as slashes, and with Unicode look-alikes replaced (NFKC).
"""

import os
import posixpath
import stat
import unicodedata
from pathlib import Path
from typing import Final
from urllib.parse import unquote

_MAX_FORMS: Final = 200
"""The most forms of one name that are checked; a name with more is refused."""


def name_below(path: str, beside: str = "") -> str:
    """The name relative to the top folder; without a leading `/` it is relative to `beside`.

    Not normalized, so that `ConfinedFolder` still sees a name that leads out of the folder.
    """
    return path[1:] if path.startswith("/") else posixpath.join(beside, path)


class ConfinedFolder:
    """A folder that no name may leave. Results are cached; make a new object to check again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._real = os.path.realpath(self.folder)
        self._problems: dict[str, str] = {}
        self._modes: dict[str, int | None] = {}

    def why_outside(self, name: str) -> str:
        """Why the name is not allowed, such as "leads out of content/"; "" if it is.

        Reads only symbolic links, so it also works for files that do not exist yet.
        """
        problem = self._problems.get(name)
        if problem is None:
            problem = self._problems[name] = self._find_problem(name)
        return problem

    def why_no_file(self, name: str) -> str:
        """Why the name is not allowed or is not a regular file; "" if it is, or does not exist."""
        if problem := self.why_outside(name):
            return problem
        mode = self._mode(name)
        return "" if mode is None or stat.S_ISREG(mode) else kind_problem(mode)

    def find_file(self, name: str) -> Path | None:
        """The regular file of that name; None if it does not exist or is not allowed."""
        mode = None if self.why_outside(name) else self._mode(name)
        return self.folder / name if mode is not None and stat.S_ISREG(mode) else None

    def holds(self, path: Path) -> bool:
        """Whether the path is inside the folder after symbolic links are resolved."""
        try:
            return self._is_inside(os.path.realpath(path))
        except (OSError, ValueError):
            return False

    def _mode(self, name: str) -> int | None:
        if name not in self._modes:
            try:
                self._modes[name] = (self.folder / name).stat().st_mode
            except OSError:  # missing, name too long, or a link to itself
                self._modes[name] = None
        return self._modes[name]

    def _find_problem(self, name: str) -> str:
        forms = _forms(name)
        if not forms:
            return "is encoded too many times: write it plainly"
        if any(map(_has_bad_character, forms)):
            return "has a character that is not allowed in a file name: remove it"
        if any(map(self._escapes, forms)):
            return f"leads out of {self.folder.name}/"
        return ""

    def _escapes(self, name: str) -> bool:
        normal = posixpath.normpath(name)
        if name.startswith("/") or normal == ".." or normal.startswith("../"):
            return True
        # The system takes `link/..` relative to the link's target; Pelican, relative to the link.
        return not all(self.holds(self.folder / path) for path in {name, normal})

    def _is_inside(self, real: str) -> bool:
        return real == self._real or real.startswith(f"{self._real.rstrip('/')}/")


def kind_problem(mode: int) -> str:
    """What is wrong with a file of that mode, which is not a regular file."""
    if stat.S_ISDIR(mode):
        return "is a folder: name a file"
    return "is a pipe, socket or device: replace it with a regular file"


def _forms(name: str) -> tuple[str, ...]:
    """All forms of the name, in any order; empty if there are more than `_MAX_FORMS`."""
    if name.isascii() and "%" not in name and "\\" not in name:
        return (name,)
    forms, waiting = {name: None}, [name]
    while waiting:
        form = waiting.pop()
        for change in (
            _use_slashes,
            _percent_decode,
            _normalize,
            posixpath.normpath,
        ):
            changed = change(form)
            if changed not in forms:
                if len(forms) == _MAX_FORMS:
                    return ()
                forms[changed] = None
                waiting.append(changed)
    return tuple(forms)


def _use_slashes(name: str) -> str:
    return name.replace("\\", "/")


def _percent_decode(name: str) -> str:
    return unquote(name, errors="surrogateescape")


def _normalize(name: str) -> str:
    return unicodedata.normalize("NFKC", name)


def _has_bad_character(name: str) -> bool:
    """Whether it has control characters or characters that no file system can store."""
    try:
        return any(sign < 32 or sign == 127 for sign in os.fsencode(name))
    except UnicodeEncodeError:
        return True
