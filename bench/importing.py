"""Measures how long `gatepost import ghost` takes on a post of a million characters.

python -m bench.importing [--paragraphs 26000] [--rounds 3]
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from bench.one_command import run

PARAGRAPH = "<p>one <b>word</b> after another</p>\n"


def main() -> None:
    """Converts the post several times without writing it, and prints the medians."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--paragraphs", type=int, default=26_000)
    options.add_argument("--rounds", type=int, default=3)
    value = options.parse_args()
    html = PARAGRAPH * value.paragraphs
    post = {
        "id": "1", "slug": "one", "title": "One", "html": html, "status": "published",
        "published_at": "2026-03-02T09:30:00.000Z",
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        export = folder / "export.json"
        data = {"db": [{"meta": {"version": "5.94.0"}, "data": {"posts": [post]}}]}
        export.write_text(json.dumps(data))
        command = ("import", "ghost", str(export), "--dry-run")
        runs = [run(folder, folder / "output", *command) for _ in range(value.rounds)]
    seconds, cpu_seconds = (
        statistics.median(getattr(one, name) for one in runs) for name in ("seconds", "cpu_seconds")
    )
    print(f"{len(html):,} characters: {seconds:.1f} s, {cpu_seconds:.1f} s of processors")


if __name__ == "__main__":
    main()
