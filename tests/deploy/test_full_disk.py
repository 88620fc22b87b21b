"""A push to a server with a full disk is refused, and the site stays as it was."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.server import Server, push_first
from tests.needs import needs, skip_or_fail

pytestmark = pytest.mark.server
LARGE_PAGE = "```python\n" + "a = [1, 'two', f(x)]  # three\n" * 2500 + "```\n"
"""A small text with a page that is twenty times as large: each word of the code has a color."""


@pytest.fixture
def small_server(tmp_path: Path) -> Server:
    """A server with its releases on a disk of 12 MB."""
    needs("git")
    server = Server(tmp_path)
    server.settings["reserve_mb"] = "0"  # the test fills the disk completely
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "none", str(server.site)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        skip_or_fail("no disk can be mounted here")
    return server


def test_a_full_disk_refuses_pushes_until_there_is_room_again(
    small_server: Server, known_cache: Path
) -> None:
    try:
        writer = small_server.writer("ann")
        with small_server.answering_ledger():
            push_first(writer, known_cache)
            live = small_server.live
            filler = small_server.site / "filling"
            free = shutil.disk_usage(small_server.site).free
            for room, message, text in (
                (100_000, "the server's disk has room for 0 MB", "Said in a few words."),
                (1_200_000, "", LARGE_PAGE),
            ):
                filler.write_bytes(bytes(max(free - room, 0)))
                writer.post(f"with-{room}", text)
                result = writer.push()
                assert not result.accepted
                assert message in result.text
                assert result.lines[-2:] == [
                    "This is not your mistake: please tell the operator.",
                    "Nothing was published; the site is unchanged.",
                ]
                assert small_server.live == live
            filler.unlink()
            assert writer.push().accepted
    finally:
        subprocess.run(["umount", str(small_server.site)], check=False)
