"""The build loop of the live preview.

`BuildLoop` builds the site after each save and when a post falls due, one build at a time. Files
that are saved during a build are built afterwards. `Builder` runs the builds in another process,
`Sandbox` serves a good build with its forms, and `Console` prints the results in the terminal.
"""

import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import click

import capture
import gatepost
import publish
from capture.errors import GatepostError, Unavailable
from gatepost.preview.build_once import problems_of
from gatepost.preview.fork_server import ORDER, REPORT
from gatepost.preview.sandbox import Sandbox
from gatepost.preview.state import (
    BuildProblem,
    BuildReport,
    HeldBackPost,
    PreviewFeed,
    PreviewOrder,
)
from gatepost.preview.watching import FileWatcher
from publish.checks.listing import build_warnings
from publish.plugins.current_file import CURRENT_FILE

_COMMAND = (sys.executable, "-P", "-m", "gatepost.preview.fork_server")


class Builder:
    """Starts the fork server and sends it build orders. Leaving the block kills both."""

    def __enter__(self) -> Self:
        # A new session keeps Ctrl-C from the fork server: `__exit__` ends it.
        self._fork_server = subprocess.Popen(  # noqa: S603 - a constant command
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._fork_server.pid, signal.SIGKILL)
        with self._fork_server:  # closes its pipes and waits for its end
            pass

    def restart(self) -> None:
        """Starts the fork server again, with our code as it is now."""
        self.__exit__()
        self.__enter__()

    def build(self, order: PreviewOrder) -> BuildReport:
        """Builds once and waits for the report. Starts the fork server again if it has ended."""
        if self._fork_server.poll() is not None:
            self.restart()
        stdin, stdout = self._fork_server.stdin, self._fork_server.stdout
        assert stdin is not None and stdout is not None  # noqa: S101, PT018 - both are pipes
        try:
            stdin.write(ORDER.dump_json(order) + b"\n")
            stdin.flush()
            line = stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            return BuildReport(
                problems=(
                    BuildProblem(
                        "", None, "the build process has ended: save a file to start it again"
                    ),
                )
            )
        return REPORT.validate_json(line)


class Console:
    """Prints one line for each good build, or one for each problem.

    A warning or a held-back post that the last build had too is not printed again.
    """

    def __init__(self, address: str) -> None:
        """`address` is the URL of the preview, without a trailing slash."""
        self._address = address
        self._warnings: frozenset[str] = frozenset()
        self._held_back: frozenset[HeldBackPost] = frozenset()

    def show_address(self, drafts_path: str) -> None:
        """Prints the addresses of the preview and of its drafts page."""
        click.echo(f"Preview on {self._address}/ and drafts on {self._address}{drafts_path}")
        click.echo("You can test forms: what you send here is not kept. Press Ctrl-C to stop.")

    def show_build(self, report: BuildReport, seconds: float) -> None:
        """Prints the result of a good build that took `seconds`."""
        click.echo(f"Built {report.summary} in {seconds:.1f} s.")
        for post in report.held_back:
            if post.address and post not in self._held_back:
                state = f"due on {post.due}" if post.due else "a draft"
                click.echo(f"{post.where}: {state}, on {self._address}{post.address}")
        new = [warning for warning in report.warnings if warning not in self._warnings]
        for warning in build_warnings(new, report.rule_warnings.intersection(new)):
            click.echo(f"warning: {warning}", err=True)
        self._held_back, self._warnings = frozenset(report.held_back), frozenset(report.warnings)

    def show_problems(self, problems: Iterable[BuildProblem]) -> None:
        """Prints the problems. The previous site stays visible."""
        for problem in problems:
            click.echo(str(problem), err=True)


Changes = queue.Queue[frozenset[Path] | OSError]

_HTML_SOURCES: Final = frozenset({".md", ".toml", ".html", ".css"})
"""Suffixes of files whose change also changes the HTML of the pages that use them. Other files,
such as pictures, can change how a page looks without a change of its HTML."""
_OUR_CODE: Final = tuple(
    Path(folder) for package in (capture, gatepost, publish) for folder in package.__path__
)
"""The folders of the code that the fork server has loaded for all builds."""
_MAX_WAIT_SECONDS: Final = 10.0
"""Longest single wait. After it the clock is read again, because the machine may have slept. Also,
Python handles a signal only then if it came just before the wait."""


@dataclass(frozen=True)
class BuildLoop:
    """Builds the site again and again; `feed` and `console` get each result."""

    config: Path
    overrides: Mapping[str, str]
    """Pelican settings that override the settings file."""
    folder: Path
    """The temporary folder of the preview."""
    output: Path
    """The folder of the site, which builds change in place, and of the files beside it."""
    folders: tuple[Path, ...]
    """Folders to watch from the start. A build report adds those that the build has read."""
    seconds: int
    """Time limit of a build."""
    builder: Builder
    sandbox: Sandbox
    feed: PreviewFeed
    console: Console

    def run(self) -> None:
        """Runs until it is interrupted. Raises `Unavailable` if files cannot be watched."""
        changes = Changes()
        watcher = FileWatcher(changes.put, [self.config])
        watcher.watch(self.folders)
        try:
            self._run(changes, watcher)
        finally:
            watcher.stop()

    def _run(self, changes: Changes, watcher: FileWatcher) -> None:
        changed_since_good: frozenset[Path] = frozenset()
        due: datetime | None = None
        sources: set[Path] = set()
        while True:
            started, started_at = time.monotonic(), datetime.now(UTC)
            report = self._build(changed_since_good)
            due = _next_due(report, due, started_at)
            if report.problems:  # a crashed build may report no sources
                sources |= set(report.sources)
            else:
                sources = set(report.sources)
            watcher.watch((*self.folders, *sources), since=started_at)
            # Problems that a save during the build may have fixed are not shown.
            is_outdated = bool(report.problems) and not changes.empty()
            if not is_outdated and self._show(report, changed_since_good, started):
                changed_since_good = frozenset()
            changed = wait_for_saves(changes, due)
            watcher.restart_if_recreated(changed)
            if any(map(_is_our_code, changed)):
                self.builder.restart()
            changed_since_good |= changed

    def _build(self, changed: frozenset[Path]) -> BuildReport:
        """Builds in place. Nothing changes in the site if there is a problem."""
        is_first = self.feed.current.site is None
        if is_first or any(path.suffix == ".html" for path in changed):
            try:
                self.sandbox.check_templates()
            except GatepostError as error:
                return BuildReport(problems=tuple(problems_of(error)))
        current_file = self.folder / "current-file"
        own_settings = {
            "OUTPUT_PATH": str(self.output / "www"),
            CURRENT_FILE: str(current_file),
        }
        order = PreviewOrder(
            self.config, {**self.overrides, **own_settings}, self.seconds, current_file
        )
        return self.builder.build(order)

    def _show(self, report: BuildReport, changed: frozenset[Path], started: float) -> bool:
        """Shows the new site or the problems. Returns whether there is a new site."""
        problems = report.problems
        if not problems:
            try:
                site = self.sandbox.site(changed)
            except GatepostError as error:  # from a file that only the lead service reads
                problems = tuple(problems_of(error))
            else:
                self.feed.show_site(site, report.held_back, for_all=_affects_all_pages(changed))
                self.console.show_build(report, time.monotonic() - started)
                return True
        self.feed.show_problems(problems)
        self.console.show_problems(problems)
        return False


def _next_due(
    report: BuildReport, last_due: datetime | None, started_at: datetime
) -> datetime | None:
    """The UTC time of the next build without a save. A failed build keeps the last one."""
    if report.problems:
        return last_due if last_due and last_due > started_at else None
    return report.next_due


def wait_for_saves(changes: Changes, due: datetime | None) -> frozenset[Path]:
    """Waits for saved files or until `due`, and returns all files saved so far.

    Returns an empty set at `due`. Raises `Unavailable` if files cannot be watched.
    """
    messages: list[frozenset[Path] | OSError] = []
    while not messages:
        seconds = (due - datetime.now(UTC)).total_seconds() if due else _MAX_WAIT_SECONDS
        if seconds <= 0:
            return frozenset()
        with suppress(queue.Empty):
            messages.append(changes.get(timeout=min(seconds, _MAX_WAIT_SECONDS)))
    with suppress(queue.Empty):
        while True:
            messages.append(changes.get_nowait())
    return frozenset(_paths(messages))


def _paths(messages: list[frozenset[Path] | OSError]) -> Iterator[Path]:
    for message in messages:
        if isinstance(message, OSError):
            raise Unavailable(f"files cannot be watched for changes: {message}")
        yield from message


def _is_our_code(path: Path) -> bool:
    """Whether the fork server may have loaded this module."""
    return path.suffix == ".py" and any(map(path.is_relative_to, _OUR_CODE))


def _affects_all_pages(changed: frozenset[Path]) -> bool:
    """Whether any page may look different although its HTML is the same."""
    return any(path.suffix not in _HTML_SOURCES for path in changed)
