"""Runs one `gatepost` command on a separate ledger, and measures its time and memory."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.contenders import KEY, ROOT


@dataclass(frozen=True)
class Run:
    """Time and memory of the process from start to end."""

    seconds: float
    cpu_seconds: float
    """Processor time: other work on the machine changes it little."""
    peak_mb: float


def settings(folder: Path) -> dict[str, str]:
    """The settings for a separate ledger in this folder."""
    return {
        "GATEPOST_AGENCY_ADDRESS": "1 Main Street",
        "GATEPOST_DATABASE_URL": f"sqlite:///{folder}/gatepost.db",
        "GATEPOST_VAR_DIR": str(folder),
        "GATEPOST_SECRET_KEY": KEY,
        "GATEPOST_DUPLICATE_KEY": KEY,
    }


def run(folder: Path, text: Path, *args: str) -> Run:
    """Runs the command with its output in the file `text`. Raises RuntimeError if it fails.

    The peak is the kernel's (ru_maxrss), which counts the process that started it as well: start
    it from a small one.
    """
    command = [str(Path(sys.executable).with_name("gatepost")), *args]
    started = time.perf_counter()
    with text.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=dict(os.environ) | settings(folder), stdout=out
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise RuntimeError(f"{command}: exit code {process.returncode}")
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
