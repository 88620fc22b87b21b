"""Waits until a condition holds: a test that waits goes on as soon as it does."""

import time
from collections.abc import Callable
from typing import Final

HANG_SECONDS: Final = 300.0
"""A test fails if its condition is not true within this time."""


def wait_until(condition: Callable[[], object], report: Callable[[], object] = str) -> None:
    """Waits until the condition is true. Fails with the report if that takes `HANG_SECONDS`."""
    deadline = time.monotonic() + HANG_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {HANG_SECONDS:g} seconds: {report()}"
        time.sleep(0.02)
