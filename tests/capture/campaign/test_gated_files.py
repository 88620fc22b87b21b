"""The files that campaigns promise: which of them cannot be sent, and why."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from capture.campaign.catalogue import read_catalogue
from capture.campaign.gated_files import UnavailableFile, check_gated_file, unavailable_files


def unavailable(project: Path) -> tuple[UnavailableFile, ...]:
    catalogue = read_catalogue(project / "campaigns", project / "clients", None)
    return unavailable_files(catalogue.campaigns.values(), project / "gated")


def test_no_file_is_unavailable_while_all_can_be_sent(project: Path) -> None:
    assert unavailable(project) == ()
    assert check_gated_file(project / "gated", "guide.pdf").size == len(b"%PDF")


def test_a_missing_file_is_reported_once_with_all_campaigns_that_promise_it(
    project: Path, campaign_text: str
) -> None:
    (project / "campaigns" / "another.toml").write_text(campaign_text)
    (project / "gated" / "guide.pdf").unlink()
    assert unavailable(project) == (
        UnavailableFile("guide.pdf", "No such file or directory", ("another", "guide")),
    )


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


def make_pointer(path: Path) -> None:
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 130\n")


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def lead_out(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (make_empty, "is empty"),
        (make_pointer, "is a Git LFS pointer, not the file"),
        (make_folder, "is not a file"),
        (lead_out, "leads out of gated/"),
        (make_pipe, "is not a file"),
    ],
)
def test_a_file_that_cannot_be_sent_also_stops_the_start(
    project: Path,
    problems: Callable[[], list[str]],
    damage: Callable[[Path], None],
    problem: str,
) -> None:
    assert problems() == []
    damage(project / "gated" / "guide.pdf")
    assert [file.problem for file in unavailable(project)] == [problem]
    (line,) = problems()
    assert line.startswith('campaigns/guide.toml:7: assets holds "guide.pdf": ')


def test_the_message_about_an_empty_file_says_how_to_fix_it(
    project: Path, problems: Callable[[], list[str]]
) -> None:
    make_empty(project / "gated" / "guide.pdf")
    assert problems() == [
        'campaigns/guide.toml:7: assets holds "guide.pdf": gated/guide.pdf is empty; '
        "put the complete file there"
    ]
