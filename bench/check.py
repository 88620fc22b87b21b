"""Measures how long the complete command `gatepost check` takes on generated posts.

Each round begins without a cache; then nothing has changed, and it runs again.

python -m bench.check [--posts 1000] [--rounds 5]
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
WORDS = ("lead", "form", "price", "agency", "client", "month", "review", "window")
WORDS += ("reject", "accept", "meeting", "offer")
LIMIT = 3.0


def main() -> None:
    """Generates the posts, runs the check several times, and prints the median in seconds."""
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
        first, again = [], []
        for _ in range(value.rounds):
            shutil.rmtree(project / ".cache", ignore_errors=True)
            first.append(check(project))
            again.append(check(project))
    medians = f"{statistics.median(first):.2f} s, again {statistics.median(again):.2f} s"
    print(f"{value.posts} posts: {medians} (limit {LIMIT} s for 1,000)")


def check(project: Path) -> float:
    """One run. A finding would make the figure worthless, so it stops the measurement."""
    command = [Path(sys.executable).parent / "gatepost", "check"]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(done.stderr)
    return seconds


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
