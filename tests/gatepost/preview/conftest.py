"""`gatepost serve --live` on a copy of this repository's site, which the tests change."""

import re
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.service import ROOT, Service
from tests.waiting import HANG_SECONDS, wait_until

SOURCES = ("campaigns", "clients", "content", "theme", "pelicanconf.py", "publishconf.py")


class Preview(Service):
    """The preview process, the files that it watches, and its output."""

    command = ("serve", "--live")
    path = "/_live/live.js"

    @property
    def temporary(self) -> Path:
        """The folder for its temporary files."""
        return self.folder / "temporary"

    def environment(self) -> dict[str, str]:
        self.temporary.mkdir(exist_ok=True)
        return super().environment() | {"TMPDIR": str(self.temporary)}

    def output(self) -> str:
        """Everything that it has printed."""
        return self.log.read_text()

    def wait_for(self, pattern: str, times: int = 1) -> None:
        """Waits until so many printed lines match."""
        self.until(lambda: len(re.findall(pattern, self.output(), re.MULTILINE)) >= times, pattern)

    def until(self, condition: Callable[[], object], description: str = "") -> None:
        """Waits until the condition is true."""

        def holds() -> object:
            is_running = self.process is not None and self.process.poll() is None
            assert is_running, f"it ended: {self.output()}"
            return condition()

        wait_until(holds, lambda: f"{description}\n{self.output()}")

    def file(self, path: str) -> Path:
        return self.folder / path

    def save(self, path: str, text: str) -> None:
        """Saves as most editors do: writes a new file and renames it to the old one."""
        draft = self.file(f"{path}.tmp")
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8", errors="surrogateescape")
        draft.replace(self.file(path))

    def edit(self, path: str, old: str, new: str) -> None:
        text = self.file(path).read_text(encoding="utf-8")
        assert old in text
        self.save(path, text.replace(old, new))

    def processes(self) -> list[int]:
        """The preview and the processes that it started: those with this working folder."""
        process_ids = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                is_here = (entry / "cwd").readlink() == self.folder
            except OSError:
                continue
            if is_here:
                process_ids.append(int(entry.name))
        return process_ids

    def wait_until_gone(self) -> None:
        """Waits until all its processes have ended."""
        wait_until(lambda: not self.processes(), self.processes)


def make_preview_project(folder: Path) -> Path:
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)  # type: ignore[operator]
    return folder


@contextmanager
def running_preview(folder: Path) -> Iterator[Preview]:
    """A running preview of a copy in this folder. It serves its first build."""
    preview = Preview(make_preview_project(folder)).start()
    try:
        preview.wait_for(r"^Built ")
        yield preview
    finally:
        preview.end(signal.SIGKILL)
        preview.wait_until_gone()


@pytest.fixture
def preview(tmp_path: Path) -> Iterator[Preview]:
    with running_preview(tmp_path) as preview:
        yield preview


@pytest.fixture(scope="module")
def shared_preview(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Preview]:
    """For tests that undo each change they make."""
    with running_preview(tmp_path_factory.mktemp("shared")) as preview:
        yield preview


@pytest.fixture
def tab(browser: Browser, preview: Preview) -> Iterator[Page]:
    """A browser tab whose console must show no unexpected error."""
    context = browser.new_context(base_url=f"http://127.0.0.1:{preview.port}")
    context.set_default_timeout(HANG_SECONDS * 1000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda text: text.type == "error" and errors.append(text.text))
    yield page
    context.close()
    # A deleted page, and a preview that has ended.
    expected = ("404", "net::ERR_")
    assert [text for text in errors if not any(part in text for part in expected)] == []
