"""The size of tests that have no natural end: a sample in `make test`, many in `make test-long`."""

import os
from typing import Final

LONG: Final = os.environ.get("GATEPOST_TEST_LONG") == "1"
"""Set by `make test-long`, which runs the tests marked `long` and nothing else."""


def rounds(sample: int, many: int) -> int:
    """The number of repetitions or examples: `sample`, or `many` in `make test-long`."""
    return many if LONG else sample
