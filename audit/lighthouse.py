"""Lighthouse, mobile, in the system's Chromium: each of its four scores must be 100.

Performance depends on what else the machine does, and other programs can only lower it. So a page
is measured several times, each time after a wait for a quiet machine, and its best run counts; the
median is shown beside it. Lighthouse CI calls this "optimistic". See
https://github.com/GoogleChrome/lighthouse/blob/main/docs/variability.md and
https://github.com/GoogleChrome/lighthouse-ci/blob/main/docs/assertions.md
"""

import json
import os
import shutil
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.quiet import wait_for_quiet

HERE = Path(__file__).parent
PROGRAM = HERE / "node_modules" / "lighthouse" / "cli" / "index.js"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
MAX_WAIT_SECONDS = 3


@dataclass(frozen=True)
class Weight:
    """What one visit loads: requests, and bytes on the wire with their headers."""

    requests: int
    bytes: int
    picture_bytes: int


@dataclass(frozen=True)
class Measurement:
    """Scores from 0 to 100, one per run, and what the first run loaded."""

    scores: dict[str, list[int]]
    weight: Weight

    def best(self, name: str) -> int:
        """The highest score of a category."""
        return max(self.scores[name])

    def __str__(self) -> str:
        parts = [
            f"{name} {self.best(name)} (median {statistics.median_low(runs)})"
            for name, runs in self.scores.items()
        ]
        return ", ".join(parts)


def measure(address: str, runs: int) -> Measurement:
    """Runs Lighthouse `runs` times on one page, and prints which audits cost points."""
    reports = [_report(address) for _ in range(runs)]
    for report in reports:
        _print_costly_audits(address, report)
    scores = {name: [_score(report, name) for report in reports] for name in CATEGORIES}
    return Measurement(scores, _weight(reports[0]))


def _report(address: str) -> dict[str, Any]:
    wait_for_quiet(MAX_WAIT_SECONDS)
    flags = "--headless=new --no-sandbox --disable-quic --disable-background-networking"
    process = subprocess.run(
        ["node", PROGRAM, address, "--quiet", "--output=json", f"--chrome-flags={flags}"],
        env={**os.environ, "CHROME_PATH": str(shutil.which("chromium"))},
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        raise SystemExit(f"lighthouse failed on {address}:\n{process.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(process.stdout)
    return report


def _score(report: dict[str, Any], name: str) -> int:
    return round((report["categories"][name]["score"] or 0) * 100)


def _weight(report: dict[str, Any]) -> Weight:
    requests: Sequence[dict[str, Any]] = report["audits"]["network-requests"]["details"]["items"]
    sizes = [
        (request["resourceType"] == "Image", int(request["transferSize"])) for request in requests
    ]
    return Weight(
        requests=len(sizes),
        bytes=sum(size for _, size in sizes),
        picture_bytes=sum(size for is_picture, size in sizes if is_picture),
    )


def _print_costly_audits(address: str, report: dict[str, Any]) -> None:
    """Prints the audits that cost points."""
    for name in CATEGORIES:
        for line in _costly_audits(report, name):
            print(f"  {address} {name}: {line}")


def _costly_audits(report: dict[str, Any], name: str) -> Iterator[str]:
    for ref in report["categories"][name]["auditRefs"]:
        audit = report["audits"][ref["id"]]
        score = audit["score"]
        if ref["weight"] and isinstance(score, int | float) and score < 0.9:
            yield f"{audit['title']} {audit.get('displayValue', '')}"
