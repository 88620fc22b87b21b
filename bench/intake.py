"""Measures leads per second: Gatepost's complete intake and bare handlers, in turn, in one run.

    python -m bench.intake [--seconds 5] [--rounds 5] [--patience 3]
    python -m bench.intake --inside          receive() and the app without a server, and where
                                             the time goes

Each round starts every contender in turn with a new database, warms it up, loads it with
`wrk -t1 -c16`, ends it, and counts its leads: every acknowledged lead must be there.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.contenders import HERE, Contender, bare_express, bare_flask, gatepost, running
from bench.inside import show_inside
from bench.quiet import Processors, wait_for_quiet

CONNECTIONS = 16
WARM_UP_SECONDS = 1
DISTURBED = 0.1
"""Share of the processors that others may use before a run is repeated."""


@dataclass(frozen=True)
class Measured:
    """One run. Times in milliseconds."""

    leads_a_second: float
    p50: float
    p99: float
    cpu: float
    """Processor time of the server for one lead: what load beside us changes least."""
    others: float
    """Share of the processors that neither the server nor wrk used: noise, 0 to 1."""


COLUMNS: dict[str, Callable[[Measured], float]] = {
    "leads/s": lambda run: run.leads_a_second,
    "p50 ms": lambda run: run.p50,
    "p99 ms": lambda run: run.p99,
    "CPU ms a lead": lambda run: run.cpu,
    "others' CPU": lambda run: run.others,
}
FORMATS = ("{:,.0f}", "{:.1f}", "{:.1f}", "{:.2f}", "{:.0%}")


def measure(contender: Contender, seconds: int) -> Measured:
    """Loads one contender. Raises RuntimeError if an answer was refused or a lead is missing."""
    with tempfile.TemporaryDirectory(prefix="bench-") as text:
        folder = Path(text)
        with running(contender, folder) as server:
            warm = _load(contender, server.url, WARM_UP_SECONDS, run=0)
            own, machine, wrk = server.cpu_seconds(), Processors.now(), _wrk_seconds()
            data = _load(contender, server.url, seconds, run=1)
            own, wrk = server.cpu_seconds() - own, _wrk_seconds() - wrk
            busy = Processors.now().share_since(machine)
        acknowledged, kept = warm["answers"] + data["answers"], contender.kept(folder)
        if warm["refused"] or data["refused"] or kept < acknowledged:
            raise RuntimeError(
                f"{contender.name}: {acknowledged} answers, {kept} leads kept, {warm}, {data}"
            )
    lasted = data["microseconds"] / 1e6
    return Measured(
        leads_a_second=data["answers"] / lasted,
        p50=data["p50"] / 1000,
        p99=data["p99"] / 1000,
        cpu=own / data["answers"] * 1000,
        others=max(0.0, busy - (own + wrk) / lasted / (os.cpu_count() or 1)),
    )


def _load(contender: Contender, url: str, seconds: int, run: int) -> dict[str, int]:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "-s", str(HERE / "post.lua"), url]
    done = subprocess.run(
        [*command, "--", contender.path, str(run), contender.more],
        capture_output=True,
        text=True,
        check=True,
    )
    data: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return data


def _wrk_seconds() -> float:
    """Processor time of our child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _quietest(contender: Contender, seconds: int, patience: int) -> Measured:
    """The least disturbed run. A disturbed run is repeated at most `patience` times."""
    runs: list[Measured] = []
    while len(runs) <= patience and (not runs or runs[-1].others > DISTURBED):
        wait_for_quiet(patience)
        runs.append(measure(contender, seconds))
    return min(runs, key=lambda run: run.others)


def compare(contenders: Sequence[Contender], seconds: int, rounds: int, patience: int) -> None:
    """Prints a table of medians over the rounds; ratios are the first contender's to each."""
    runs: dict[str, list[Measured]] = {contender.name: [] for contender in contenders}
    for number in range(1, rounds + 1):
        for contender in contenders:
            measured = _quietest(contender, seconds, patience)
            runs[contender.name].append(measured)
            print(
                f"  round {number}, {contender.name}: {' | '.join(_cells([measured]))}", flush=True
            )
    print(f"\n| median of {rounds} rounds of {seconds} s | {' | '.join(COLUMNS)} | ratio |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    first = runs[contenders[0].name]
    for name, theirs in runs.items():
        pairs = zip(first, theirs, strict=True)
        ratio = statistics.median(a.leads_a_second / b.leads_a_second for a, b in pairs)
        print(f"| {name} | {' | '.join(_cells(theirs))} | {ratio:.2f} |")


def _cells(runs: Sequence[Measured]) -> list[str]:
    medians = [statistics.median(map(value, runs)) for value in COLUMNS.values()]
    return [form.format(median) for form, median in zip(FORMATS, medians, strict=True)]


def main() -> None:
    """Runs the measurement that the options name."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=int, default=5, choices=range(1, 31), metavar="1..30")
    parser.add_argument("--rounds", type=int, default=5, choices=range(1, 21), metavar="1..20")
    parser.add_argument(
        "--patience",
        type=int,
        default=3,
        choices=range(21),
        metavar="0..20",
        help="how often a run is repeated that others disturbed, and seconds waited for quiet",
    )
    parser.add_argument("--inside", action="store_true", help="without a server, by room")
    options = parser.parse_args()
    if options.inside:
        show_inside(options.seconds)
    else:
        contenders = [
            gatepost(),
            bare_flask(),
            bare_express(),
        ]
        compare(contenders, options.seconds, options.rounds, options.patience)


if __name__ == "__main__":
    main()
