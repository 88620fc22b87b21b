"""Runs the tests that need no server on the days on which dates go wrong: `make test-dates`.

Each run begins at its moment and the clock goes on from there. More words are handed to pytest.
"""

import os
import re
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).parents[1]
FALSE_CLOCK = ROOT / "tests" / "false_clock"
DAYS = (
    ("2026-11-29 12:00", "UTC", "two days before a month ends: 48 hours reach into the next"),
    ("2026-11-30 23:58", "America/New_York", "a month ends during the tests"),
    ("2028-02-29 12:00", "UTC", "29 February"),
    ("2026-12-31 23:58", "UTC", "a year ends during the tests"),
    ("2027-03-14 01:58", "America/New_York", "two minutes before clocks go forward"),
    ("2027-11-07 01:58", "America/New_York", "in the hour that comes twice"),
    ("2027-03-28 01:58", "Europe/Berlin", "two minutes before clocks go forward"),
    ("2027-10-31 02:58", "Europe/Berlin", "in the hour that comes twice"),
)
"""A moment in a zone, which is the zone of the tests' processes too, and why it is awkward.

None lies before the dates of the site's own posts: those would wait for their day."""
LOADED = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
"""The false clock loads time_machine before pytest does."""


def run_at(moment: str, zone: str, words: list[str]) -> tuple[int, str]:
    """The exit code of pytest and what it printed."""
    at = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone)).timestamp()
    changed = {"FALSE_CLOCK": str(at - time.time()), "PYTHONPATH": str(FALSE_CLOCK), "TZ": zone}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "not server", "-W", LOADED, *words],
        cwd=ROOT,
        env=os.environ | changed,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def check_clock() -> None:
    """Raises if a process would not see the false clock; else every day would be today."""
    code = "import datetime; print(datetime.date.today())"
    false_clock = {"FALSE_CLOCK": str(86400 * 1000), "PYTHONPATH": str(FALSE_CLOCK)}
    command = [sys.executable, "-c", code]
    shown = [
        subprocess.run(command, env=os.environ | more, capture_output=True, text=True, check=True)
        for more in ({}, false_clock)
    ]
    today, later = (datetime.fromisoformat(one.stdout.strip()) for one in shown)
    if not timedelta(999) < later - today < timedelta(1001):
        raise SystemExit(f"the clock is not false: {later:%Y-%m-%d} is no 1000 days from today")


def main(words: list[str]) -> int:
    """Zero if every day is green. Prints one line a day, and all of what failed."""
    check_clock()
    failed = 0
    for moment, zone, reason in DAYS:
        code, text = run_at(moment, zone, words)
        counts = re.findall(r"^=*\s*(\d+ .*) in [\d.]+s", text, re.MULTILINE)
        print(f"{moment} {zone} ({reason}): {counts[-1] if counts else 'no test ran'}", flush=True)
        if code:
            failed += 1
            print(text, flush=True)
    print(f"{len(DAYS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
