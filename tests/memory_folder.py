"""Temporary files of a test run in memory: a ledger waits for the disk at each commit.

The disk is used where there is not enough memory, and where `TMPDIR` names a folder.
"""

import atexit
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")
NEEDED: Final = 8 * 1024**3
"""Bytes that must be free: the files of a complete run, and the memory of its processes."""

REMOVE: Final = """
if read -r kept; then exit; fi
for delay in 0 1 5 25; do sleep "$delay"; rm -rf "$1" && exit; done
"""
"""Removes a folder when standard input ends without a line, also because a run was killed."""


class MemoryFolder:
    """A folder that is removed when this process ends, however it ends."""

    def __init__(self, place: Path) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="gatepost-", dir=place))
        self.path.chmod(0o711)  # services of some tests run as other users
        self._remover = subprocess.Popen(
            ["sh", "-c", REMOVE, "sh", str(self.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        atexit.register(self.close)

    def keep(self) -> None:
        """Keeps the files of a failed run until the next run starts."""
        _mark(self.path).touch()
        self._remover.communicate(b"keep\n")

    def close(self) -> None:
        """Waits until the folder is removed, unless it is kept."""
        self._remover.communicate()


def _mark(folder: Path) -> Path:
    return folder / "kept"


def has_room(place: Path, needed: int = NEEDED) -> bool:
    """Whether files there are in memory, may be executed, and as many bytes are free."""
    try:
        flags = os.statvfs(place).f_flag
        available = int(Path("/proc/meminfo").read_text().partition("MemAvailable:")[2].split()[0])
        return not flags & os.ST_NOEXEC and needed <= min(
            shutil.disk_usage(place).free, available * 1024
        )
    except (OSError, IndexError):  # another operating system
        return False


def remove_kept(place: Path) -> None:
    """Removes the folders that failed runs have kept."""
    for folder in place.glob("gatepost-*"):
        if _mark(folder).exists():
            shutil.rmtree(folder, ignore_errors=True)


def use_memory(place: Path = MEMORY) -> MemoryFolder | None:
    """Makes this process and those that it starts put their temporary files in memory."""
    if "TMPDIR" in os.environ:
        return None
    remove_kept(place)
    if not has_room(place):
        return None
    folder = MemoryFolder(place)
    os.environ["TMPDIR"] = str(folder.path)
    tempfile.tempdir = None  # so that it is read again
    return folder
