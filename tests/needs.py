"""Programs that some tests cannot do without."""

import os
import shutil
from typing import NoReturn

import pytest


def needs(program: str, package: str = "") -> str:
    """Where the program is. Without it the test is skipped with the reason; in CI it fails."""
    found = shutil.which(program)
    return found or without(f"no {program} here: apt-get install {package or program}")


def without(reason: str) -> NoReturn:
    """Skips the test for a part that is absent; in CI, where every part must be, fails it."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
