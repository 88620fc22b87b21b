"""The findings that a project has recorded, in `content/known-findings.json`.

A project that comes from another system may have a thousand findings. It records them once, and
then sees only the new ones. The file belongs in git, so that a push is checked in the same way.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from capture.errors import Unavailable, short_path
from publish.checks.finding import Finding, FindingKey

FILE: Final = "known-findings.json"


def read_known_findings(content: Path) -> Mapping[FindingKey, int]:
    """How often each finding was recorded. Raises `Unavailable` if the file is damaged."""
    file = content / FILE
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        keys = (
            (str(path), str(rule), str(message))
            for path, rules in data.items()
            for rule, messages in rules.items()
            for message in messages
        )
        return Counter(keys)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, TypeError):
        raise Unavailable(
            f"{short_path(file)}: is damaged: put it back, or delete it to see all findings"
        ) from None


def write_known_findings(content: Path, findings: Iterable[Finding]) -> Path:
    """Records these findings in place of the earlier ones. Returns the file. Raises OSError."""
    data: dict[str, dict[str, list[str]]] = {}
    for path, rule, message in sorted(finding.key for finding in findings):
        data.setdefault(path, {}).setdefault(rule, []).append(message)
    file = content / FILE
    text = json.dumps(data, ensure_ascii=False, indent=1)
    draft = file.with_suffix(".new")
    draft.write_text(f"{text}\n", encoding="utf-8")
    draft.replace(file)
    return file
