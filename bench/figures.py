"""How long the figures of a year take: a ledger is made, and the command run on it.

    python -m bench.figures [--leads 100000] [--rounds 3]

The leads are those of `bench.backtest`; every month is closed. Memory that grew with
the leads would show.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench.backtest import FIRST, YEAR, fill, settings
from bench.contenders import CAMPAIGN, KEY, ROOT
from capture.campaign import read_campaign
from capture.closing import close_month
from capture.figures import month_before
from capture.ledger import open_ledger

RUNS = (("kpi",), ("kpi", "--by", "month"), ("kpi", "--by", "post"))


def main() -> None:
    """Makes the ledger, measures, prints, and leaves nothing behind."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        folder = Path(made)
        fill(folder, asked.leads)
        _close(folder)
        report = ("report", CAMPAIGN, "--month", "2026-10", "-o", str(folder / "report.html"))
        for _ in range(asked.rounds):
            for command in (*RUNS, report):
                seconds, peak = _run(folder, *command)
                print(
                    f"{asked.leads:,} leads, {' '.join(command[:3])}: "
                    f"{seconds:.1f} s, peak {peak:.0f} MB",
                    flush=True,
                )


def _close(folder: Path) -> None:
    """Every month of the year, in order."""
    campaign = read_campaign(ROOT / "campaigns" / f"{CAMPAIGN}.toml")
    ledger = open_ledger(settings(folder)["GATEPOST_DATABASE_URL"], KEY.encode())
    end = FIRST + YEAR + timedelta(days=3)
    for back in range(13, 0, -1):  # the first lead is of October in the campaign's zone
        month = month_before(f"{end:%Y-%m}", back)
        ledger.transact(lambda records, month=month: close_month(records, campaign, month, end))
    ledger.close()


def _run(folder: Path, *command: str) -> tuple[float, float]:
    """Seconds and megabytes of one run."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("gatepost")), *command],
        cwd=ROOT,
        env=dict(os.environ) | settings(folder),
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{process.args}: exit code {process.returncode}")
    return time.perf_counter() - started, used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
