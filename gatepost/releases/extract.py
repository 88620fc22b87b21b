"""Writes the three folders of a commit into a new release folder, and nowhere else."""

import os
from collections.abc import Sequence
from pathlib import Path

from capture.errors import FileErrors
from gatepost.releases.git import Entry, Repository
from gatepost.releases.limits import Limits
from gatepost.releases.tree import FOLDERS, problems_of


def extract(repository: Repository, wanted: Sequence[Entry], target: Path, limits: Limits) -> None:
    """Writes them below `target`, an empty folder.

    Raises `FileErrors` before anything is written, `Unavailable` if the disk has no room for
    them, or OSError.
    """
    if problems := problems_of(wanted, limits.file):
        raise FileErrors(problems)
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
        limits.check_room(target)  # others write to this disk at the same time
