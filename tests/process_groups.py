"""The end of processes that start others."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from tests.command_server import ForkedCommand
from tests.faketime import leftovers
from tests.waiting import HANG_SECONDS, wait_until


def end_group(
    process: subprocess.Popen[bytes] | ForkedCommand, number: signal.Signals = signal.SIGTERM
) -> None:
    """Sends a signal to a process that leads a group, and waits until the complete group has ended.

    The leader may end first: the `faketime` command dies of a signal at once, while the service
    that it started still answers the requests it has.
    """
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    process.wait(HANG_SECONDS)
    wait_until(lambda: not _members(process.pid), lambda: _members(process.pid))
    for path in leftovers(process.pid):
        path.unlink()


def _members(group: int) -> list[str]:
    """The running processes of a group, as their `/proc/*/stat`.

    One that has ended is none of them, though its parent may not have asked for its exit code.
    """
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            stat = path.read_text(errors="replace")
            state, _, of_group = stat.rpartition(")")[2].split()[:3]
            if int(of_group) == group and state not in "ZX":
                found.append(stat)
    return found
