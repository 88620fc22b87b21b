"""Programs that some tests cannot do without."""

import os
import shutil
from typing import NoReturn

import pytest

running: pytest.Item | None = None
"""The test that runs now in this process."""


def needs(program: str, package: str = "") -> str:
    """Where the program is. Without it the test is skipped with the reason; in CI it fails."""
    found = shutil.which(program)
    return found or without(f"no {program} here: apt-get install {package or program}")


def starts_server() -> None:
    """Fails a test that is about to start a server or a browser without being marked `server`.

    `make check` and `make test-dates` leave out what is marked so, and nothing else.
    """
    if running is not None and running.get_closest_marker("server") is None:
        pytest.fail(f"{running.nodeid} starts a server: mark it with pytest.mark.server")


def without(reason: str) -> NoReturn:
    """Skips the test for a part that is absent; in CI, where every part must be, fails it."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
