"""Lighthouse, mobile, in the system's Chromium: each of its four scores must be 100."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
PROGRAM = HERE / "node_modules" / "lighthouse" / "cli" / "index.js"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")


def scores(address: str) -> dict[str, int]:
    """The scores of one page, 0 to 100, and what keeps each below."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("no chromium here: apt-get install chromium")
    flags = "--headless=new --no-sandbox --disable-quic --disable-background-networking"
    ran = subprocess.run(
        ["node", PROGRAM, address, "--quiet", "--output=json", f"--chrome-flags={flags}"],
        env={**os.environ, "CHROME_PATH": chromium},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise SystemExit(f"lighthouse failed on {address}:\n{ran.stderr[-2000:]}")
    report = json.loads(ran.stdout)
    _tell(address, report)
    found = report["categories"]
    return {name: round((found[name]["score"] or 0) * 100) for name in CATEGORIES}


def _tell(address: str, report: dict[str, dict[str, dict[str, object]]]) -> None:
    """Prints which audits cost points."""
    for name in CATEGORIES:
        for line in _costly(report, name):
            print(f"  {address} {name}: {line}")


def _costly(report: dict[str, dict[str, dict[str, object]]], name: str) -> Iterator[str]:
    refs = report["categories"][name]["auditRefs"]
    assert isinstance(refs, list)
    for ref in refs:
        audit = report["audits"][ref["id"]]
        score = audit["score"]
        if ref["weight"] and isinstance(score, int | float) and score < 0.9:
            yield f"{audit['title']} {audit.get('displayValue', '')}"
