"""Programs whose clock stands still, for time limits that a slow machine must not reach."""

from datetime import datetime
from pathlib import Path

FALSE_CLOCK = Path(__file__).parent / "false_clock"


def stopped_clock(moment: datetime) -> dict[str, str]:
    """The environment in which a Python program, and its children, see this time only.

    A fork of `tests/command_server.py` sees it too.
    """
    return {"PYTHONPATH": str(FALSE_CLOCK), "STOPPED_CLOCK": str(moment.timestamp())}
