"""The generated content of the audit and the benchmarks passes the check."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from bench.building import our_project
from bench.posts import write_for_hugo, write_for_pelican
from bench.rebuilding import EDITS
from publish.build.pelican_run import CheckResult, check

ROOT = Path(__file__).parents[2]


def check_content(content: Path) -> CheckResult:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    return check(ROOT / "pelicanconf.py", {"PATH": str(content)}, now)


def test_the_sample_of_the_audit_passes_the_check(tmp_path: Path) -> None:
    for name in ("campaigns", "clients"):
        (tmp_path / name).symlink_to(ROOT / name)
    content = Path(shutil.copytree(ROOT / "content", tmp_path / "content"))
    shutil.copyfile(ROOT / "audit" / "sample.md", content / "posts" / "sample.md")
    Image.new("RGB", (8, 8)).save(content / "images" / "sample.jpg")
    errors = check_content(content).findings.errors
    assert [str(finding.problem) for finding in errors] == []


def test_the_generated_posts_of_the_benchmarks_pass_the_check(tmp_path: Path) -> None:
    our_project(20, tmp_path)
    result = check_content(tmp_path / "content")
    assert [str(finding.problem) for finding in result.findings.errors] == []
    assert result.content.articles == 20


@pytest.mark.parametrize("layout", [write_for_pelican, write_for_hugo])
def test_each_edit_of_the_measurements_changes_one_thing_each_time(
    layout: Callable[[int, Path], None], tmp_path: Path
) -> None:
    layout(1, tmp_path / "content" if layout is write_for_pelican else tmp_path)
    text = (tmp_path / "content" / "posts" / "0.md").read_text()
    assert EDITS["nothing"](text, 1) == text
    for name in ("a body", "a title", "a tag"):
        once, twice = EDITS[name](text, 1), EDITS[name](EDITS[name](text, 1), 2)
        assert len({text, once, twice}) == 3
        changed = set(once.splitlines()) - set(text.splitlines())
        assert len(changed) == 1
        assert name.removeprefix("a ") in changed.pop().lower() or name == "a body"
