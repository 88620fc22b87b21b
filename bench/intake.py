"""How many leads a second: Gatepost's whole intake beside bare handlers, in turn, in one run.

    python -m bench.intake [--seconds 5] [--rounds 3] [--profile] [--micro]

Each round starts every contender in turn with a new database, warms it up, loads it with
`wrk -t1 -c16`, ends it, and counts what it kept: every acknowledged lead must be there.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.contenders import HERE, Contender, bare_express, bare_flask, gatepost, running

CONNECTIONS = 16
WARM_UP_SECONDS = 1


@dataclass(frozen=True)
class Measured:
    """One run. Times in milliseconds."""

    leads_a_second: float
    p50: float
    p99: float
    cpu: float
    """Processor time of the server for one lead: what load beside us changes least."""


def measure(contender: Contender, seconds: int) -> Measured:
    """Loads one contender. Raises RuntimeError if an answer was refused or a lead is missing."""
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        folder = Path(made)
        with running(contender, folder) as server:
            warm = _load(contender, server.url, WARM_UP_SECONDS, "0")
            before = server.cpu_seconds()
            told = _load(contender, server.url, seconds, "1")
            cpu = server.cpu_seconds() - before
        acknowledged, kept = warm["answers"] + told["answers"], contender.kept(folder)
        if warm["refused"] or told["refused"] or kept < acknowledged:
            raise RuntimeError(
                f"{contender.name}: {acknowledged} answers, {kept} leads kept, {warm}, {told}"
            )
    return Measured(
        told["answers"] / told["microseconds"] * 1e6,
        told["p50"] / 1000,
        told["p99"] / 1000,
        cpu / told["answers"] * 1000,
    )


def _load(contender: Contender, url: str, seconds: int, run: str) -> dict[str, int]:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "-s", str(HERE / "post.lua"), url]
    done = subprocess.run(
        [*command, "--", contender.path, run, contender.more],
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return told


def compare(contenders: Sequence[Contender], seconds: int, rounds: int) -> None:
    """Prints a table of medians over the rounds; the first contender is what is compared."""
    runs: dict[str, list[Measured]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            measured = measure(contender, seconds)
            print(
                f"  {contender.name}: {measured.leads_a_second:.0f}/s {measured.p99:.0f} ms {measured.cpu:.2f} ms",
                flush=True,
            )
            runs[contender.name].append(measured)

    def median(name: str, value: Callable[[Measured], float]) -> float:
        return statistics.median(map(value, runs[name]))

    ours = contenders[0].name
    print(
        f"\n| median of {rounds} rounds of {seconds} s | leads/s | p50 ms | p99 ms | CPU ms a lead | ratio |"
    )
    print("|---|---|---|---|---|---|")
    for name in runs:
        speed = median(name, lambda run: run.leads_a_second)
        ratio = statistics.median(
            mine.leads_a_second / theirs.leads_a_second
            for mine, theirs in zip(runs[ours], runs[name], strict=True)
        )
        p50, p99 = median(name, lambda run: run.p50), median(name, lambda run: run.p99)
        cpu = median(name, lambda run: run.cpu)
        print(f"| {name} | {speed:,.0f} | {p50:.1f} | {p99:.1f} | {cpu:.2f} | {ratio:.2f} |")


def main() -> None:
    """Measures, and ends by itself."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=int, default=5, choices=range(1, 31), metavar="1..30")
    parser.add_argument("--rounds", type=int, default=3, choices=range(1, 21), metavar="1..20")
    asked = parser.parse_args()
    contenders = [
        gatepost("Gatepost, whole intake, sync 2", {"GATEPOST_THREADS": "1"}),
        gatepost("Gatepost, whole intake, defaults"),
        bare_flask(),
        bare_express(),
    ]
    compare(contenders, asked.seconds, asked.rounds)


if __name__ == "__main__":
    main()
