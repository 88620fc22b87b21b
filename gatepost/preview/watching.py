"""Reports files that were saved, renamed or deleted, by file events of the system (watchfiles)."""

import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from watchfiles import Change, DefaultFilter, watch

STEP_MILLISECONDS: Final = 30
"""Changes that follow each other faster are one: an editor makes several to save a file."""
_READY_SECONDS: Final = 10.0
_TIMEOUT_MILLISECONDS: Final = 100
_FILE_CLOCK_SECONDS: Final = 0.02
"""How far file timestamps may lag behind the system clock."""

OnChange = Callable[[frozenset[Path] | OSError], None]


class FileWatcher:
    """Watches folders with all their subfolders, and some single files."""

    def __init__(self, on_change: OnChange, files: Iterable[Path]) -> None:
        """`on_change` gets the changed paths, or the error that stops the watch, in a thread."""
        self._on_change = on_change
        self._files = frozenset(path.absolute() for path in files)
        self._folders: frozenset[Path] = frozenset()
        self._stop = threading.Event()

    def follow(
        self, folders: Iterable[Path], *, since: datetime | None = None, anew: bool = False
    ) -> None:
        """Watches these folders from now on. `anew` restarts even if they are the same.

        A deleted and recreated folder is a new one for the system. From the return on, no change is
        missed. Files in newly watched folders that were saved after `since` are reported as
        changes: a build that began at `since` may have read the old version.
        """
        wanted = _without_subfolders(folders)
        if wanted == self._folders and not anew:
            return
        new = wanted - self._folders
        before, self._stop, self._folders = self._stop, threading.Event(), wanted
        there = [folder for folder in wanted if folder.is_dir()]
        beside = {path.parent for path in (*self._files, *wanted)}
        named = wanted | self._files
        plans = (
            _WatchPlan(there, DefaultFilter(), deep=True),
            _WatchPlan([path for path in beside if path.is_dir()], _NameFilter(named), deep=False),
        )
        for ready in [plan.start(self._on_change, self._stop) for plan in plans if plan.paths]:
            ready.wait(_READY_SECONDS)
        before.set()  # only now: a gap between the two watches would lose changes
        if since and (saved := frozenset(_changed_since(new, since.timestamp()))):
            self._on_change(saved)

    def renew(self, changes: frozenset[Path]) -> None:
        """Restarts the watch if a watched folder itself has changed. Call before the next build."""
        if changes & self._folders:
            self.follow(self._folders, anew=True)

    def stop(self) -> None:
        """Stops watching."""
        self._stop.set()


class _NameFilter:
    """Accepts changes of the named files and folders themselves, and of Python code."""

    def __init__(self, names: frozenset[Path]) -> None:
        self._names = names

    def __call__(self, change: Change, path: str) -> bool:
        del change
        return Path(path) in self._names or path.endswith(".py")


class _WatchPlan:
    """The paths that one thread watches."""

    def __init__(
        self, paths: list[Path], wanted: Callable[[Change, str], bool], *, deep: bool
    ) -> None:
        self.paths = paths
        self._wanted = wanted
        self._deep = deep

    def start(self, on_change: OnChange, stop: threading.Event) -> threading.Event:
        """Starts the thread. Returns an event that is set once the watch has begun."""
        ready = threading.Event()
        threading.Thread(target=self._run, args=(on_change, stop, ready), daemon=True).start()
        return ready

    def _run(self, on_change: OnChange, stop: threading.Event, ready: threading.Event) -> None:
        try:
            for changes in watch(
                *self.paths,
                watch_filter=self._wanted,
                step=STEP_MILLISECONDS,
                stop_event=stop,
                rust_timeout=_TIMEOUT_MILLISECONDS,
                yield_on_timeout=True,  # the first timeout shows that the watch has begun
                raise_interrupt=False,
                recursive=self._deep,
            ):
                ready.set()
                if existing := _without_temporary_files(changes):
                    on_change(existing)
        except FileNotFoundError:
            pass  # deleted just now; the watch of its parent folder reports it
        except OSError as error:
            on_change(error)
        finally:
            ready.set()


def _without_temporary_files(changes: Iterable[tuple[Change, str]]) -> frozenset[Path]:
    """Drops files that came and went within one step: editors write one and then rename it."""
    added = {path for change, path in changes if change is Change.added}
    return frozenset(
        Path(path) for _, path in changes if path not in added or os.path.lexists(path)
    )


def _changed_since(folders: Iterable[Path], seconds: float) -> Iterator[Path]:
    """Files in these folders that changed after this UNIX time, in seconds."""
    is_watched = DefaultFilter()
    for folder in folders:
        for path in folder.rglob("*"):
            with suppress(OSError):  # deleted in the meantime
                status = path.lstat()
                late = status.st_ctime >= seconds - _FILE_CLOCK_SECONDS
                is_file = not stat.S_ISDIR(status.st_mode)
                if late and is_file and is_watched(Change.added, str(path)):
                    yield path


def _without_subfolders(folders: Iterable[Path]) -> frozenset[Path]:
    """Drops folders that lie inside another one of the list."""
    every = {folder.absolute() for folder in folders}
    return frozenset(one for one in every if not any(up in every for up in one.parents))
