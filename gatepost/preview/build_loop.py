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
from gatepost.preview.build_once import faults_of
from gatepost.preview.fork_server import ORDER, REPORT
from gatepost.preview.state import Edition, Fault, Held, Order, Report, Showing, with_script
from gatepost.preview.watching import Watching
from gatepost.server.serve import make_app, web_config
from gatepost.settings import Settings
from publish.plugins.current_file import NOW_READING
from publish.plugins.markdown_cache import KEPT_TEXT

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

    def build(self, order: Order) -> Report:
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
            return Report(faults=(Fault("", None, "the building process has ended: save again"),))
        return REPORT.validate_json(line)


# What the preview says in the terminal: a line for each build, or a line for each mistake.


class Words:
    """Says each thing once: what was said of the build before is not news."""

    def __init__(self, address: str) -> None:
        """`address` is the preview's, without a trailing slash."""
        self._address = address
        self._said: frozenset[str] = frozenset()
        self._held: frozenset[Held] = frozenset()

    def ready(self, drafts: str) -> None:
        """Where to look."""
        click.echo(f"Preview on {self._address}/ and drafts on {self._address}{drafts}")
        click.echo("Forms can be tried out: nothing that is sent here is kept. Ctrl-C ends it.")

    def built(self, report: Report, seconds: float) -> None:
        """There is a new site."""
        click.echo(f"Built {report.counted} in {seconds:.1f} s.")
        for held in report.held:
            if held.address and held not in self._held:
                state = f"due on {held.due}" if held.due else "a draft"
                click.echo(f"{held.where}: {state}, on {self._address}{held.address}")
        for warning in report.warnings:
            if warning not in self._said:
                click.echo(f"warning: {warning}", err=True)
        self._held, self._said = frozenset(report.held), frozenset(report.warnings)

    def faulty(self, faults: Iterable[Fault]) -> None:
        """The old site stays."""
        for fault in faults:
            click.echo(str(fault), err=True)


# A good build as it is served: the site and a lead service that tries out its forms.


class Trial:
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
class Rounds:
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
    trial: Trial
    showing: Showing
    words: Words

    def run(self) -> None:
        """Never ends by itself. Raises `Unavailable` if files cannot be watched."""
        changes = Changes()
        watching = Watching(changes.put, [self.config])
        watching.follow(self.folders)
        try:
            self._run(changes, watching)
        finally:
            watching.stop()

    def _run(self, changes: Changes, watching: Watching) -> None:
        since_good: frozenset[Path] = frozenset()
        due: datetime | None = None
        read: set[Path] = set()
        for number in itertools.count(1):
            started, began = time.monotonic(), datetime.now(UTC)
            output = self.folder / "built" / str(number)
            report = self._build(output)
            due = _due(report, due, began)
            read = {*report.sources, *(read if report.faults else ())}  # a crash names no folder
            watching.follow((*self.folders, *read), since=began)
            stale = bool(report.faults) and not changes.empty()
            if not stale and self._show(report, output, since_good, started):
                since_good = frozenset()
                self._clear()
            changed = next_saves(changes, due)
            watching.renew(changed)
            since_good |= changed
            if _changes_all(changed):
                shutil.rmtree(self.folder / "kept", ignore_errors=True)

    def _build(self, output: Path) -> Report:
        ours = {
            "OUTPUT_PATH": str(output / "www"),
            KEPT_TEXT: str(self.folder / "kept"),
            NOW_READING: str(reading := self.folder / "reading"),
        }
        order = Order(self.config, {**self.given, **ours}, self.seconds, reading)
        return self.builder.build(order)

    def _show(self, report: Report, output: Path, changed: frozenset[Path], started: float) -> bool:
        """Whether there is a new site to show; else its faults are."""
        faults, now = report.faults, self.showing.now
        if not faults:
            edition = Edition(now.session, now.build + 1)
            terms = any(path.suffix == ".toml" for path in changed)
            try:
                site = self.trial.site(output, edition, new_terms=terms)
            except GatepostError as error:  # the build does not look at what the service alone uses
                faults = tuple(faults_of(error))
            else:
                self.showing.good(site, report.held, for_all=_changes_all(changed))
                self.words.built(report, time.monotonic() - started)
                return True
        shutil.rmtree(output, ignore_errors=True)
        self.showing.faulty(faults)
        self.words.faulty(faults)
        return False

    def _clear(self) -> None:
        """Takes old builds away, but for the last one: an answer from it may be on its way."""
        good = sorted((self.folder / "built").iterdir(), key=lambda path: int(path.name))
        for old in good[:-2]:
            shutil.rmtree(old, ignore_errors=True)


def _due(report: Report, before: datetime | None, began: datetime) -> datetime | None:
    """When to build though nothing is saved. A faulty build knows no more than the one before."""
    if report.faults:
        return before if before and before > began else None
    return report.due


def next_saves(changes: Changes, due: datetime | None) -> frozenset[Path]:
    """Waits for a save, or until `due`: then none was. Several that came by now are one."""
    told: list[frozenset[Path] | OSError] = []
    while not told:
        left = (due - datetime.now(UTC)).total_seconds() if due else None
        if left is not None and left <= 0:
            return frozenset()
        with suppress(queue.Empty):
            told.append(changes.get(timeout=left and min(left, _LOOK_UP_SECONDS)))
    with suppress(queue.Empty):
        while True:
            told.append(changes.get_nowait())
    return frozenset(_paths(told))


def _paths(told: list[frozenset[Path] | OSError]) -> Iterator[Path]:
    for change in told:
        if isinstance(change, OSError):
            raise Unavailable(f"saved files cannot be noticed: {change}")
        yield from change


def _changes_all(changed: frozenset[Path]) -> bool:
    """Whether pages may look different though not a letter of them differs."""
    return any(path.suffix not in _LOOKS for path in changed)
