"""Measures time and memory of exporting, closing and proving a month among very many leads.

    python -m bench.closing [--leads 1000000] [--months 100] [--ledger FOLDER] [--skip-verify]

The leads are spread evenly over the months, and every month except the last is closed. With
`--ledger` the folder keeps the ledger for the next run, which measures on a copy.
"""

import argparse
import multiprocessing
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import one_command
from bench.contenders import CAMPAIGN, CLIENT
from bench.season import END, fill, months_before

DATABASE = "gatepost.db"


def main() -> None:
    """Creates the ledger, measures, prints, and removes all files except the `--ledger` folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--months", type=int, default=100)
    parser.add_argument("--ledger", type=Path, help="Where the ledger is source from run to run.")
    parser.add_argument("--skip-verify", action="store_true")
    options = parser.parse_args()
    if options.ledger:
        options.ledger.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.ledger) as text:
        folder = Path(text)
        source = (options.ledger or folder) / DATABASE
        if not source.exists():
            _create_ledger(source.parent, options.leads, options.months)
        if source.parent != folder:
            # In another process, because the memory of this one would count in each measurement.
            subprocess.run(["cp", source, folder], check=True)
        one_command.run(folder, folder / "output", "statements")  # an older ledger gets its indexes
        _measure(folder)
        if not options.skip_verify:
            _run("verify", folder, ("verify",))


def _create_ledger(folder: Path, leads: int, months: int) -> None:
    started = time.perf_counter()
    process = multiprocessing.get_context("spawn").Process(
        target=fill, args=(folder, leads, months)
    )
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError("the ledger could not be created")
    print(f"{leads:,} leads written in {time.perf_counter() - started:.0f} s", flush=True)


def _measure(folder: Path) -> None:
    previous, last = months_before(END, 2)
    file = str(folder / "export.csv")
    for what, month, more in (
        ("export, a closed month", previous, ()),
        ("export, the open month", last, ()),
        ("export, the month before as of its end", previous, ("--as-of", f"{last}-01")),
        ("export, an empty month", END, ()),
    ):
        command = ("export", CAMPAIGN, "--month", month, "-o", file, *more)
        _run(what, folder, command, Path(file))
    for shape in ("jsonl", "xlsx"):
        out = folder / f"export.{shape}"
        command = ("export", CAMPAIGN, "--month", last, "--format", shape, "-o", str(out))
        _run(f"export, {shape}", folder, command, out)
    _run("close", folder, ("close", CLIENT, "--month", last))
    number = (folder / "output").read_text().partition(":")[0]
    _run("close, an empty month", folder, ("close", CLIENT, "--month", END))
    _run("statement csv", folder, ("statement", number, "--format", "csv", "-o", file), Path(file))
    out = folder / "evidence.db"
    _run("evidence", folder, ("evidence", number, "-o", str(out)), out)


def _run(what: str, folder: Path, command: Sequence[str], file: Path | None = None) -> None:
    text = folder / "output"
    run = one_command.run(folder, text, *command)
    print(
        f"{what}: {run.seconds:.1f} s, {run.cpu_seconds:.1f} s of processors, "
        f"peak {run.peak_mb:.0f} MB ({_shown(file or text)})",
        flush=True,
    )


def _shown(file: Path) -> str:
    if file.name == "output":
        return file.read_text().partition("\n")[0]
    size = file.stat().st_size / 1e6
    if file.suffix not in {".csv", ".jsonl"}:
        return f"{size:.0f} MB"
    with file.open("rb") as lines:
        return f"{sum(1 for _ in lines):,} lines, {size:.0f} MB"


if __name__ == "__main__":
    main()
