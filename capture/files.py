"""A file that is there whole or not at all: written beside its place, then renamed into it."""

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE, S_ISLNK
from typing import Final

# Files and folders that hold personal data or secrets: their owner's alone.


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
    messages = []
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
            messages.append(
                f"{path}: others may read it, and its mode cannot be changed ({error.strerror}); "
                f"run `chmod go= {path}` as its owner"
            )
    return messages


_NOT_OTHERS: Final = 0o770


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """An empty draft beside `path` that takes its place, synced, when the block ends well.

    If the block fails, the draft goes and what stood at `path` stays. What we write tells of
    people or prices, so a new file is its owner's alone; one that is replaced keeps the rights of
    its owner and group, and no others. Raises OSError.
    """
    place = path.resolve()  # a link stays a link
    draft = place.with_name(f".{secrets.token_hex(8)}.part")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
    try:
        if place.exists():
            draft.chmod(S_IMODE(place.stat().st_mode) & _NOT_OTHERS)
        yield draft
        _sync(draft)
        draft.replace(place)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Waits until no other process holds this folder, then holds it. Raises OSError.

    The kernel lets go of it when the process ends, however it ends.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
