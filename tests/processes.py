"""Processes for tests of what several do at once: forked from one that has imported what they use.

So they begin at once, which is what such a test wants, and cost no start of Python each.
"""

import multiprocessing
from typing import Final

PROCESSES: Final = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["capture.closing.close", "capture.intake.receive", "capture.outcomes.record", "tests.samples"]
)
