"""A signal to stop is never lost, even by a worker that was forked a moment before."""

import subprocess
import sys

import pytest

from tests.waiting import HANG_SECONDS

# The hook that sends the signal is registered first, so it is the first to run in the child.
FORK = """
import os, signal
from gatepost.server.serve import let_no_fork_miss_a_signal

NUMBER = signal.{name}
signal.signal(NUMBER, lambda *_: None)  # as the server does, which handles signals later
os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), NUMBER))
let_no_fork_miss_a_signal()
child = os.fork()
if child == 0:
    os._exit(0)  # the signal was lost
_, status = os.waitpid(child, 0)
assert -os.waitstatus_to_exitcode(status) == NUMBER, status
assert NUMBER not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGQUIT"])
def test_a_signal_ends_a_child_that_has_no_handlers_yet(name: str) -> None:
    subprocess.run([sys.executable, "-c", FORK.format(name=name)], check=True, timeout=HANG_SECONDS)
