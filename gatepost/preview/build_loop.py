"""A build for every save, and for every post that falls due: one at a time, and what is saved
meanwhile is built afterwards.
"""

import itertools
import os
import queue
import secrets
import shutil
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
from flask import Flask
from jinja2 import TemplateSyntaxError

from capture.errors import FileErrors, GatepostError, Problem, Unavailable, short_path
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from gatepost.preview.build_once import problems_of
from gatepost.preview.fork_server import ORDER, REPORT
from gatepost.preview.state import (
    BuildOrder,
    BuildProblem,
    BuildReport,
    Edition,
    HeldBackPost,
    PreviewFeed,
    with_script,
)
from gatepost.preview.watching import FileWatcher
from gatepost.server.serve import make_app, web_config
from gatepost.settings import Settings
from publish.plugins.current_file import CURRENT_FILE
from publish.plugins.markdown_cache import CACHED_HTML

# Has sites built, one after the other, each in a process of its own.


_COMMAND = (sys.executable, "-P", "-m", "gatepost.preview.fork_server")


class Builder:
    """Holds the process that builds; leaving the block ends it and whatever it is at."""

    def __enter__(self) -> Self:
        # In a session of its own: Ctrl-C is for us, and we end it.
        self._nursery = subprocess.Popen(  # noqa: S603 - ours
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._nursery.pid, signal.SIGKILL)
        with self._nursery:  # closes its pipes, and waits
            pass

    def build(self, order: BuildOrder) -> BuildReport:
        """Waits for the build's end."""
        if self._nursery.poll() is not None:
            self.__exit__()
            self.__enter__()
        stdin, stdout = self._nursery.stdin, self._nursery.stdout
        assert stdin is not None and stdout is not None  # noqa: S101, PT018 - as we started it
        try:
            stdin.write(ORDER.dump_json(order) + b"\n")
            stdin.flush()
            line = stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            return BuildReport(
                problems=(BuildProblem("", None, "the building process has ended: save again"),)
            )
        return REPORT.validate_json(line)


# What the preview says in the terminal: a line for each build, or a line for each mistake.


class Console:
    """Says each thing once: what was said of the build before is not news."""

    def __init__(self, address: str) -> None:
        """`address` is the preview's, without a trailing slash."""
        self._address = address
        self._said: frozenset[str] = frozenset()
        self._held: frozenset[HeldBackPost] = frozenset()

    def show_address(self, drafts: str) -> None:
        """Where to look."""
        click.echo(f"Preview on {self._address}/ and drafts on {self._address}{drafts}")
        click.echo("Forms can be tried out: nothing that is sent here is kept. Ctrl-C ends it.")

    def show_build(self, report: BuildReport, seconds: float) -> None:
        """There is a new site."""
        click.echo(f"Built {report.summary} in {seconds:.1f} s.")
        for held in report.held_back:
            if held.address and held not in self._held:
                state = f"due on {held.due}" if held.due else "a draft"
                click.echo(f"{held.where}: {state}, on {self._address}{held.address}")
        for warning in report.warnings:
            if warning not in self._said:
                click.echo(f"warning: {warning}", err=True)
        self._held, self._said = frozenset(report.held_back), frozenset(report.warnings)

    def show_problems(self, problems: Iterable[BuildProblem]) -> None:
        """The old site stays."""
        for problem in problems:
            click.echo(str(problem), err=True)


# A good build as it is served: the site and a lead service that tries out its forms.


class Sandbox:
    """Leads that were sent from the preview, in a ledger that ends with it.

    A real ledger never forgets, so what a writer tries out is kept out of it: nothing is billed,
    counts as a duplicate or binds the campaign's terms.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        """`folder` is the preview's own."""
        self._folder = folder
        self._settings = settings.model_copy(
            update={
                "site_url": "",  # links shall lead to the preview
                "capture_url": "",
                "secret_key": secrets.token_hex(),
                "duplicate_key": secrets.token_hex(),
                "var_dir": folder,
                "trusted_proxies": 0,
                "rate_limit": "",
            }
        )
        self._ledgers = 0
        self._ledger = self._new_ledger()

    def site(self, output: Path, edition: Edition, *, new_terms: bool) -> Flask:
        """An app for what was built into `output`. Raises a `GatepostError`.

        With `new_terms` it starts with an empty ledger: a writer may still change what cannot be
        changed once there are leads (rule 17).
        """
        if new_terms:
            self._ledger = self._new_ledger()
        settings = self._settings.model_copy(update={"output_dir": output})
        app = make_app(settings, self._ledger)
        _check_templates(app, settings.theme_dir / "templates")
        app.after_request(lambda response: with_script(response, edition))
        return app

    def _new_ledger(self) -> Ledger:
        self._ledgers += 1
        url = f"sqlite:///{self._folder}/trial-{self._ledgers}.db"
        self._settings = self._settings.model_copy(update={"database_url": url})
        return open_ledger(url, web_config(self._settings).duplicate_key)


def _check_templates(app: Flask, folder: Path) -> None:
    """The build looks at the site's templates alone; the service has some of its own."""
    problems = []
    for path in sorted(folder.glob("*.html")):
        try:
            app.jinja_env.parse(path.read_text(encoding="utf-8"), path.name, str(path))
        except TemplateSyntaxError as error:
            problems.append(Problem(short_path(path), error.lineno, str(error.message)))
    if problems:
        raise FileErrors(problems)


Changes = queue.Queue[frozenset[Path] | OSError]

_LOOKS: Final = frozenset({".md", ".toml", ".html", ".css"})
"""What changes the letters of the pages that it changes. A picture does not."""
_LOOK_UP_SECONDS: Final = 10.0
"""How long to trust a wait: a machine that slept finds the time later than it thinks."""


@dataclass(frozen=True)
class BuildLoop:
    """All that takes part."""

    config: Path
    given: Mapping[str, str]
    """What wins over the settings file."""
    folder: Path
    """The preview's own: each build goes into a new one below it."""
    folders: tuple[Path, ...]
    """Watched from the start; others follow when a build has told of them."""
    seconds: int
    """How long a build may take."""
    builder: Builder
    sandbox: Sandbox
    feed: PreviewFeed
    console: Console

    def run(self) -> None:
        """Never ends by itself. Raises `Unavailable` if files cannot be watched."""
        changes = Changes()
        watching = FileWatcher(changes.put, [self.config])
        watching.follow(self.folders)
        try:
            self._run(changes, watching)
        finally:
            watching.stop()

    def _run(self, changes: Changes, watching: FileWatcher) -> None:
        since_good: frozenset[Path] = frozenset()
        due: datetime | None = None
        read: set[Path] = set()
        for number in itertools.count(1):
            started, began = time.monotonic(), datetime.now(UTC)
            output = self.folder / "built" / str(number)
            report = self._build(output)
            due = _due(report, due, began)
            read = {*report.sources, *(read if report.problems else ())}  # a crash names no folder
            watching.follow((*self.folders, *read), since=began)
            stale = bool(report.problems) and not changes.empty()
            if not stale and self._show(report, output, since_good, started):
                since_good = frozenset()
                self._clear()
            changed = expected_saves(changes, due)
            watching.renew(changed)
            since_good |= changed
            if _changes_all(changed):
                shutil.rmtree(self.folder / "kept", ignore_errors=True)

    def _build(self, output: Path) -> BuildReport:
        ours = {
            "OUTPUT_PATH": str(output / "www"),
            CACHED_HTML: str(self.folder / "kept"),
            CURRENT_FILE: str(reading := self.folder / "reading"),
        }
        order = BuildOrder(self.config, {**self.given, **ours}, self.seconds, reading)
        return self.builder.build(order)

    def _show(
        self, report: BuildReport, output: Path, changed: frozenset[Path], started: float
    ) -> bool:
        """Whether there is a new site to show; else its faults are."""
        problems, now = report.problems, self.feed.current
        if not problems:
            edition = Edition(now.session, now.build + 1)
            terms = any(path.suffix == ".toml" for path in changed)
            try:
                site = self.sandbox.site(output, edition, new_terms=terms)
            except GatepostError as error:  # the build does not look at what the service alone uses
                problems = tuple(problems_of(error))
            else:
                self.feed.show_site(site, report.held_back, for_all=_changes_all(changed))
                self.console.show_build(report, time.monotonic() - started)
                return True
        shutil.rmtree(output, ignore_errors=True)
        self.feed.show_problems(problems)
        self.console.show_problems(problems)
        return False

    def _clear(self) -> None:
        """Takes old builds away, but for the last one: an answer from it may be on its way."""
        good = sorted((self.folder / "built").iterdir(), key=lambda path: int(path.name))
        for old in good[:-2]:
            shutil.rmtree(old, ignore_errors=True)


def _due(report: BuildReport, before: datetime | None, began: datetime) -> datetime | None:
    """When to build though nothing is saved. A faulty build knows no more than the one before."""
    if report.problems:
        return before if before and before > began else None
    return report.next_due


def expected_saves(changes: Changes, due: datetime | None) -> frozenset[Path]:
    """Waits for a save, or until `due`: then none was. Several that came by now are one."""
    messages: list[frozenset[Path] | OSError] = []
    while not messages:
        left = (due - datetime.now(UTC)).total_seconds() if due else None
        if left is not None and left <= 0:
            return frozenset()
        with suppress(queue.Empty):
            messages.append(changes.get(timeout=left and min(left, _LOOK_UP_SECONDS)))
    with suppress(queue.Empty):
        while True:
            messages.append(changes.get_nowait())
    return frozenset(_paths(messages))


def _paths(messages: list[frozenset[Path] | OSError]) -> Iterator[Path]:
    for change in messages:
        if isinstance(change, OSError):
            raise Unavailable(f"saved files cannot be noticed: {change}")
        yield from change


def _changes_all(changed: frozenset[Path]) -> bool:
    """Whether pages may look different though not a letter of them differs."""
    return any(path.suffix not in _LOOKS for path in changed)
