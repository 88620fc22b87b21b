"""How far tests go that could go on for ever: a sample in `make test`, far in `make test-long`."""

import os
from typing import Final

LONG: Final = os.environ.get("GATEPOST_TEST_LONG") == "1"
"""Set by `make test-long`, which runs the tests marked `long` and nothing else."""


def rounds(sample: int, many: int) -> int:
    """Kills, random lives, examples: `sample` of them, or `many` in `make test-long`."""
    return many if LONG else sample
