"""A new build request while a build is stopping stops no process; the preview's exit does."""

import subprocess
import sys

WAITS = """
import os, sys, time
from gatepost.preview.fork_server import _wait_for_hang_up
read_end, write_end = os.pipe()
if os.fork() == 0:
    time.sleep(float(sys.argv[1]))
    os._exit(0)
os.close(write_end)
print(_wait_for_hang_up(read_end, 30))
"""


def waited(*, closes: bool) -> tuple[int, bytes]:
    with subprocess.Popen(
        [sys.executable, "-c", WAITS, "600" if closes else "0.3"],
        stdin=-1,
        stdout=-1,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"the next order\n")
        process.stdin.flush()
        if closes:
            process.stdin.close()
        return process.wait(60), process.stdout.read()


def test_the_next_order_may_come_early() -> None:
    assert waited(closes=False) == (0, b"True\n")


def test_without_anybody_who_orders_the_build_ends() -> None:
    assert waited(closes=True) == (-9, b"")
