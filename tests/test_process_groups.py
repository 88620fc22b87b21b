"""A group of processes has ended only when its last process has; it leaves nothing behind."""

import subprocess
from pathlib import Path

from tests.faketime import faketime, leftovers
from tests.process_groups import end_group

SLOWER_CHILD = '(trap "" TERM; echo ready; sleep 0.2; touch ended) & wait'


def test_a_child_that_ends_later_than_its_parent_is_waited_for(tmp_path: Path) -> None:
    with subprocess.Popen(
        ["sh", "-c", SLOWER_CHILD], cwd=tmp_path, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        end_group(process)
        assert (tmp_path / "ended").exists()


def test_an_ended_faketime_leaves_no_file_in_memory() -> None:
    command = [*faketime("2026-11-01 12:00:00"), "sh", "-c", "echo ready; sleep 100"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert len(leftovers(process.pid)) == 2
        end_group(process)
        assert leftovers(process.pid) == []
