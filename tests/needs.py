"""Programs and rights that some tests need."""

import os
import shutil
from typing import NoReturn

import pytest

running: pytest.Item | None = None
"""The test that this process runs at the moment."""


def needs(program: str, package: str = "") -> str:
    """The path of the program. Without it the test is skipped with the reason; in CI it fails."""
    return shutil.which(program) or skip_or_fail(
        f"no {program} here: apt-get install {package or program}"
    )


def starts_server() -> None:
    """Fails the running test if it starts a server or browser and is not marked `server`.

    `make check` and `make test-dates` skip tests by this mark.
    """
    if running is not None and running.get_closest_marker("server") is None:
        pytest.fail(f"{running.nodeid} starts a server: mark it with pytest.mark.server")


def skip_or_fail(reason: str) -> NoReturn:
    """Skips the test because something is missing; fails it in CI, where nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
