"""How long it takes to export and close a month among very many leads, and how much is held.

    python -m bench.closing [--leads 1000000] [--verify]

A tenth of the leads falls due in the month, the others come after it. One real lead goes through
the door; the others are written as it was, through the ledger, with ids, times, addresses and links
of the chain of their own. All qualify; silence accepts each two days later, as the dispatcher would
write it down.
"""

import argparse
import itertools
import multiprocessing
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import one_command
from bench.contenders import CAMPAIGN, KEY, ROOT
from capture.campaign import Campaign, read_campaign
from capture.intake import Submission, receive
from capture.lead import Actor, Event, Kind, show_time
from capture.ledger import Dossier, Ledger, Records, open_ledger
from capture.window import deadline, month_of

FIRST = datetime(2025, 1, 1, 6, tzinfo=UTC)
SPAN = timedelta(days=290)
"""Of which the month's first 29 days are a tenth: those leads are accepted before it is over."""
MONTH = "2025-01"
A_TRANSACTION = 5000


@dataclass(frozen=True)
class Taken:
    """A lead as the door wrote it."""

    events: tuple[Event, ...]
    dossier: Dossier


def main() -> None:
    """Makes the ledger, measures, prints, and leaves nothing behind."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--verify", action="store_true", help="Prove the ledger afterwards.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        folder = Path(made)
        started = time.perf_counter()
        # In another process, so that this one stays small: its size counts in every measurement.
        builder = multiprocessing.get_context("spawn").Process(
            target=_fill, args=(folder, asked.leads)
        )
        builder.start()
        builder.join()
        if builder.exitcode:
            raise RuntimeError("the ledger could not be made")
        print(f"{asked.leads:,} leads written in {time.perf_counter() - started:.0f} s", flush=True)
        _measure(folder)
        if asked.verify:
            _show("verify", one_command.run(folder, folder / "said", "verify"), folder / "said")


def _measure(folder: Path) -> None:
    month, said = (CAMPAIGN, "--month", MONTH), folder / "said"
    for shape in ("csv", "jsonl", "xlsx"):
        file = folder / f"export.{shape}"
        run = one_command.run(folder, said, "export", *month, "--format", shape, "-o", str(file))
        _show(f"export {shape}", run, file)
    _show("close", one_command.run(folder, said, "close", *month), said)
    number = said.read_text().partition(":")[0]
    file = folder / "statement.csv"
    run = one_command.run(folder, said, "statement", number, "--format", "csv", "-o", str(file))
    _show("statement csv", run, file)
    file = folder / "evidence.db"
    _show("evidence", one_command.run(folder, said, "evidence", number, "-o", str(file)), file)


def _show(what: str, run: one_command.Run, file: Path) -> None:
    size = file.stat().st_size / 1e6
    if file.suffix in {".csv", ".jsonl"}:
        with file.open("rb") as lines:
            shown = f"{sum(1 for _ in lines):,} lines, {size:.0f} MB"
    else:
        shown = f"{size:.0f} MB" if file.suffix else file.read_text().splitlines()[0]
    print(f"{what}: {run.seconds:.1f} s, peak {run.peak_mb:.0f} MB ({shown})", flush=True)


def _fill(folder: Path, leads: int) -> None:
    campaign = read_campaign(ROOT / "campaigns" / f"{CAMPAIGN}.toml")
    url = one_command.settings(folder)["GATEPOST_DATABASE_URL"]
    ledger = open_ledger(url, KEY.encode())
    taken = _taken(ledger, campaign)
    numbers = iter(range(1, leads))
    waiting: deque[tuple[str, datetime]] = deque()
    while batch := list(itertools.islice(numbers, A_TRANSACTION)):

        def work(records: Records, batch: list[int] = batch) -> None:
            events: list[Event] = []
            for number in batch:
                now = FIRST + SPAN * number / leads
                events += [*_lapsed(waiting, now), *_copied(taken, campaign, number, now)]
                answers = {**taken.dossier.answers, "email": f"ann@clinic-{number}.example"}
                dossier = replace(taken.dossier, answers=answers)
                records.keep_dossier(CAMPAIGN, _lead_id(number), dossier)
                waiting.append((_lead_id(number), deadline(campaign, now)))
            records.append(*events)

        ledger.transact(work)
    ledger.close()


def _taken(ledger: Ledger, campaign: Campaign) -> Taken:
    answers = {
        "full_name": "Ann Lee",
        "email": "ann@clinic.example",
        "company": "Clinic",
        "job_title": "Head of IT",
        "industry": "Healthcare",
        "company_size": "101-500",
        "country": "US",
    }
    touch = {"path": "/how-to-choose/", "utm_source": "news", "time": show_time(FIRST)}
    sent = Submission(answers, campaign.version, first_touch=touch, last_touch=touch)

    def work(records: Records) -> Taken:
        lead_id = receive(records, campaign, sent, FIRST).lead_id
        dossier = records.dossier(lead_id)
        if dossier is None:
            raise RuntimeError("the door kept no answers")
        return Taken(tuple(one.event for one in records.events(lead_id=lead_id)), dossier)

    return ledger.transact(work)


def _copied(taken: Taken, campaign: Campaign, number: int, now: datetime) -> Iterator[Event]:
    """The same events, of another lead at another time."""
    received, qualified = taken.events
    changes = (
        (received, {"month": month_of(now, campaign)}),
        (qualified, {"deadline": show_time(deadline(campaign, now))}),
    )
    for event, said in changes:
        yield replace(
            event,
            lead_id=_lead_id(number),
            occurred_at=now,
            recorded_at=now,
            data={**event.data, **said},
        )


def _lapsed(waiting: deque[tuple[str, datetime]], now: datetime) -> Iterator[Event]:
    """What silence has accepted by now, in the order of the deadlines."""
    while waiting and waiting[0][1] <= now:
        lead_id, ended = waiting.popleft()
        said = {"silence": True}
        yield Event(CAMPAIGN, lead_id, Kind.ACCEPTED, ended, ended, Actor.SYSTEM, said)


def _lead_id(number: int) -> str:
    """Twelve characters in no order, as the door's are."""
    return f"{number * 2654435761 % 2**48:012x}"


if __name__ == "__main__":
    main()
