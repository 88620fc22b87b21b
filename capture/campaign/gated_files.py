"""The files that campaigns give to visitors: whether each can be sent.

The start of the service, the pages for visitors and the report to the agency use the same check.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Final

from capture.campaign.model import Campaign
from capture.paths import ConfinedFolder

POINTER_PROBLEM: Final = "is a Git LFS pointer, not the file"
_POINTER: Final = b"version https://git-lfs.github.com/spec/"
_MAX_POINTER_SIZE: Final = 1024  # bytes, by the specification of Git LFS


@dataclass(frozen=True, slots=True)
class GatedFile:
    """One file in the folder of gated files."""

    name: str
    size: int
    """In bytes."""
    problem: str
    """Why it cannot be sent, such as "is empty"; "" if it can."""


@dataclass(frozen=True, slots=True)
class UnavailableFile:
    """A file that visitors cannot get, although campaigns promise it."""

    name: str
    problem: str
    campaigns: tuple[str, ...]
    """The slugs of the campaigns that promise it."""


def check_gated_file(folder: Path, name: str) -> GatedFile:
    """The state of one file now. Raises nothing if the file is missing or cannot be read."""
    path, size = folder / name, 0
    try:
        problem = ConfinedFolder(folder).why_outside(name)
        if not problem:
            status = path.stat()
            problem, size = _problem(path, status), status.st_size
    except OSError as error:
        problem = error.strerror or str(error)
    return GatedFile(name, size, problem)


def unavailable_files(campaigns: Iterable[Campaign], folder: Path) -> tuple[UnavailableFile, ...]:
    """Every promised file that cannot be sent now, sorted by name. Empty if all can be sent.

    The service starts only if all can be sent, so these files went missing later. Read the
    campaigns with `read_catalogue(..., gated=None)`, which does not check files.
    """
    promised: dict[str, list[str]] = {}
    for campaign in campaigns:
        for name in campaign.assets:
            promised.setdefault(name, []).append(campaign.slug)
    return tuple(
        UnavailableFile(name, file.problem, tuple(slugs))
        for name, slugs in sorted(promised.items())
        if (file := check_gated_file(folder, name)).problem
    )


def _problem(path: Path, status: os.stat_result) -> str:
    if not S_ISREG(status.st_mode):
        return "is not a file"
    if not status.st_size:
        return "is empty"
    if not os.access(path, os.R_OK):
        return "cannot be read by the service's user"
    return POINTER_PROBLEM if is_lfs_pointer(path) else ""


def is_lfs_pointer(path: Path) -> bool:
    """Whether the file is a Git LFS pointer, which a clone without Git LFS leaves in its place.

    Raises OSError.
    """
    if path.stat().st_size > _MAX_POINTER_SIZE:
        return False
    with path.open("rb") as file:
        return file.read(len(_POINTER)) == _POINTER


def is_pointer(raw: bytes) -> bool:
    """Whether the content of a file is a Git LFS pointer."""
    return len(raw) <= _MAX_POINTER_SIZE and raw.startswith(_POINTER)
