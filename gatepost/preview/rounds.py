"""A build for every save, and for every post that falls due: one at a time, and what is saved
meanwhile is built afterwards.
"""

import itertools
import queue
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from capture.errors import GatepostError, Unavailable
from gatepost.preview.builder import Builder
from gatepost.preview.faults import faults_of
from gatepost.preview.pages import Edition
from gatepost.preview.report import Order, Report
from gatepost.preview.showing import Showing
from gatepost.preview.trial import Trial
from gatepost.preview.watching import Watching
from gatepost.preview.words import Words
from publish.kept_text import KEPT_TEXT
from publish.now_reading import NOW_READING

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
