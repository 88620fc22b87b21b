"""Files are opened once, in child processes, and remembered while they do not change."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from publish.file_types import content_problems, opened

NAMES = ["a.csv", "b.csv"]


class Project:
    """A folder with two complete files, and a log of the files that the children open."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self._log = root / "log"
        self._real = opened.content_problem
        for name in NAMES:
            self.write(name, f"{name};1")
        monkeypatch.setattr(opened, "content_problem", self._open)

    def _open(self, path: Path) -> str:
        with self._log.open("a") as log:
            log.write(f"{path.name}\n")
        return self._real(path)

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    def problems(self, *names: str) -> dict[str, str]:
        paths = [self.root / name for name in names or NAMES]
        found = content_problems(paths, self.root / "cache")
        return {path.name: problem for path, problem in found.items()}

    def opened(self) -> list[str]:
        """The names of the files that were opened since the last call."""
        text = self._log.read_text() if self._log.exists() else ""
        self._log.unlink(missing_ok=True)
        return sorted(text.split())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(tmp_path, monkeypatch)


def test_a_complete_file_is_opened_once(project: Project) -> None:
    assert project.problems() == {}
    assert project.opened() == NAMES
    assert project.problems() == {}
    assert project.opened() == []


def test_a_file_that_has_changed_is_opened_again(project: Project) -> None:
    project.problems()
    project.opened()
    project.write("a.csv", "b;2")  # as long as before
    assert project.problems() == {}
    assert project.opened() == ["a.csv"]


def test_a_complete_file_with_another_name_is_not_opened_again(project: Project) -> None:
    project.problems()
    project.opened()
    (project.root / "a.csv").rename(project.root / "c.csv")
    assert project.problems("b.csv", "c.csv") == {}
    assert project.opened() == []


def test_the_same_bytes_with_another_type_are_opened_again(project: Project) -> None:
    project.problems()
    project.opened()
    (project.root / "a.csv").rename(project.root / "a.pdf")
    assert project.problems("a.pdf", "b.csv") == {
        "a.pdf": "is not a PDF: export or download it again"
    }
    assert project.opened() == ["a.pdf"]


def test_a_problem_is_found_again_until_it_is_fixed(project: Project) -> None:
    project.write("a.csv", "")
    problem = {"a.csv": "is empty: export or download it again"}
    assert project.problems() == project.problems() == problem
    project.write("a.csv", "a;1")
    assert project.problems() == {}


@pytest.mark.parametrize("damage", ["", "{", '{"versions": []}', "[]"])
def test_a_damaged_record_is_made_again(project: Project, damage: str) -> None:
    project.problems()
    project.opened()
    (project.root / "cache/opened-files.json").write_text(damage)
    assert project.problems() == {}
    assert project.opened() == NAMES
    assert project.problems() == {}
    assert project.opened() == []


def test_without_a_cache_folder_every_file_is_opened(project: Project) -> None:
    assert content_problems([project.root / "a.csv"], None) == {}
    assert project.opened() == ["a.csv"]
    assert not (project.root / "cache").exists()


def test_a_file_that_crashes_the_library_is_named(project: Project, monkeypatch: Any) -> None:
    def crash(path: Path) -> str:
        if path.name == "a.csv":
            os.kill(os.getpid(), signal.SIGKILL)
        return ""

    monkeypatch.setattr(opened, "content_problem", crash)
    problem = "crashes the library that opens it (exit code -9): make it smaller or simpler"
    assert project.problems() == {"a.csv": problem}


def test_a_missing_file_has_a_problem(project: Project) -> None:
    assert project.problems("none.csv") == {"none.csv": "cannot be read: No such file or directory"}
