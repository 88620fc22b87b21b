"""A command reads each campaign and client file once, and parses it once."""

from collections import Counter
from pathlib import Path

import pytest

from capture.campaign import files
from capture.campaign.files import read_campaign
from tests.cli.conftest import Project
from tests.samples import CAMPAIGN, NOW


@pytest.mark.parametrize(
    "command",
    [
        ("close", "acme", "--month", "2026-10"),
        ("statement", "preview", "acme", "--month", "2026-11"),
        ("report", "guide", "--month", "2026-11", "-o", "report.html"),
        ("backtest", "guide"),
        ("notify", "guide", "-o", "notice.txt"),
        ("sla", "guide"),
        ("kpi",),
        ("leads", "guide"),
        ("campaigns", "check"),
    ],
)
def test_a_command_reads_each_file_once(
    project: Project, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    read, paths = files.read_source, Counter[Path]()

    def count_read(path: Path, ending: str = ".toml") -> files.Source:
        paths[path] += 1
        return read(path, ending)

    project.take(at=NOW)
    monkeypatch.setattr(files, "read_source", count_read)
    ran = project.run(*command)
    assert "Traceback" not in ran.err
    assert set(paths.values()) <= {1}, paths


def test_a_campaign_file_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parse, texts = files.parse_toml, []

    def count_read(text: str, where: str) -> dict[str, object]:
        texts.append(where)
        return parse(text, where)

    monkeypatch.setattr(files, "parse_toml", count_read)
    path = tmp_path / "guide.toml"
    path.write_text(CAMPAIGN)
    assert read_campaign(path).slug == "guide"
    assert len(texts) == 1
