"""Measures how long `gatepost backtest` takes on a generated ledger.

    python -m bench.backtest [--leads 100000] [--rounds 3]

The leads go through the normal intake, a thousand in one transaction. Each round runs the command
on the last tenth of them and then on all, to show whether memory grows with the leads.
"""

import argparse
import itertools
import json
import random
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import one_command
from bench.contenders import CAMPAIGN, KEY, ROOT
from capture.campaign.files import read_campaign
from capture.campaign.model import Answer, Campaign
from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.lead.consent import Consent
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger, WriteTransaction

FIRST = datetime(2025, 11, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
BATCH_SIZE = 1000
TITLES = (
    "Head of IT",
    "V.P., Clinical Operations",
    "Assistant to the CEO",
    "Owner",
    "Nurse",
    "CIO",
)
DRAFT = (
    ('equal = "Healthcare"', 'one_of = ["Healthcare", "Public sector"]'),
    ("at_least = 101", "at_least = 501"),
    ("[price]", '[criteria.job_title]\nmatches = ["VP", "CIO", "Head of", "Owner"]\n\n[price]'),
)
"""Changes of the campaign file: one criterion wider, one narrower, one new."""


def main() -> None:
    """Creates the ledger, measures, prints, and removes all files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as created:
        folder = Path(created)
        draft = folder / "draft.toml"
        draft.write_text(_changed((ROOT / "campaigns" / f"{CAMPAIGN}.toml").read_text()))
        started = time.perf_counter()
        fill(folder, options.leads)
        print(
            f"{options.leads:,} leads received in {time.perf_counter() - started:.0f} s", flush=True
        )
        tenth = (FIRST + YEAR * 0.9).strftime("%Y-%m-%dT%H:%M:%SZ")
        for _ in range(options.rounds):
            for more in (["--since", tenth], []):
                text = folder / "output.json"
                command = ("backtest", CAMPAIGN, "--json", "--limit", "20", "--file", str(draft))
                run = one_command.run(folder, text, *command, *more)
                result = json.loads(text.read_text())
                print(
                    f"{result['judged']:,} judged, {result['changes']:,} change: "
                    f"{run.seconds:.1f} s, peak {run.peak_mb:.0f} MB",
                    flush=True,
                )


def _changed(text: str) -> str:
    for old, new in DRAFT:
        if old not in text:
            raise RuntimeError(f"campaigns/{CAMPAIGN}.toml no longer contains {old!r}")
        text = text.replace(old, new, 1)
    return text


def fill(folder: Path, leads: int) -> None:
    """Receives this many leads, spread over a year from `FIRST` on."""
    campaign = read_campaign(ROOT / "campaigns" / f"{CAMPAIGN}.toml")
    ledger = open_ledger(one_command.settings(folder)["GATEPOST_DATABASE_URL"], KEY.encode())
    people = enumerate(itertools.islice(_people(campaign), leads))
    step = YEAR / leads
    while batch := list(itertools.islice(people, BATCH_SIZE)):
        _receive(ledger, campaign, [(sent, FIRST + number * step) for number, sent in batch])
    ledger.close()


def _receive(ledger: Ledger, campaign: Campaign, batch: list[tuple[Submission, datetime]]) -> None:
    def work(records: WriteTransaction) -> None:
        for sent, now in batch:
            receive_submission(records, campaign, sent, now)

    ledger.transact(work)


def _people(campaign: Campaign) -> Iterator[Submission]:
    """Submissions of different people at different companies; the same in every run."""
    chance = random.Random(26)
    industries, sizes = (campaign.fields[name].choices for name in ("industry", "company_size"))
    for number in itertools.count():
        answers: Mapping[str, Answer] = {
            "full_name": f"Ann Lee {number}",
            "email": f"ann@clinic-{number}.example",
            "company": f"Clinic {number}",
            "job_title": chance.choice(TITLES),
            "industry": chance.choice(industries),
            "company_size": chance.choice(sizes),
            "country": chance.choice(("US", "CA", "DE")),
        }
        yield Submission(answers, Consent(True, campaign.version), f"bench-{number:08}")


if __name__ == "__main__":
    main()
