"""The server's disk is full: the push is refused in words, and the site stays as it was."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.server import Server
from tests.needs import needs, skip_or_fail

pytestmark = pytest.mark.server


@pytest.fixture
def small(tmp_path: Path) -> Server:
    """Its releases lie on a disk of 12 MB, which this test's own processes see."""
    needs("git")
    server = Server(tmp_path)
    server.settings["reserve_mb"] = "0"  # the disk shall be full
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "none", str(server.site)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        skip_or_fail("no disk can be mounted here")
    return server


def test_a_full_disk_is_told_and_the_next_push_is_taken(small: Server) -> None:
    try:
        writer = small.writer("ann")
        with small.ledger_answers():
            assert writer.push().taken
            live = small.live
            filling = small.site / "filling"
            left = shutil.disk_usage(small.site).free
            for room, message in (
                (100_000, "the server's disk has room for 0 MB"),
                (1_200_000, ""),
            ):
                filling.write_bytes(bytes(max(left - room, 0)))
                writer.post(f"with-{room}")
                text = writer.push()
                assert not text.taken
                assert message in text.text
                assert text.lines[-2:] == [
                    "This is not your mistake: please tell the operator.",
                    "Nothing was published; the site is unchanged.",
                ]
                assert small.live == live
            filling.unlink()
            assert writer.push().taken
    finally:
        subprocess.run(["umount", str(small.site)], check=False)
