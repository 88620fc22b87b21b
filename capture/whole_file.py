"""A file that is there whole or not at all: written beside its place, then renamed into it."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE
from typing import Final

from capture.private_files import OWNER_ONLY

_NOT_OTHERS: Final = 0o770


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
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
