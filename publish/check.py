"""Checks all that a build reads, and writes nothing but pictures into the cache: fit for a hook."""

from collections.abc import Mapping
from pathlib import Path

from publish.pelican_run import Outcome, run, settings_from


def check(config: Path, given: Mapping[str, object]) -> Outcome:
    """Reads as `build` does. Raises `FileErrors` with every problem found."""
    settings = settings_from(config, given)
    return run({**settings, "DELETE_OUTPUT_DIRECTORY": False}, write=False)
