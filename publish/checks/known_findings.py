"""The findings that a project has recorded, in `content/known-findings.txt`.

A project that comes from another system may have a thousand findings. It records them once, and
then sees only the new ones. The file belongs in git, so that a push is checked in the same way.

Each finding is a sorted line, as `check` prints it but without the number of its line: so a diff
shows what was fixed, and the same line twice means two equal findings.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from capture.errors import Unavailable, short_path
from publish.checks.finding import Finding

FILE: Final = "known-findings.txt"
_COMMENT: Final = (
    "# Written by `gatepost check --baseline`. In a merge conflict keep the lines of both sides."
)
_FIX: Final = "put the file back, or delete it and run `gatepost check --baseline`"
_LINE: Final = re.compile(r".+: .+ \[[a-z-]+\]")


def read_known_findings(content: Path) -> Mapping[str, int]:
    """How often each line was recorded. Raises `Unavailable` if the file is damaged."""
    file = content / FILE
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise Unavailable(f"{short_path(file)}: cannot be read as text: {_FIX}") from None
    for number, line in enumerate(lines, 1):
        if line and not line.startswith("# ") and not _LINE.fullmatch(line):
            raise Unavailable(f"{short_path(file)}:{number}: is no finding: {_FIX}")
    return Counter(lines)


def write_known_findings(content: Path, findings: Iterable[Finding]) -> Path:
    """Records these findings in place of the earlier ones. Returns the file. Raises OSError."""
    file = content / FILE
    draft = file.with_suffix(".new")
    lines = (_COMMENT, *sorted(finding.key for finding in findings))
    draft.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    draft.replace(file)
    return file
