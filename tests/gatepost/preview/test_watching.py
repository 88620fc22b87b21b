"""The watch of files: each way in which an editor saves is seen, after its last step."""

import queue
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gatepost.preview.watching import FileWatcher
from tests.waiting import HANG_SECONDS

Reports = queue.Queue[frozenset[Path] | OSError]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "content" / "a.md"
    path.parent.mkdir()
    path.write_text("old")
    return path


@pytest.fixture
def reports(text: Path) -> Iterator[Reports]:
    """The reports of a watch of the folder of `text`."""
    found = Reports()
    watcher = FileWatcher(found.put, [])
    watcher.watch([text.parent])
    yield found
    watcher.stop()


def wait_for_report(reports: Reports, path: Path) -> None:
    """Waits for the next report that names this path."""
    while True:
        report = reports.get(timeout=HANG_SECONDS)
        assert isinstance(report, frozenset)
        if path in report:
            return


def write(path: Path) -> None:
    path.write_text("new")


def write_in_two_steps(path: Path) -> None:
    with path.open("w") as file:
        file.write("n")
        file.flush()
        file.write("ew")


def rename_draft(path: Path) -> None:
    draft = path.with_name(f".{path.name}.swp")
    draft.write_text("new")
    draft.replace(path)


def keep_old_version(path: Path) -> None:
    path.rename(path.with_name(f"{path.name}~"))
    path.write_text("new")


def append(path: Path) -> None:
    with path.open("a") as file:
        file.write("new")


SAVES = (write, write_in_two_steps, rename_draft, keep_old_version, append)


@pytest.mark.parametrize("save", SAVES)
def test_a_saved_file_is_reported(
    reports: Reports, text: Path, save: Callable[[Path], None]
) -> None:
    save(text)
    wait_for_report(reports, text)


def test_each_step_of_a_slow_save_is_reported(reports: Reports, text: Path) -> None:
    with text.open("w") as file:  # the file is empty now
        wait_for_report(reports, text)
        file.write("new")
        file.flush()
        wait_for_report(reports, text)


@pytest.mark.parametrize("save", SAVES)
def test_of_many_saves_the_last_one_is_reported_after_it(
    reports: Reports, text: Path, save: Callable[[Path], None]
) -> None:
    for _ in range(50):
        save(text)
    marker = text.with_name("marker.md")
    marker.write_text("")  # its event comes after those of the text
    seen: set[Path] = set()
    while marker not in seen:
        report = reports.get(timeout=HANG_SECONDS)
        assert isinstance(report, frozenset)
        seen |= report
    assert text in seen
