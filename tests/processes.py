"""Processes for tests of simultaneous work, forked from a process that has imported the modules.

So they start almost together, as such a test needs, and none has to start Python and import again.
"""

import multiprocessing
from typing import Final

PROCESSES: Final = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["capture.closing.close", "capture.intake.receive", "capture.outcomes.record", "tests.samples"]
)
