"""Runs the tests that need no server at times that often cause errors: `make test-dates`.

Each run starts at such a time, and its clock goes on from there. Further arguments are passed to
pytest.
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
TIMES = (
    ("2026-11-29 12:00", "UTC", "two days before a month ends: 48 hours reach into the next"),
    ("2026-11-30 23:58", "America/New_York", "a month ends during the tests"),
    ("2028-02-29 12:00", "UTC", "29 February"),
    ("2026-12-31 23:58", "UTC", "a year ends during the tests"),
    ("2027-03-14 01:58", "America/New_York", "two minutes before clocks go forward"),
    ("2027-11-07 01:58", "America/New_York", "in the hour that comes twice"),
    ("2027-03-28 01:58", "Europe/Berlin", "two minutes before clocks go forward"),
    ("2027-10-31 02:58", "Europe/Berlin", "in the hour that comes twice"),
)
"""A local time, its zone, which the tests' processes get too, and why the time is awkward.

None is before the dates of the site's own posts, which would then not be published."""
REWRITE_WARNING = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
"""Ignores a warning of pytest: the false clock imports time_machine before pytest does."""


def run_pytest(local_time: str, zone: str, arguments: list[str]) -> tuple[int, str]:
    """The exit code and the output of pytest, run from this time on."""
    start = datetime.fromisoformat(local_time).replace(tzinfo=ZoneInfo(zone)).timestamp()
    variables = {
        "FALSE_CLOCK": str(start - time.time()),
        "PYTHONPATH": str(FALSE_CLOCK),
        "TZ": zone,
    }
    process = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-m",
            "not server",
            "-W",
            REWRITE_WARNING,
            *arguments,
        ],
        cwd=ROOT,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return process.returncode, process.stdout


def check_clock() -> None:
    """Raises `SystemExit` if a process does not see the false clock: all runs would test today."""
    code = "import datetime; print(datetime.date.today())"
    false_clock = {"FALSE_CLOCK": str(86400 * 1000), "PYTHONPATH": str(FALSE_CLOCK)}
    command = [sys.executable, "-c", code]
    processes = [
        subprocess.run(
            command, env=os.environ | variables, capture_output=True, text=True, check=True
        )
        for variables in ({}, false_clock)
    ]
    today, later = (datetime.fromisoformat(process.stdout.strip()) for process in processes)
    if not timedelta(999) < later - today < timedelta(1001):
        raise SystemExit(
            f"the false clock does not work: {later:%Y-%m-%d} is not 1000 days from today"
        )


def main(arguments: list[str]) -> int:
    """Runs the tests at each time; returns 0 if all pass, else 1.

    Prints one line per run, and the complete output of each run that fails.
    """
    check_clock()
    failed = 0
    for local_time, zone, reason in TIMES:
        code, text = run_pytest(local_time, zone, arguments)
        counts = re.findall(r"^=*\s*(\d+ .*) in [\d.]+s", text, re.MULTILINE)
        print(
            f"{local_time} {zone} ({reason}): {counts[-1] if counts else 'no test ran'}", flush=True
        )
        if code:
            failed += 1
            print(text, flush=True)
    print(f"{len(TIMES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
