"""Starts processes for the desk's long work: `gatepost jobs`.

They are processes of their own, so that a large export blocks neither a worker of the desk nor the
dispatcher. They outlive the worker that has started them.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Final

from capture.errors import Unavailable
from capture.jobs.store import JobStore
from gatepost.raw_settings import PREFIX
from gatepost.settings import Settings

_COMMAND: Final = (
    *(sys.executable, "-P"),  # with -P, no module is taken from the current folder
    *("-c", "from gatepost.cli import main; main()"),
    "jobs",
)

LOOK_SECONDS: Final = 30.0
"""How often a worker of the desk looks for work that waits and that no process does."""

log = logging.getLogger(__name__)


class JobProcesses:
    """The processes that this worker has started."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Starts one, and does not wait for it. It ends by itself when no work waits."""
        # `poll` removes those that have ended from the system's list of processes.
        self.started = [process for process in self.started if process.poll() is None]
        process = subprocess.Popen(  # noqa: S603 - a constant command
            _COMMAND,
            stdin=subprocess.DEVNULL,
            env=_environment(self._settings),
            start_new_session=True,  # a Ctrl-C for the server does not end it
        )
        self.started.append(process)

    def start_waiting(self) -> None:
        """Starts one if work waits and fewer processes run than may, such as after a restart.

        Each piece of work has a lock, so a second process never does the same piece.
        """
        store = JobStore(self._settings.var_dir / "jobs")
        try:
            if store.has_waiting() and store.has_free_slot():
                self.start()
        except Unavailable as error:
            log.error("waiting work was not started: %s", error)


def _environment(settings: Settings) -> Mapping[str, str]:
    """The environment of this process, with exactly these settings: those of a demonstration are
    not in the environment."""
    values = {f"{PREFIX}{name.upper()}": str(value) for name, value in settings}
    return {**os.environ, **values}
