"""Writes the three folders of a commit into a new release folder, and nowhere else."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from capture.errors import FileErrors, Unavailable
from gatepost.releases.git import Entry, Repository
from gatepost.releases.tree import FOLDERS, is_published, problems_of

_ROOM: Final = 2
"""What is written beside the files themselves, the site made of them, takes about as much again."""


def extract(repository: Repository, entries: Sequence[Entry], target: Path, largest: int) -> None:
    """Writes them below `target`, an empty folder. `largest` is the most bytes of one file.

    Raises `FileErrors` before anything is written, `Unavailable` if they do not fit on the disk,
    or OSError.
    """
    wanted = [entry for entry in entries if is_published(entry)]
    if problems := problems_of(wanted, largest):
        raise FileErrors(problems)
    needed, free = _ROOM * sum(entry.size for entry in wanted), shutil.disk_usage(target).free
    if needed > free:
        raise Unavailable(
            f"the server's disk has room for {free / 1e6:,.0f} MB, and this push wants "
            f"{needed / 1e6:,.0f} MB"
        )
    for name in FOLDERS:
        (target / name).mkdir(mode=0o750)  # the service may read them, not the web server
    contents = repository.contents([entry.blob for entry in wanted])
    for entry, content in zip(wanted, contents, strict=True):
        path = target / entry.path
        path.parent.mkdir(parents=True, exist_ok=True)
        # Never through a link, never over a file: whatever the checks above have missed.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
