"""How much a push may take: of files, of bytes, of the disk, of time and of memory.

The ledger may lie on the same disk, so publishing never uses the last of it.
"""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from capture.errors import FileErrors, Refused, Unavailable
from gatepost.releases.git import FOLDERS, Entry, Repository, problems_of, show_path
from gatepost.settings import PREFIX, Settings

MEGABYTE: Final = 1_000_000
NAMED: Final = 3
"""How many of the largest files are named to a writer whose push is too large."""
_SITE: Final = 2
"""The site that is made of the files takes about as much room again."""
_WHERE: Final = f"{', '.join(f'{name}/' for name in FOLDERS[:-1])} and {FOLDERS[-1]}/"


@dataclass(frozen=True, slots=True)
class Limits:
    """From the settings. Sizes in bytes."""

    file: int
    """One pushed file."""
    files: int
    """How many files the three folders may hold."""
    push: int
    """All files of the three folders together, unpacked."""
    releases: int
    """All releases that are kept, with the sites made of them."""
    reserve: int
    """Free space of a disk that publishing never uses."""
    seconds: int
    """One build."""
    memory: int
    """One build's process."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As they are set."""
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
        """The bytes that the files and their site will take.

        Looks at sizes alone, so it is called before anything is unpacked. Raises `Refused`.
        """
        if len(files) > self.files:
            raise Refused(
                f"this push has {len(files):,} files in {_WHERE}, and {self.files:,} is the most "
                f"({PREFIX}MOST_FILES, which the operator sets): take some away"
            )
        total = sum(entry.size for entry in files)
        if total > self.push:
            raise Refused(
                f"this push unpacks to {_mb(total)} in {_WHERE}, and {_mb(self.push)} is the most "
                f"({PREFIX}LARGEST_PUSH_MB, which the operator sets); the largest: "
                f"{_largest(files)}: make them smaller, and take them out of the commits as well"
            )
        return total * _SITE

    def check_releases(self, kept: int, needed: int) -> None:
        """Raises `Refused` if a new release does not fit beside those that readers need."""
        if kept + needed > self.releases:
            raise Refused(
                f"the releases that readers need have {_mb(kept)}, this push wants {_mb(needed)}, "
                f"and {_mb(self.releases)} is the most of all together "
                f"({PREFIX}LARGEST_RELEASES_MB, which the operator sets): push fewer or smaller "
                "files"
            )

    def check_room(self, folder: Path, needed: int = 0) -> None:
        """Raises `Unavailable` if the folder's disk has no room for so many bytes more."""
        room = shutil.disk_usage(folder).free - self.reserve
        if room < needed or room < 0:
            raise Unavailable(
                f"the server's disk has room for {_mb(max(room, 0))} beside the "
                f"{_mb(self.reserve)} that are kept free for the ledger ({PREFIX}RESERVE_MB), and "
                f"this push wants {_mb(needed) if needed else 'more'}"
            )


def _largest(files: Sequence[Entry]) -> str:
    largest = sorted(files, key=lambda entry: (-entry.size, entry.path))[:NAMED]
    return ", ".join(f"{show_path(entry.path)} ({_mb(entry.size)})" for entry in largest)


def _mb(size: int) -> str:
    return f"{size / MEGABYTE:,.0f} MB"


# Writes the three folders of a commit into a new release folder, and nowhere else.


def extract(repository: Repository, files: Sequence[Entry], target: Path, limits: Limits) -> None:
    """Writes them below `target`, an empty folder.

    Raises `FileErrors` before anything is written, `Unavailable` if the disk has no room for
    them, or OSError.
    """
    if problems := problems_of(files, limits.file):
        raise FileErrors(problems)
    for name in FOLDERS:
        (target / name).mkdir(mode=0o750)  # the service may read them, not the web server
    contents = repository.contents([entry.blob for entry in files])
    for entry, content in zip(files, contents, strict=True):
        path = target / entry.path
        path.parent.mkdir(parents=True, exist_ok=True)
        # Never through a link, never over a file: whatever the checks above have missed.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        limits.check_room(target)  # others write to this disk at the same time
