"""The dispatcher inside `gatepost serve`: a process of its own, started again if it dies.

It must not run in a web worker: a mail server that does not answer would keep visitors waiting. The
server starts a small supervisor, this module as a program, which starts the dispatcher. Each of
them ends when the process that started it has ended, in whatever way.
"""

import os
import signal
import subprocess
import sys
import time
from typing import Final

_PYTHON: Final = (sys.executable, "-P")
"""With -P, no module is taken from the current folder."""
_DISPATCHER: Final = (
    *_PYTHON,
    "-c",
    "from gatepost.cli import main; main()",
    "dispatch",
    "--with-parent",
)
_FIRST_PAUSE: Final = 1.0
"""Seconds before the first restart; each further one waits twice as long."""
_LONGEST_PAUSE: Final = 60.0
_HEALTHY_SECONDS: Final = 60.0
"""After a dispatcher that ran as long as this, the next restart is a first one."""
_STOP_SECONDS: Final = 10.0
"""Time for the message that is being sent when the server ends."""
_POLL_SECONDS: Final = 0.2


def start_dispatcher() -> "subprocess.Popen[bytes]":
    """Starts the supervisor, with the environment and the folder of this process."""
    command = [*_PYTHON, "-m", __name__, str(os.getpid())]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - a constant command


class _Supervisor:
    """Runs the dispatcher until the server has ended or a signal to stop comes."""

    def __init__(self, server: int) -> None:
        """`server` is the id of the server's process."""
        self._server = server
        self._is_stopped = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def _stop(self, *_: object) -> None:
        self._is_stopped = True

    @property
    def is_over(self) -> bool:
        """Whether the dispatcher has to end."""
        return self._is_stopped or os.getppid() != self._server

    def run(self) -> None:
        """Starts the dispatcher, again and again, with a pause in between."""
        pause = _FIRST_PAUSE
        while not self.is_over:
            started = time.monotonic()
            self._run_once()
            if time.monotonic() - started > _HEALTHY_SECONDS:
                pause = _FIRST_PAUSE
            if not self.is_over:
                line = f"The dispatcher ended; it starts again in {pause:g} s."
                print(line, file=sys.stderr, flush=True)  # noqa: T201
            end = time.monotonic() + pause
            while not self.is_over and time.monotonic() < end:
                time.sleep(_POLL_SECONDS)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _run_once(self) -> None:
        process = subprocess.Popen(  # noqa: S603 - a constant command
            _DISPATCHER, stdin=subprocess.DEVNULL
        )
        while process.poll() is None:
            if self.is_over:
                _end(process)
                return
            time.sleep(_POLL_SECONDS)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    _Supervisor(int(sys.argv[1])).run()
