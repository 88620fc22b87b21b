"""Limits of a push: number and size of files, disk space, time and memory.

The ledger may be on the same disk, so publishing always leaves some space free.
"""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from capture.errors import FileErrors, Refused, Unavailable
from gatepost.raw_settings import PREFIX
from gatepost.releases.git import FOLDERS, Entry, Repository, entry_problems, show_path
from gatepost.settings import Settings

MEGABYTE: Final = 1_000_000
MAX_LISTED: Final = 3
"""How many of the largest files the message about a too large push lists."""
_SITE_FACTOR: Final = 2
"""The files and the site built from them need about twice the size of the files."""
_FOLDER_NAMES: Final = f"{', '.join(f'{name}/' for name in FOLDERS[:-1])} and {FOLDERS[-1]}/"


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits from the settings. Sizes in bytes, time in seconds."""

    file: int
    """One pushed file."""
    files: int
    """How many files the three folders may hold."""
    push: int
    """All files of the three folders together, unpacked."""
    releases: int
    """All kept releases, including their sites."""
    reserve: int
    """Free disk space that publishing never uses."""
    seconds: int
    """Time limit of one build."""
    memory: int
    """Memory limit of one build."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Converts megabytes to bytes."""
        return cls(
            file=settings.largest_file_mb * MEGABYTE,
            files=settings.most_files,
            push=settings.largest_push_mb * MEGABYTE,
            releases=settings.largest_releases_mb * MEGABYTE,
            reserve=settings.reserve_mb * MEGABYTE,
            seconds=settings.build_seconds,
            memory=settings.build_memory_mb * MEGABYTE,
        )

    def check_push(self, files: Sequence[Entry]) -> int:
        """Returns the bytes that the files and their site will need.

        Uses only the listed sizes, so call it before anything is written. Raises `Refused`.
        """
        if len(files) > self.files:
            raise Refused(
                f"this push has {len(files):,} files in {_FOLDER_NAMES}, and the maximum is "
                f"{self.files:,} ({PREFIX}MOST_FILES, which the operator sets): remove some"
            )
        total = sum(entry.size for entry in files)
        if total > self.push:
            raise Refused(
                f"this push unpacks to {_mb(total)} in {_FOLDER_NAMES}, and the maximum is "
                f"{_mb(self.push)} ({PREFIX}LARGEST_PUSH_MB, which the operator sets); "
                f"the largest: {_largest(files)}: make them smaller, and remove them from the "
                "commits as well"
            )
        return total * _SITE_FACTOR

    def check_releases(self, used: int, needed: int) -> None:
        """Raises `Refused` if a new release of `needed` bytes does not fit beside `used` bytes."""
        if used + needed > self.releases:
            raise Refused(
                f"the releases in use have {_mb(used)}, this push needs {_mb(needed)}, and the "
                f"maximum of all together is {_mb(self.releases)} "
                f"({PREFIX}LARGEST_RELEASES_MB, which the operator sets): push fewer or smaller "
                "files"
            )

    def check_disk_space(self, folder: Path, needed: int = 0) -> None:
        """Raises `Unavailable` if the folder's disk has no space for `needed` more bytes."""
        free = shutil.disk_usage(folder).free - self.reserve
        if free < needed or free < 0:
            raise Unavailable(
                f"the server's disk has room for {_mb(max(free, 0))} beside the "
                f"{_mb(self.reserve)} that are kept free for the ledger ({PREFIX}RESERVE_MB), and "
                f"this push needs {_mb(needed) if needed else 'more'}: free some disk space"
            )


def _largest(files: Sequence[Entry]) -> str:
    largest = sorted(files, key=lambda entry: (-entry.size, entry.path))[:MAX_LISTED]
    return ", ".join(f"{show_path(entry.path)} ({_mb(entry.size)})" for entry in largest)


def _mb(size: int) -> str:
    return f"{size / MEGABYTE:,.0f} MB"


def extract(repository: Repository, files: Sequence[Entry], target: Path, limits: Limits) -> None:
    """Writes the files of a commit below `target`, an empty folder.

    Raises `FileErrors` before anything is written, `Unavailable` if the disk is too full, or
    OSError.
    """
    if problems := entry_problems(files, limits.file):
        raise FileErrors(problems)
    for name in FOLDERS:
        (target / name).mkdir(mode=0o750)  # for the service, not for the web server
    contents = repository.contents([entry.blob for entry in files])
    for entry, content in zip(files, contents, strict=True):
        path = target / entry.path
        path.parent.mkdir(parents=True, exist_ok=True)
        # O_EXCL and O_NOFOLLOW: never over a file or through a link, even if a check is wrong.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        limits.check_disk_space(target)  # other processes write to this disk too
    _share_gated_files(target / "content")


def _share_gated_files(content: Path) -> None:
    """Lets the web server read the gated files, which it sends for the service.

    It cannot read or list anything else in the folder.
    """
    if (content / "gated").is_dir():
        for path in content.iterdir():
            if path.name != "gated":
                path.chmod(path.stat().st_mode & 0o770)
        content.chmod(0o751)
