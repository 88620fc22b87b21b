"""The progress bar of a build: what it shows, and who sees it."""

import io
import sys

import pytest

from publish.build import progress_bar as module
from publish.build.progress_bar import progress_bar
from publish.progress import show_progress, shown_by
from tests.publish.conftest import TinySite

ERASE_LINE = "\x1b[2K"


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error, which is the terminal of a person. Pytest replaces what a fixture sets."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    for name in ("CI", "GIT_EXEC_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return stream


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything takes longer than the bar waits for."""
    monkeypatch.setattr(module, "_DELAY", -1)
    monkeypatch.setattr(module, "_INTERVAL", -1)


@pytest.mark.usefixtures("slow")
def test_the_bar_shows_work_and_counts_and_disappears(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    with progress_bar():
        show_progress("Reading texts", 1500, 2000)
        show_progress("Rendering pages", 1234)
        pictures = terminal.getvalue()
    assert "Reading texts" in pictures
    assert "1,500 of 2,000" in pictures
    assert "Rendering pages" in pictures
    assert "1,234" in pictures
    assert terminal.getvalue().endswith(ERASE_LINE)


def test_a_quick_build_shows_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    monkeypatch.setattr(module, "_DELAY", 1_000_000)
    with progress_bar():
        show_progress("Reading texts", 1, 2)
    assert terminal.getvalue() == ""


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize(
    ("name", "value"),
    [("CI", "true"), ("GIT_EXEC_PATH", "/usr/lib/git-core"), ("TERM", "dumb")],
)
def test_nobody_sees_a_bar_in_ci_in_a_git_hook_and_in_a_dumb_terminal(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    terminal = a_terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    with progress_bar():
        show_progress("Reading texts", 1, 2)
    assert terminal.getvalue() == ""


@pytest.mark.usefixtures("slow")
def test_nobody_sees_a_bar_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    a_terminal(monkeypatch)
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes a pipe for a terminal
    with progress_bar():
        show_progress("Reading texts", 1, 2)
    assert pipe.getvalue() == ""


def test_a_build_says_how_far_it_is(site: TinySite) -> None:
    site.post("First.", name="first")
    site.post("Second.", name="second")
    shown: list[tuple[str, int, int | None]] = []

    def show(work: str, done: int, total: int | None = None) -> None:
        shown.append((work, done, total))

    with shown_by(show):
        built = site.build()
    assert built.summary.work
    assert shown[:6] == [
        *(("Checking texts", number, 2) for number in (1, 2)),
        *(("Reading texts", number, 2) for number in (1, 2)),
        *(("Completing texts", number, 2) for number in (1, 2)),
    ]
    assert {work for work, _, _ in shown[6:]} == {"Rendering pages"}
    assert len(shown[6:]) == len(built.summary.work.rendered)
