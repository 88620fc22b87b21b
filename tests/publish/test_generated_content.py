"""The generated content of the audit and the benches passes the check."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from bench.building import our_project
from publish.build.pelican_run import CheckResult, check

ROOT = Path(__file__).parents[2]


def checked(content: Path) -> CheckResult:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return check(ROOT / "pelicanconf.py", {"PATH": str(content)}, at)


def test_the_sample_of_the_audit_passes_the_check(tmp_path: Path) -> None:
    for name in ("campaigns", "clients"):
        (tmp_path / name).symlink_to(ROOT / name)
    content = Path(shutil.copytree(ROOT / "content", tmp_path / "content"))
    shutil.copyfile(ROOT / "audit" / "sample.md", content / "posts" / "sample.md")
    (content / "images" / "sample.jpg").touch()
    found = checked(content).findings.errors
    assert [str(finding.problem) for finding in found] == []


def test_the_made_up_posts_of_the_benches_pass_the_check(tmp_path: Path) -> None:
    our_project(20, tmp_path)
    made_up = checked(tmp_path / "content")
    assert [str(finding.problem) for finding in made_up.findings.errors] == []
    assert made_up.articles == 20
