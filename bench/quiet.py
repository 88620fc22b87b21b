"""Waits until nothing else uses the machine, and measures how quiet a run was."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

QUIET = 0.25
"""The largest share of processor time that others may use when a run starts."""
LOOK_SECONDS = 0.7


@dataclass(frozen=True)
class Processors:
    """Time that all processors have spent since the machine started, in clock ticks."""

    busy: int
    total: int

    @classmethod
    def now(cls) -> Self:
        """Reads Linux's /proc/stat; stolen time counts as busy."""
        ticks = [int(text) for text in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
        idle, waiting = ticks[3:5]
        return cls(sum(ticks) - idle - waiting, sum(ticks))

    def share_since(self, before: "Processors") -> float:
        """The share of time that was busy since then, 0 to 1."""
        return (self.busy - before.busy) / max(1, self.total - before.total)


def wait_for_quiet(longest_seconds: float) -> None:
    """Returns when the machine is quiet, or after so many seconds."""
    ends = time.monotonic() + longest_seconds
    while time.monotonic() < ends:
        before = Processors.now()
        time.sleep(LOOK_SECONDS)
        if Processors.now().share_since(before) < QUIET:
            return
