"""Has sites built, one after the other, each in a process of its own."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Self

from gatepost.preview.nursery import ORDER, REPORT
from gatepost.preview.report import Fault, Order, Report

_COMMAND = (sys.executable, "-P", "-m", "gatepost.preview.nursery")


class Builder:
    """Holds the process that builds; leaving the block ends it and whatever it is at."""

    def __enter__(self) -> Self:
        # In a session of its own: Ctrl-C is for us, and we end it.
        self._nursery = subprocess.Popen(  # noqa: S603 - ours
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._nursery.pid, signal.SIGKILL)
        with self._nursery:  # closes its pipes, and waits
            pass

    def build(self, order: Order) -> Report:
        """Waits for the build's end."""
        if self._nursery.poll() is not None:
            self.__exit__()
            self.__enter__()
        stdin, stdout = self._nursery.stdin, self._nursery.stdout
        assert stdin is not None and stdout is not None  # noqa: S101, PT018 - as we started it
        try:
            stdin.write(ORDER.dump_json(order) + b"\n")
            stdin.flush()
            line = stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            return Report(faults=(Fault("", None, "the building process has ended: save again"),))
        return REPORT.validate_json(line)
