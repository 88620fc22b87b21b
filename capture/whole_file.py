"""A file that is there whole or not at all: written beside its place, then renamed into it."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE
from typing import Final

_NEW: Final = 0o666


@contextmanager
def whole_file(path: Path, mode: int | None = None) -> Iterator[Path]:
    """An empty draft beside `path` that takes its place, synced, when the block ends well.

    If the block fails, the draft goes and what stood at `path` stays. `mode` is the file's; by
    default that of the file it replaces, else a new file's. Raises OSError.
    """
    place = path.resolve()  # a link stays a link
    draft = place.with_name(f".{secrets.token_hex(8)}.part")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _NEW if mode is None else mode))
    try:
        if mode is None and place.exists():
            draft.chmod(S_IMODE(place.stat().st_mode))
        yield draft
        _sync(draft)
        draft.replace(place)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
