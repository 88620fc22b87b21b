"""Files and folders that hold personal data or secrets: their owner's alone."""

import os
from collections.abc import Iterable
from pathlib import Path
from stat import S_IMODE, S_ISLNK
from typing import Final

OWNER_ONLY: Final = 0o600
OWNER_ONLY_FOLDER: Final = 0o700
_OTHERS: Final = 0o077


def make_private_folder(path: Path) -> None:
    """Makes the folder and those above it, where they are missing. Raises OSError."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=OWNER_ONLY_FOLDER, exist_ok=True)


def open_private(path: str | Path) -> int:
    """A handle to read and write a file, which is made if it is missing. Raises OSError."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)


def make_private(paths: Iterable[Path]) -> list[str]:
    """Takes from all others what rights they have on files and folders that are there.

    No link is followed. One line for each that could not be changed, with the mend.
    """
    told = []
    for path in paths:
        try:
            mode = path.lstat().st_mode
        except OSError:  # not there, or for another to say: SQLite takes its own files away
            continue
        try:
            if not S_ISLNK(mode) and mode & _OTHERS:
                path.chmod(S_IMODE(mode) & ~_OTHERS)
        except FileNotFoundError:  # gone since
            continue
        except OSError as error:
            told.append(
                f"{path}: others may read it, and its mode cannot be changed ({error.strerror}); "
                f"run `chmod go= {path}` as its owner"
            )
    return told
