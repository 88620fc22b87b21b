"""What a command loads before it begins: nothing of the other half of the product."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = "flask", "limits", "sqlite_utils", "typst", "xlsxwriter", "capture.ledger"


def loaded_by(*command: str) -> set[str]:
    code = (
        "import sys; from gatepost.command import gatepost; "
        f"gatepost({command}, standalone_mode=False); print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(ran.stderr.split())


def test_what_writers_run_loads_nothing_of_the_ledger_or_the_service() -> None:
    loaded = loaded_by("check")
    assert "publish.check" in loaded
    assert loaded.isdisjoint(HEAVY)
