"""Lighthouse, mobile, in the system's Chromium: each of its four scores must be 100.

Performance drifts with what else the machine does, and other programs can only lower it: a page is
run several times, when the machine is quiet if it ever is, and judged by the best of its runs; the
median is shown beside it. Lighthouse CI calls that "optimistic". On both see
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
PATIENCE_SECONDS = 3


@dataclass(frozen=True)
class Weight:
    """What one visit loads: requests, and bytes on the wire with their headers."""

    requests: int
    bytes: int
    picture_bytes: int


@dataclass(frozen=True)
class Judged:
    """Scores from 0 to 100, one of each run, and what the first run loaded."""

    scores: dict[str, list[int]]
    weight: Weight

    def best(self, name: str) -> int:
        """By which a page is judged."""
        return max(self.scores[name])

    def __str__(self) -> str:
        messages = [
            f"{name} {self.best(name)} (median {statistics.median_low(runs)})"
            for name, runs in self.scores.items()
        ]
        return ", ".join(messages)


def judge(address: str, runs: int) -> Judged:
    """Runs Lighthouse so many times on one page, and prints what costs it points."""
    reports = [_report(address) for _ in range(runs)]
    for report in reports:
        _tell(address, report)
    scores = {name: [_score(report, name) for report in reports] for name in CATEGORIES}
    return Judged(scores, _weight(reports[0]))


def _report(address: str) -> dict[str, Any]:
    wait_for_quiet(PATIENCE_SECONDS)
    flags = "--headless=new --no-sandbox --disable-quic --disable-background-networking"
    ran = subprocess.run(
        ["node", PROGRAM, address, "--quiet", "--output=json", f"--chrome-flags={flags}"],
        env={**os.environ, "CHROME_PATH": str(shutil.which("chromium"))},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise SystemExit(f"lighthouse failed on {address}:\n{ran.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(ran.stdout)
    return report


def _score(report: dict[str, Any], name: str) -> int:
    return round((report["categories"][name]["score"] or 0) * 100)


def _weight(report: dict[str, Any]) -> Weight:
    loaded: Sequence[dict[str, Any]] = report["audits"]["network-requests"]["details"]["items"]
    sizes = [(one["resourceType"] == "Image", int(one["transferSize"])) for one in loaded]
    return Weight(
        requests=len(sizes),
        bytes=sum(size for _, size in sizes),
        picture_bytes=sum(size for is_picture, size in sizes if is_picture),
    )


def _tell(address: str, report: dict[str, Any]) -> None:
    """Prints which audits cost points."""
    for name in CATEGORIES:
        for line in _costly(report, name):
            print(f"  {address} {name}: {line}")


def _costly(report: dict[str, Any], name: str) -> Iterator[str]:
    for ref in report["categories"][name]["auditRefs"]:
        audit = report["audits"][ref["id"]]
        score = audit["score"]
        if ref["weight"] and isinstance(score, int | float) and score < 0.9:
            yield f"{audit['title']} {audit.get('displayValue', '')}"
