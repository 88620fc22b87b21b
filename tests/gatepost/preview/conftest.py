"""`gatepost serve --live` on a copy of this repository's site, which the tests change."""

import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.service import ROOT, Service

SOURCES = ("campaigns", "clients", "content", "theme", "pelicanconf.py", "publishconf.py")
PATIENCE = 60.0
"""Seconds until a test gives up; a busy machine builds slowly."""


class Preview(Service):
    """The process, the files that it watches, and its output."""

    command = ("serve", "--live")
    path = "/_live/live.js"

    @property
    def temporary(self) -> Path:
        """Where it may put what ends with it."""
        return self.folder / "temporary"

    def environment(self) -> dict[str, str]:
        self.temporary.mkdir(exist_ok=True)
        return super().environment() | {"TMPDIR": str(self.temporary)}

    def said(self) -> str:
        """All that stands in the terminal."""
        return self.log.read_text()

    def wait_for(self, pattern: str, times: int = 1) -> None:
        """Until so many lines in the terminal fit."""
        self.until(lambda: len(re.findall(pattern, self.said(), re.MULTILINE)) >= times, pattern)

    def until(self, holds: Callable[[], object], what: str = "") -> None:
        """Until something holds."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            alive = self.process is not None and self.process.poll() is None
            assert alive, f"it ended: {self.said()}"
            assert time.monotonic() < deadline, f"{what}\n{self.said()}"
            time.sleep(0.02)

    def file(self, path: str) -> Path:
        return self.folder / path

    def save(self, path: str, text: str) -> None:
        """As most editors do: a new file, renamed over the old one."""
        draft = self.file(f"{path}.tmp")
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        draft.replace(self.file(path))

    def edit(self, path: str, old: str, new: str) -> None:
        text = self.file(path).read_text(encoding="utf-8")
        assert old in text
        self.save(path, text.replace(old, new))

    def processes(self) -> list[int]:
        """All that stand in this folder: the preview, and what it started."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                here = (entry / "cwd").readlink() == self.folder
            except OSError:
                continue
            if here:
                found.append(int(entry.name))
        return found

    def wait_until_gone(self) -> None:
        """Until nothing of it is left, however it ended."""
        deadline = time.monotonic() + PATIENCE
        while left := self.processes():
            assert time.monotonic() < deadline, left
            time.sleep(0.02)


def project(folder: Path) -> Path:
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)  # type: ignore[operator]
    return folder


@pytest.fixture
def preview(tmp_path: Path) -> Iterator[Preview]:
    """Started, and its first build is served."""
    started = Preview(project(tmp_path)).start()
    try:
        started.wait_for(r"^Built ")
        yield started
    finally:
        started.end(signal.SIGKILL)
        started.wait_until_gone()


@pytest.fixture
def tab(browser: Browser, preview: Preview) -> Iterator[Page]:
    """A browser that complains of nothing: no script fails, the policy refuses nothing."""
    context = browser.new_context(base_url=f"http://127.0.0.1:{preview.port}")
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda text: text.type == "error" and complaints.append(text.text))
    yield page
    context.close()
    expected = ("404", "net::ERR_")  # a page that is gone, and a preview that has ended
    assert [text for text in complaints if not any(sign in text for sign in expected)] == []
