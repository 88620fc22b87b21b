"""Writes files safely: atomic replacement, private permissions, a lock on a folder."""

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE, S_ISLNK
from typing import Final

# Permissions for files and folders that hold personal data or secrets.
OWNER_ONLY: Final = 0o600
OWNER_ONLY_FOLDER: Final = 0o700
_OTHERS: Final = 0o077
_NOT_OTHERS: Final = 0o770


def make_private_folder(path: Path) -> None:
    """Creates the folder, and its parents, if they are missing. Raises OSError."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=OWNER_ONLY_FOLDER, exist_ok=True)


def open_private(path: str | Path) -> int:
    """Opens a file for reading and writing, and creates it if missing. Raises OSError."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)


def make_private(paths: Iterable[Path]) -> list[str]:
    """Removes the rights of group and others on existing files and folders.

    Links are not followed. Returns one message for each path that could not be changed.
    """
    messages = []
    for path in paths:
        try:
            mode = path.lstat().st_mode
        except OSError:  # missing or unreadable: SQLite deletes its own files, others report it
            continue
        try:
            if not S_ISLNK(mode) and mode & _OTHERS:
                path.chmod(S_IMODE(mode) & ~_OTHERS)
        except FileNotFoundError:  # deleted meanwhile
            continue
        except OSError as error:
            messages.append(
                f"{path}: others may read it, and its mode cannot be changed ({error.strerror}); "
                f"run `chmod go= {path}` as its owner"
            )
    return messages


@contextmanager
def atomic_write(path: Path, suffix: str = ".part") -> Iterator[Path]:
    """Yields an empty temporary file; replaces `path` with it, synced, when the block succeeds.

    If the block fails, the temporary file is deleted and `path` stays unchanged. Our files hold
    personal data or prices, so only the owner can read a new file. A replaced file keeps the rights
    of its owner and group; others lose theirs. `suffix` ends the name of the temporary file.
    Raises OSError.
    """
    place = path.resolve()  # keeps a link: its target is replaced
    draft = place.with_name(f".{secrets.token_hex(8)}{suffix}")
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
    """Waits for an exclusive lock on the folder and holds it. Raises OSError.

    The kernel releases the lock when the process ends, even after a crash.
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
