"""`gatepost letters`: every letter is listed and can be previewed without a ledger."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from capture.letters.samples import SAMPLES
from tests.cli.running import CommandResult, runner

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., CommandResult]:
    """`gatepost letters ...` in an empty folder, with our theme."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEPOST_THEME_DIR", str(ROOT / "theme"))
    monkeypatch.setenv("GATEPOST_AGENCY", "Ada's Leads")
    command = runner(monkeypatch, capfdbinary)
    return lambda *arguments: command("letters", *arguments)


def test_the_list_names_every_letter(run: Callable[..., CommandResult]) -> None:
    rows = json.loads(run("list", "--json").out)
    assert [row["name"] for row in rows] == list(SAMPLES)
    assert {row["to"] for row in rows} == {"the visitor", "the client", "a user", "the agency"}
    assert all(row["subject"] for row in rows)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_letter_has_a_preview(
    run: Callable[..., CommandResult], name: str, tmp_path: Path
) -> None:
    text = run("preview", name).out
    assert text.startswith("Subject: ")
    assert "Ada's Leads" in text
    assert run("preview", name, "--html", "-o", "letter.html").code == 0
    assert (tmp_path / "letter.html").read_text().startswith("<!doctype html>")
    assert not (tmp_path / "var").exists()


def test_the_page_on_letters_lists_every_letter() -> None:
    page = (ROOT / "docs/letters.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", page, re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(SAMPLES)
    for name, recipient in rows:
        assert ("client" in recipient) == (SAMPLES[name].recipient == "the client")
