"""Programs whose clock stands still, for time limits that a slow machine must not reach."""

from datetime import datetime
from pathlib import Path

FALSE_CLOCK = Path(__file__).parent / "false_clock"


def stopped_clock(moment: datetime) -> list[str]:
    """The command prefix that makes a Python program, and its children, see this time only."""
    return ["env", f"PYTHONPATH={FALSE_CLOCK}", f"STOPPED_CLOCK={moment.timestamp()}"]
