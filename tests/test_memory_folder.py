"""The files of a test run that are in memory do not stay there."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.memory_folder import has_room, remove_kept
from tests.service import ROOT
from tests.waiting import wait_until

RUN = """
import sys
from pathlib import Path
from tests.memory_folder import MemoryFolder
folder = MemoryFolder(Path(sys.argv[1]))
(folder.path / "file").touch()
print("ready", flush=True)
if sys.stdin.read() == "failed":
    folder.keep()
"""


def start_run(place: Path) -> subprocess.Popen[str]:
    """A run that has a folder there with a file, and ends when its standard input ends."""
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, str(place)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "ready\n"
    return run


def test_the_files_are_removed_when_the_run_ends(tmp_path: Path) -> None:
    start_run(tmp_path).communicate()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_files_are_removed_when_the_run_is_killed(
    tmp_path: Path, number: signal.Signals
) -> None:
    run = start_run(tmp_path)
    run.send_signal(number)
    run.communicate()
    wait_until(lambda: list(tmp_path.iterdir()) == [])


def test_the_files_of_a_failed_run_stay_until_the_next_run(tmp_path: Path) -> None:
    start_run(tmp_path).communicate("failed")
    running = start_run(tmp_path)
    assert len(list(tmp_path.glob("*/file"))) == 2
    remove_kept(tmp_path)
    assert len(list(tmp_path.glob("*/file"))) == 1
    running.communicate()
    assert list(tmp_path.iterdir()) == []


def test_files_are_in_memory_only_if_there_is_enough_of_it(tmp_path: Path) -> None:
    assert has_room(tmp_path, needed=1)
    assert not has_room(tmp_path, needed=2**60)
    assert not has_room(tmp_path / "none", needed=1)
