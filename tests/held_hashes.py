"""Runs a command whose hashes of passphrases wait until a file appears.

`python -m tests.held_hashes FOLDER COMMAND ...`: each hash adds a byte to FOLDER/started, and waits
for FOLDER/go.
"""

import runpy
import sys
from pathlib import Path

from argon2 import PasswordHasher

from capture.users import passphrase
from tests.waiting import wait_until

FOLDER = Path(sys.argv[1])


class HeldHasher(PasswordHasher):
    """Checks as usual, after the file appeared."""

    def verify(self, *arguments: str) -> bool:  # type: ignore[override]
        with (FOLDER / "started").open("ab") as started:
            started.write(b"x")
        wait_until((FOLDER / "go").exists)
        return super().verify(*arguments)


if __name__ == "__main__":
    passphrase._HASHER = HeldHasher(time_cost=1, memory_cost=64, parallelism=1)  # type: ignore[misc]
    sys.argv = sys.argv[2:]
    runpy.run_path(sys.argv[0], run_name="__main__")
