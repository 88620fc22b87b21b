"""Measures how long the complete command `gatepost check` takes on generated posts.

python -m bench.check [--posts 1000] [--rounds 5]

Without a cache, with one text changed since the last check, and with nothing changed. Seconds of
processor are those of the process and its children; those in brackets are of the check alone, when
the program is loaded, from a run of its own.
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
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
WORDS = ("lead", "form", "price", "agency", "client", "month", "review", "window")
WORDS += ("reject", "accept", "meeting", "offer")
LIMIT = 3.0


CHECK_ALONE = """
import time
from datetime import UTC, datetime
from pathlib import Path
from publish.build.pelican_run import check
started = time.process_time()
assert not check(Path("pelicanconf.py"), {}, datetime.now(UTC)).findings.every
print(time.process_time() - started)
"""


class Cost(NamedTuple):
    """What one process took."""

    seconds: float
    """By the clock."""
    processor: float
    """Seconds."""
    memory: float
    """Its peak, in MB."""


def main() -> None:
    """Generates the posts, runs the checks several times in turn, and prints medians."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--posts", type=int, default=1000)
    options.add_argument("--rounds", type=int, default=5)
    value = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        for name in ("pelicanconf.py", "theme", "campaigns", "clients"):
            (project / name).symlink_to(ROOT / name)
        for name in ("images", "gated", "pages"):
            shutil.copytree(ROOT / "content" / name, project / "content" / name)
        for page in (project / "content/pages").glob("home.md"):
            page.unlink()  # it links to posts that are not here
        write_posts(project / "content/posts", value.posts)
        changed = project / "content/posts/post-1.md"
        check = [str(Path(sys.executable).parent / "gatepost"), "check"]
        kinds: dict[str, Callable[[], object]] = {
            "cold": lambda: shutil.rmtree(project / ".cache", ignore_errors=True),
            "one text changed": lambda: edit(changed),
            "nothing changed": lambda: None,
        }
        costs: dict[str, list[tuple[Cost, float]]] = {kind: [] for kind in kinds}
        for _ in range(value.rounds):
            for kind, prepare in kinds.items():
                prepare()
                _, alone = run([sys.executable, "-c", CHECK_ALONE], project)
                prepare()
                cost, _ = run(check, project)
                costs[kind].append((cost, float(alone)))
    print(f"{value.posts} posts (limit {LIMIT} s for 1,000)")
    print(f"{'':<18}{'seconds':>9}{'of processor':>22}{'MB':>6}")
    for kind, of_kind in costs.items():
        columns = zip(*(cost for cost, _ in of_kind), strict=True)
        seconds, processor, memory = map(statistics.median, columns)
        alone = statistics.median(alone for _, alone in of_kind)
        print(f"{kind:<18}{seconds:9.2f}{processor:13.2f} ({alone:6.3f}){memory:6.0f}")


def edit(text: Path) -> None:
    """Adds a sentence to a text."""
    with text.open("a", encoding="utf-8") as file:
        file.write("One more sentence.\n")


def run(command: Sequence[str], project: Path) -> tuple[Cost, str]:
    """One run and its output. A finding stops it: it would make the figure worthless."""
    started = time.perf_counter()
    with (project / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=project, stdout=log, stderr=log)
        _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    output = (project / "log").read_text(encoding="utf-8")
    if process.returncode:
        sys.exit(output)
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024), output


def write_posts(folder: Path, count: int) -> None:
    """Posts of about 1,100 words: headings, lists, tables, code, links, a picture, a form."""
    folder.mkdir()
    for number in range(count):
        front_matter = [
            f"Title: Post {number} on {WORDS[number % 12]} and {WORDS[number % 7]}",
            f"Date: 2025-{number % 12 + 1:02}-{number % 28 + 1:02}",
            f"Category: Topic {number % 12}",
            f"Tags: {', '.join(f'subject {(number + step * 7) % 60}' for step in range(3))}",
            f"Author: Author {number % 5}",
            f"Slug: post-{number}",
            f"Summary: {' '.join(WORDS[:12])}, number {number} of a long row.",
        ]
        parts = [part(number, place, count) for place in range(6)]
        form = ["{% form acme-cloud-guide %}"] if number % 3 == 0 else []
        text = "\n\n".join(["\n".join(front_matter), *parts, *form])
        (folder / f"post-{number}.md").write_text(f"{text}\n", encoding="utf-8")


def part(number: int, place: int, count: int) -> str:
    """One section of a post."""
    prose = " ".join(WORDS[(number + place + step) % 12] for step in range(60))
    link = f"[another]({{filename}}/posts/post-{(number * 7 + place + 1) % count}.md)"
    rows = "\n".join(f"| row {row} | {row * 7} |" for row in range(4))
    code = "```python\nx = 1  # [no](link.md)\n```\n\n" if number % 3 == 0 else ""
    picture = "![A funnel]({static}/images/funnel.svg)\n\n" if place == 2 else ""
    items = "\n".join(f"- {prose[:40]} {step}" for step in range(3))
    return (
        f"## Section {place}\n\n{prose}, {link}.\n\n{prose}\n\n{picture}{code}{items}\n\n"
        f"| name | value |\n|---|---|\n{rows}\n\n{prose} [above](#section-{place})."
    )


if __name__ == "__main__":
    main()
