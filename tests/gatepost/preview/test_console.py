"""What the preview prints after a build."""

import pytest

from gatepost.preview.build_loop import Console
from gatepost.preview.state import BuildReport


def report(*names: str, other: str = "a.html: from Pelican") -> BuildReport:
    warnings = tuple(f"content/posts/{name}.md:1: has no summary" for name in names)
    return BuildReport(
        summary="9 articles", warnings=(*warnings, other), rule_warnings=frozenset(warnings)
    )


def test_many_warnings_are_one_line_and_a_new_one_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console = Console("http://127.0.0.1:8000")
    console.show_build(report(*"abcd"), 1.0)
    assert capsys.readouterr().err.splitlines() == [
        "warning: 4 warnings about texts and files: `gatepost check` lists them",
        "warning: a.html: from Pelican",
    ]
    console.show_build(report(*"abcde"), 1.0)
    assert capsys.readouterr().err == "warning: content/posts/e.md:1: has no summary\n"
    console.show_build(report(*"abcde"), 1.0)
    assert capsys.readouterr().err == ""
