"""`build` and `check` answer at once if nothing has changed, and see each change."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from publish.build import run_inputs, unchanged
from publish.build.cache_folder import KEPT
from publish.build.unchanged import Answer, CommandRun
from publish.file_facts import current_tick
from tests.cli.running import CommandResult, runner

COMMANDS = ("build", "check")
MORNING = datetime(2026, 11, 5, 9, tzinfo=UTC)


class Site:
    """A small site, and the commands on it."""

    def __init__(self, site: Any, run: Callable[..., CommandResult], answers: list[Any]) -> None:
        self.files = site
        self.root: Path = site.root
        self._run = run
        self._answers = answers

    def wait_for_tick(self) -> None:
        """Waits until the file system's clock has moved, some milliseconds."""
        tick = current_tick(self.root)
        while current_tick(self.root) == tick:
            pass

    def run(self, *args: str) -> CommandResult:
        """Runs a command in a tick after all edits."""
        self.wait_for_tick()
        for name in (
            "pelicanconf",
            "publishconf",
            "site_helper",
        ):  # each command has a process of its own
            sys.modules.pop(name, None)
        return self._run(*args)

    def is_known(self, *args: str) -> bool:
        """Runs a command. Returns whether it had the answer of the run before."""
        self._answers.clear()
        self.run(*args)
        return self._answers != [None]


@pytest.fixture
def site(
    site: Any, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Site:
    answers: list[Answer | None] = []
    known_answer = CommandRun.known_answer

    def spy(run: CommandRun) -> Answer | None:
        answers.append(known_answer(run))
        return answers[-1]

    monkeypatch.setattr(CommandRun, "known_answer", spy)
    monkeypatch.setenv("GATEPOST_SITE_URL", "https://tiny.example")
    site.post("Text.")
    site.write(
        "publishconf.py",
        f"{site.root.joinpath('pelicanconf.py').read_text()}\nSITEURL='https://tiny.example'\n",
    )
    site.write("notes/a.txt", "a")
    site.write("site_helper.py", "A = 1")
    monkeypatch.syspath_prepend(site.root)
    site.set("import site_helper")
    site.set("open('notes/a.txt').close()")
    site.set("import os; NAMES = os.listdir('notes')")
    site.set("try:\n    open('absent.txt').close()\nexcept OSError:\n    pass")
    return Site(site, runner(monkeypatch, capfdbinary), answers)


def rewrite(path: Path) -> None:
    """Changes a file, but neither its size nor its time of change."""
    old = path.stat()
    content = path.read_bytes()
    path.write_bytes(bytes([content[-1] ^ 1]).join((content[:-1], b"")))
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (old.st_size, old.st_mtime_ns)


def touch_comment(path: Path) -> None:
    path.write_text(path.read_text() + "\n# a comment\n")


EDITS: dict[str, Callable[[Path], object]] = {
    "a text of the same size and time": lambda root: rewrite(root / "content/posts/post.md"),
    "a new post": lambda root: (root / "content/posts/new.md").write_text(
        "Title: New\nDate: 2026-11-01\n\nText."
    ),
    "a new empty folder": lambda root: (root / "content/posts/new").mkdir(),
    "a new empty file": lambda root: (root / "content/images/empty.txt").touch(),
    "a file that is gone": lambda root: (root / "content/images/dot.svg").unlink(),
    "a renamed file": lambda root: (root / "content/posts/post.md").rename(
        root / "content/posts/other.md"
    ),
    "a gated file": lambda root: (root / "content/gated/more.txt").write_text("more"),
    "slugs of names": lambda root: (root / "content/slugs.yaml").write_text("tag: {}\n"),
    "known findings": lambda root: (root / "content/known-findings.txt").write_text(""),
    "the settings": lambda root: touch_comment(root / "pelicanconf.py"),
    "a module that the settings import": lambda root: touch_comment(root / "site_helper.py"),
    "a template": lambda root: rewrite(root / "theme/templates/article.html"),
    "a style sheet": lambda root: (root / "theme/static/new.css").write_text("p {}"),
    "a campaign": lambda root: touch_comment(root / "campaigns/guide.toml"),
    "a client": lambda root: touch_comment(root / "clients/acme.toml"),
    "a file that the settings open": lambda root: rewrite(root / "notes/a.txt"),
    "a name in a folder that the settings list": lambda root: (root / "notes/b.txt").touch(),
    "a file that the settings did not find": lambda root: (root / "absent.txt").touch(),
    "the file .env": lambda root: (root / ".env").write_text("GATEPOST_CAPTURE_URL=http://c.test"),
}
OUTPUT_EDITS: dict[str, Callable[[Path], object]] = {
    "a page that is gone": lambda root: (root / "output/www/post/index.html").unlink(),
    "a page of the same size and time": lambda root: rewrite(root / "output/www/post/index.html"),
    "a new file": lambda root: (root / "output/www/post/new.html").touch(),
    "a file beside the site that is gone": lambda root: (root / "output/site.json").unlink(),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unchanged_site_is_answered_without_pelican(site: Site, command: str) -> None:
    code = (
        "import sys\nfrom gatepost.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    heavy = {'pelican', 'pydantic', 'publish.checks.post'}\n"
        "    print(sorted(heavy & sys.modules.keys()))"
    )
    process = [sys.executable, "-c", code, command]
    site.wait_for_tick()
    first, second = (
        subprocess.run(process, capture_output=True, text=True, check=True) for _ in range(2)
    )
    assert first.stdout.splitlines()[-1] == "['pelican', 'publish.checks.post', 'pydantic']"
    assert second.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("edit", EDITS)
def test_each_edit_is_seen(site: Site, edit: str) -> None:
    site.run("check")
    assert site.is_known("check")
    EDITS[edit](site.root)
    assert not site.is_known("check")


def test_a_build_sees_an_edit_of_the_same_size_and_time(site: Site) -> None:
    site.run("build")
    assert site.is_known("build")
    rewrite(site.root / "content/posts/post.md")
    assert not site.is_known("build")
    assert site.is_known("build")


@pytest.mark.parametrize("edit", OUTPUT_EDITS)
def test_a_change_of_the_built_site_is_seen(site: Site, edit: str) -> None:
    site.run("build")
    assert site.is_known("build")
    built = site.files.files()
    OUTPUT_EDITS[edit](site.root)
    assert site.run("build").out.startswith("Built 1 article")
    assert site.files.files() | built == site.files.files()
    assert site.is_known("build")


def test_files_of_the_site_that_others_changed_are_noted_within_two_builds(site: Site) -> None:
    site.run("build")
    assert site.is_known("build")
    (site.root / "output/www/post/index.html").chmod(0o640)
    rewrite(site.root / "content/posts/post.md")
    for _ in range(2):
        site.run("build")
    assert site.is_known("build")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", ["LC_ALL", "GATEPOST_CAPTURE_URL", "OF_A_SETTINGS_FILE"])
def test_a_changed_environment_is_seen(
    site: Site, command: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.run(command)
    monkeypatch.setenv(name, "C" if name == "LC_ALL" else "https://leads.example")
    assert not site.is_known(command)
    monkeypatch.setenv("SHLVL", "7")
    assert site.is_known(command)


@pytest.mark.parametrize("command", COMMANDS)
def test_an_answer_ends_when_a_post_is_due(site: Site, command: str) -> None:
    site.files.write("content/posts/later.md", "Title: Later\nDate: 2026-11-05 12:00\n\nText.")
    with time_machine.travel(MORNING, tick=False) as clock:
        first = site.run(command)
        assert "1 article" in first.out
        clock.move_to(MORNING + timedelta(hours=2, minutes=59))
        assert site.is_known(command)
        clock.move_to(MORNING + timedelta(hours=3))
        assert "2 articles" in site.run(command).out


@pytest.mark.parametrize("command", COMMANDS)
def test_an_answer_ends_at_midnight_of_the_site(site: Site, command: str) -> None:
    site.files.set("TIMEZONE = 'America/New_York'")
    with time_machine.travel(MORNING, tick=False) as clock:
        site.run(command)
        clock.move_to(datetime(2026, 11, 6, 4, 59, 59, tzinfo=UTC))
        assert site.is_known(command)
        clock.move_to(datetime(2026, 11, 6, 5, tzinfo=UTC))
        assert not site.is_known(command)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_behind_a_link_is_seen(site: Site, command: str) -> None:
    for name in ("old", "new"):
        shutil.copytree(site.root / "campaigns", site.root / name)
    site.files.write(".env", "GATEPOST_CAMPAIGNS_DIR=link\n")
    link = site.root / "link"
    link.symlink_to("old")
    site.run(command)
    assert site.is_known(command)
    link.unlink()
    link.symlink_to("new")
    assert not site.is_known(command)


def test_another_site_behind_a_link_is_seen(site: Site) -> None:
    site.files.write(".env", "GATEPOST_OUTPUT_DIR=link\n")
    (site.root / "first").mkdir()
    link = site.root / "link"
    link.symlink_to("first")
    site.run("build")
    assert site.is_known("build")
    shutil.copytree(site.root / "first", site.root / "second")
    link.unlink()
    link.symlink_to("second")
    assert not site.is_known("build")


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_kept_if_the_clock_was_set_back(
    site: Site, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter([2_000_000_000_000_000_000, 1_999_999_999_000_000_000])
    for module in (unchanged, run_inputs):
        monkeypatch.setattr(module, "current_tick", lambda _: next(ticks))
    site.run(command)
    monkeypatch.undo()
    assert not (site.root / ".cache/unchanged").exists()


def test_the_cache_folder_of_the_settings_has_the_answers(site: Site) -> None:
    site.files.write(".env", "GATEPOST_CACHE_DIR=made\n")
    site.run("check")
    assert (site.root / "made/unchanged/check").exists()
    assert not (site.root / ".cache").exists()
    assert site.is_known("check")


def test_settings_that_are_not_valid_are_refused_after_a_check(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.run("check")
    monkeypatch.setenv("GATEPOST_PORT", "many")
    assert "GATEPOST_PORT" in site.run("check").err


def test_an_answer_of_a_later_time_is_not_used(site: Site) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        site.run("check")
        clock.move_to(MORNING - timedelta(seconds=1))
        assert not site.is_known("check")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_edit_during_a_run_is_not_lost(site: Site, command: str) -> None:
    site.files.write("edit-now", "")
    site.files.set(
        "if os.path.exists('edit-now'):\n"
        "    os.unlink('edit-now')\n"
        "    os.utime('content/posts/post.md', ns=(1, 1))"
    )
    site.run(command)
    assert not site.is_known(command)
    assert site.is_known(command)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_damaged_file_of_answers_is_ignored(site: Site, command: str) -> None:
    first = site.run(command)
    file = site.root / ".cache/unchanged" / command
    content = file.read_bytes()
    damaged = [content[:size] for size in (0, 1, 31, 32, 33, len(content) // 2, len(content) - 1)]
    damaged += [
        content[:place] + b"x" + content[place + 1 :] for place in (0, 40, len(content) - 9)
    ]
    for data in (*damaged, b"foreign", content * 2):
        file.write_bytes(data)
        again = site.run(command)
        assert (again.code, again.err) == (0, "")
        assert again.out.split(" in ")[0] == first.out.split(" in ")[0]


@pytest.mark.parametrize(
    "line",
    [
        "import subprocess; subprocess.run(['true'])",
        "os.system('true')",
        "import socket; socket.getaddrinfo('127.0.0.1', 80)",
        "import sqlite3; sqlite3.connect('notes/a.db').close()",
        "MARKDOWN['extensions'] = ['pymdownx.snippets']",
    ],
)
def test_a_site_with_inputs_that_cannot_be_known_is_always_built(site: Site, line: str) -> None:
    site.files.set(line)
    for command in COMMANDS:
        assert site.run(command).code == 0
        assert not site.is_known(command)


def test_a_site_with_symbolic_links_is_always_checked(site: Site) -> None:
    (site.root / "content/posts/link.md").symlink_to(site.root / "content/posts/post.md")
    site.run("check")
    assert not site.is_known("check")


def test_findings_and_exit_code_are_repeated(site: Site) -> None:
    site.files.post("# One\n\n[x](/nowhere/)\n\n![](/images/dot.svg)")
    for options in ([], ["--all"], ["headings"], ["--format", "github"], ["--production"]):
        first = site.run("check", *options)
        assert first.out + first.err
        assert site.is_known("check", *options)
        assert site.run("check", *options) == first
    assert site.run("check").code == 1
    assert site.run("check", "headings").code == 0


def test_a_record_of_findings_is_always_written(site: Site) -> None:
    site.files.post("# One")
    site.run("check", "--baseline")
    (site.root / "content/known-findings.txt").unlink()
    site.run("check", "--baseline")
    assert (site.root / "content/known-findings.txt").exists()


def test_an_unchanged_build_repeats_warnings_and_the_next_date(site: Site) -> None:
    site.files.post("![](/images/dot.svg)")
    site.files.write("content/posts/later.md", "Title: Later\nDate: 2999-01-02\n\nText.")
    built, unchanged = site.run("build"), site.run("build")
    assert unchanged.err == built.err != ""
    first, *rest = unchanged.out.splitlines()
    assert first == "Nothing has changed: 1 article, 0 pages and 0 forms, in output/www."
    assert rest == ["The next post is due on 2999-01-02 at 00:00 UTC: content/posts/later.md."]
    assert rest[0] in built.out


def test_a_build_with_other_options_is_another_site(site: Site) -> None:
    site.run("build")
    assert site.run("build", "--production").out.startswith("Built ")
    assert site.is_known("build", "--production")
    assert not site.is_known("build")


def test_a_warning_about_a_damaged_cache_is_not_repeated(site: Site) -> None:
    site.run("build")
    site.files.write(".cache/html.sqlite", "damaged")
    site.files.post("Another text.")
    assert ".cache/html.sqlite: is damaged" in site.run("build").err
    assert site.run("build").err == ""


def test_a_clean_build_forgets_all_that_builds_kept(site: Site) -> None:
    site.run("build")
    site.files.write(".cache/mine.txt", "mine")
    for name in ("pictures/ab/cd/a.webp", "search/ef", "share/a.png", "compressed/ab/c.gz"):
        site.files.write(f".cache/{name}", "old")
    assert site.run("build", "--clean").out.startswith("Built ")
    assert not list((site.root / ".cache").rglob("a.webp"))
    names = {path.name for path in (site.root / ".cache").iterdir()}
    assert names - {"mine.txt"} <= set(KEPT)
    assert "mine.txt" in names
    assert site.is_known("build")


def test_all_that_a_build_keeps_is_known_to_the_clean_build(site: Site) -> None:
    site.run("build", "--release")
    assert {path.name for path in (site.root / ".cache").iterdir()} <= set(KEPT)


def test_a_build_if_due_is_never_answered_from_the_last_one(site: Site) -> None:
    site.run("build")
    assert site.run("build", "--if-due").out == ""
