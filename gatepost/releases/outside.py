"""Whether a push changes code or theme, which are installed by the operator and never by a push.

A writer's clone holds the whole repository, so most pushes carry all of it. What counts is what
differs both from what was last pushed and from what is installed: so a writer whose clone is older
than the installed code may push, and one who has merged the installed code may, too.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from capture.counted import counted
from capture.errors import Refused
from gatepost.releases.git import Entry
from gatepost.releases.tree import is_published, shown

NAMED: Final = 10
_LINK: Final = "120000"
_TELL: Final = "is code or theme, which a push does not change"
_MEND: Final = (
    "Push what you wrote alone: content/, campaigns/, clients/. Code and theme are installed by "
    "the operator first (deploy/README.md, Upgrade); then this same push is taken."
)


def check_outside(old: Sequence[Entry], new: Sequence[Entry], installed: Path) -> None:
    """Raises `Refused` if anything but the three folders changes."""
    before = {entry.path: entry for entry in old if not is_published(entry)}
    after = {entry.path: entry for entry in new if not is_published(entry)}
    changed = [
        path
        for path in sorted(before.keys() | after.keys())
        if _blob(before.get(path)) != _blob(after.get(path))
        and not _is_installed(path, after.get(path), installed)
    ]
    if not changed:
        return
    lines = [f"{shown(path)}: {_TELL}" for path in changed[:NAMED]]
    if len(changed) > NAMED:
        lines.append(f"{counted(len(changed) - NAMED, 'more file')}: the same")
    raise Refused("\n".join([*lines, _MEND]))


def _blob(entry: Entry | None) -> str | None:
    return entry.blob if entry else None


def _is_installed(path: str, entry: Entry | None, installed: Path) -> bool:
    """Whether the installed copy has just this file, or just as little has none."""
    there = installed / path
    try:
        if entry is None:
            return not there.is_symlink() and not there.exists()
        is_link = entry.mode == _LINK
        content = str(there.readlink()).encode() if is_link else there.read_bytes()
    except (OSError, ValueError):
        return False
    return _name_of(content, entry.blob) == entry.blob


def _name_of(content: bytes, like: str) -> str:
    """A blob's name as git makes it, SHA-1 or SHA-256 by the length of another."""
    make = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    return make(b"blob %d\0" % len(content) + content).hexdigest()
