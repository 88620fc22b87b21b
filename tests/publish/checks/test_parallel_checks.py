"""Many texts are checked by child processes; the findings are the same."""

import os
import shutil
import signal

import pytest

from publish import child_processes, shared_work
from publish.checks import outline, post
from publish.checks.outline_parts import Outline
from tests.publish.conftest import TinySite


@pytest.fixture(autouse=True)
def parsed_here(site: TinySite, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that this process has parsed, and not a child."""
    monkeypatch.setattr(child_processes, "processor_count", lambda: 2)
    monkeypatch.setattr(shared_work, "MANY", 5)
    monkeypatch.setattr(shared_work, "BATCH_SIZE", 2)
    texts: list[str] = []
    build_process, parse = os.getpid(), outline.outline_of

    def outline_of(text: str, *others: int, **options: object) -> Outline:
        texts.append(text)
        if "killed" in text and os.getpid() != build_process:
            os.kill(os.getpid(), signal.SIGKILL)
        return parse(text, *others, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(post, "outline_of", outline_of)
    for number in range(7):
        site.post(f"#### Deep {number}\n\n[a](../post-{number + 1}.md)\n", name=f"post-{number}")
    return texts


def findings(site: TinySite) -> list[str]:
    return [str(finding.problem) for finding in site.check().findings.every]


def test_children_find_what_one_process_finds(
    site: TinySite, parsed_here: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = findings(site)
    assert parsed_here == []
    assert len([line for line in found if "skips a level" in line]) == 7
    monkeypatch.setattr(child_processes, "processor_count", lambda: 1)
    shutil.rmtree(site.root / "cache")
    assert findings(site) == found
    assert len(parsed_here) == 7


def test_a_child_that_is_killed_costs_no_finding(site: TinySite, parsed_here: list[str]) -> None:
    site.post("#### Deep\n\nIt is killed.\n", name="post-3")
    assert len([line for line in findings(site) if "skips a level" in line]) == 7
    assert any("killed" in text for text in parsed_here)
