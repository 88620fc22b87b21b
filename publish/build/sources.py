"""Whether the files that a build reads have changed since the last build.

A file is not read again if its stamp is the same: size, time of its content, time of its inode,
and number of its inode. No program can set the time of the inode, so that a change which keeps size
and time is seen. A file that was changed within the clock's last tick before the build could be
changed once more within that tick; its stamp is not kept, and its content is compared.
"""

import hashlib
import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_STAMP: Final = struct.Struct("<qqqq")
MISSING: Final = b""
"""In place of the hash of a file that does not exist."""


def stamp_of(status: os.stat_result) -> bytes:
    """Size, both times in nanoseconds, and the inode's number."""
    return _STAMP.pack(
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_ino & 0x7FFF_FFFF_FFFF_FFFF,
    )


def output_stamp_of(status: os.stat_result) -> bytes:
    """The stamp of a published file. Whoever adds or removes a link changes its inode's time."""
    changed = status.st_ctime_ns if status.st_nlink == 1 else 0
    return _STAMP.pack(
        status.st_size, status.st_mtime_ns, changed, status.st_ino & 0x7FFF_FFFF_FFFF_FFFF
    )


def has_output_stamp(status: os.stat_result, stamp: bytes) -> bool:
    """Whether a published file still has this stamp."""
    now = output_stamp_of(status)
    if now == stamp:
        return True
    (size, modified, _, inode), then = _STAMP.unpack(now), _STAMP.unpack(stamp)
    return then == (size, modified, 0, inode)


class SourceFiles:
    """The files below one folder, each by its path from there."""

    def __init__(self, root: Path, known: dict[str, tuple[bytes, bytes]], tick: int) -> None:
        """`known`: stamp and hash of the last build. `tick`: when this build began, by the clock
        of the file system, in nanoseconds."""
        self._root = os.path.abspath(root)  # noqa: PTH100 - strings: there are many files
        self._known = known
        self._tick = tick
        self._hashes: dict[str, bytes] = {}
        self.changes: dict[str, tuple[bytes, bytes] | None] = {}
        """The stamps to keep."""

    def hash_of(self, name: str) -> bytes:
        """The hash of a file's content; `MISSING` if it cannot be read."""
        found = self._hashes.get(name)
        if found is None:
            found = self._hashes[name] = self._hash_of(name)
        return found

    def are_unchanged(self) -> bool:
        """Whether all files are as they were."""
        return all(self.hash_of(name) == content for name, (_, content) in self._known.items())

    def have_changed(self, names: Iterable[str]) -> bool:
        """Whether one of the files has changed since this build began.

        What the build has made of it may then be older than its hash.
        """
        return any(self._has_changed(f"{self._root}/{name}") for name in names)

    def _has_changed(self, path: str) -> bool:
        try:
            status = os.stat(path)  # noqa: PTH116
        except OSError:
            return False  # the hash of a file that exists later is another
        changed = status.st_ctime_ns if status.st_nlink == 1 else 0  # a link changes it too
        return max(status.st_mtime_ns, changed) >= self._tick

    def forget_others(self) -> None:
        """Forgets the files whose hash nothing has asked for: nothing uses them any more."""
        self.changes |= dict.fromkeys(self._known.keys() - self._hashes.keys())

    def _hash_of(self, name: str) -> bytes:
        path = f"{self._root}/{name}"
        known = self._known.get(name)
        try:
            status = os.stat(path)  # noqa: PTH116
            stamp = stamp_of(status)
            if known and known[0] == stamp:
                return known[1]
            with open(path, "rb") as file:  # noqa: PTH123
                content = hashlib.blake2b(file.read(), digest_size=16).digest()
        except OSError:
            self.changes[name] = None
            return MISSING
        is_settled = max(status.st_mtime_ns, status.st_ctime_ns) < self._tick
        self.changes[name] = (stamp, content) if is_settled else (b"", content)
        return content
