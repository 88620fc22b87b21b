"""The fork server: an early order does not stop a running build; the end of the preview does."""

import subprocess
import sys

SCRIPT = """
import os, sys, time
from gatepost.preview.fork_server import _wait_for_hang_up
read_end, write_end = os.pipe()
if os.fork() == 0:
    time.sleep(float(sys.argv[1]))
    os._exit(0)
os.close(write_end)
print(_wait_for_hang_up(read_end, 30))
"""


def run_script(*, close_stdin: bool) -> tuple[int, bytes]:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "600" if close_stdin else "0.3"],
        stdin=-1,
        stdout=-1,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"the next order\n")
        process.stdin.flush()
        if close_stdin:
            process.stdin.close()
        return process.wait(60), process.stdout.read()


def test_an_order_that_arrives_during_a_build_does_not_stop_it() -> None:
    assert run_script(close_stdin=False) == (0, b"True\n")


def test_a_build_is_killed_when_stdin_closes() -> None:
    assert run_script(close_stdin=True) == (-9, b"")
