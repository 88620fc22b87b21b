"""Measures how long `gatepost kpi` and `report` take on a generated ledger of one year.

    python -m bench.figures [--leads 100000] [--rounds 3]

The leads are those of `bench.backtest`; every month is closed. Memory that grew with
the leads would show.
"""

import argparse
import tempfile
from datetime import timedelta
from functools import partial
from pathlib import Path

from bench import one_command
from bench.backtest import FIRST, YEAR, fill
from bench.contenders import CAMPAIGN, KEY, ROOT
from capture.billing.statement import Agency, Party, build_parties
from capture.campaign.files import read_campaign, read_client
from capture.closing.close import close_month
from capture.kpi.grouping import month_before
from capture.ledger import open_ledger
from capture.ledger.administration import BY_GATEPOST

RUNS = (("kpi",), ("kpi", "--by", "month"), ("kpi", "--by", "post"))


def main() -> None:
    """Creates the ledger, measures, prints, and removes all files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as text:
        folder = Path(text)
        fill(folder, options.leads)
        _close(folder)
        report = ("report", CAMPAIGN, "--month", "2026-10", "-o", str(folder / "report.html"))
        for _ in range(options.rounds):
            for command in (*RUNS, report):
                run = one_command.run(folder, folder / "output", *command)
                print(
                    f"{options.leads:,} leads, {' '.join(command[:3])}: "
                    f"{run.seconds:.1f} s, peak {run.peak_mb:.0f} MB",
                    flush=True,
                )


def _close(folder: Path) -> None:
    """Closes every month of the year, in order."""
    campaign = read_campaign(ROOT / "campaigns" / f"{CAMPAIGN}.toml")
    agency = Agency(Party("Northgate Leads", ("1 Main Street",)))
    both = build_parties(agency, read_client(ROOT / "clients" / f"{campaign.client}.toml"))
    ledger = open_ledger(one_command.settings(folder)["GATEPOST_DATABASE_URL"], KEY.encode())
    end = FIRST + YEAR + timedelta(days=3)
    for back in range(13, 0, -1):  # the first lead is of October in the campaign's zone
        month = month_before(f"{end:%Y-%m}", back)
        closing = partial(
            close_month,
            client=campaign.client,
            parties=both,
            month=month,
            now=end,
            by=BY_GATEPOST,
        )
        ledger.transact(closing)
    ledger.close()


if __name__ == "__main__":
    main()
