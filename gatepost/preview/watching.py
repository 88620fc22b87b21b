"""Tells which files were saved, renamed or deleted, by the system's own notices (watchfiles)."""

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
"""Quiet for so long, and a burst of changes is over: what an editor does to save a file, say."""
_READY_SECONDS: Final = 10.0
_LOOK_UP_MILLISECONDS: Final = 100
_FILE_CLOCK_SECONDS: Final = 0.02
"""By how much the system's clock for files may lag behind its clock for programs."""

OnChange = Callable[[frozenset[Path] | OSError], None]


class FileWatcher:
    """Watches folders with all below them, and a few files beside them."""

    def __init__(self, tell: OnChange, files: Iterable[Path]) -> None:
        """`tell` is called from threads of ours, with what changed or with what keeps us."""
        self._tell = tell
        self._files = frozenset(path.absolute() for path in files)
        self._folders: frozenset[Path] = frozenset()
        self._stop = threading.Event()

    def follow(
        self, folders: Iterable[Path], *, since: datetime | None = None, anew: bool = False
    ) -> None:
        """Watches these folders from now on; `anew` also if they are the same.

        A folder that was taken away and put back is another one for the system. When this returns,
        no change goes unseen. Files saved after `since` in folders that were not watched so far
        are reported as changes: a build that began then may have read them as they were before.
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
        for ready in [plan.start(self._tell, self._stop) for plan in plans if plan.paths]:
            ready.wait(_READY_SECONDS)
        before.set()  # only now, so that nothing falls between the two
        if since and (saved := frozenset(_changed_since(new, since.timestamp()))):
            self._tell(saved)

    def renew(self, changes: frozenset[Path]) -> None:
        """To be told of changes, before the files are read: a folder of ours may be a new one."""
        if changes & self._folders:
            self.follow(self._folders, anew=True)

    def stop(self) -> None:
        """Watches no more."""
        self._stop.set()


class _NameFilter:
    """Lets through what happens to certain files and folders themselves, and code."""

    def __init__(self, names: frozenset[Path]) -> None:
        self._names = names

    def __call__(self, change: Change, path: str) -> bool:
        del change
        return Path(path) in self._names or path.endswith(".py")


class _WatchPlan:
    """What one thread watches."""

    def __init__(
        self, paths: list[Path], wanted: Callable[[Change, str], bool], *, deep: bool
    ) -> None:
        self.paths = paths
        self._wanted = wanted
        self._deep = deep

    def start(self, tell: OnChange, stop: threading.Event) -> threading.Event:
        """Gives an event that is set once the system watches."""
        ready = threading.Event()
        threading.Thread(target=self._run, args=(tell, stop, ready), daemon=True).start()
        return ready

    def _run(self, tell: OnChange, stop: threading.Event, ready: threading.Event) -> None:
        try:
            for changes in watch(
                *self.paths,
                watch_filter=self._wanted,
                step=STEP_MILLISECONDS,
                stop_event=stop,
                rust_timeout=_LOOK_UP_MILLISECONDS,
                yield_on_timeout=True,  # the first of which says that it watches
                raise_interrupt=False,
                recursive=self._deep,
            ):
                ready.set()
                if lasting := _existing(changes):
                    tell(lasting)
        except FileNotFoundError:
            pass  # taken away just now, which is told by whoever watches the folder around it
        except OSError as error:
            tell(error)
        finally:
            ready.set()


def _existing(changes: Iterable[tuple[Change, str]]) -> frozenset[Path]:
    """Without files that came and went: editors write one, and then rename it."""
    came = {path for change, path in changes if change is Change.added}
    return frozenset(Path(path) for _, path in changes if path not in came or os.path.lexists(path))


def _changed_since(folders: Iterable[Path], seconds: float) -> Iterator[Path]:
    """Files in these folders whose status changed after this second of UNIX time."""
    counts = DefaultFilter()
    for folder in folders:
        for path in folder.rglob("*"):
            with suppress(OSError):  # deleted in the meantime
                status = path.lstat()
                late = status.st_ctime >= seconds - _FILE_CLOCK_SECONDS
                if late and not stat.S_ISDIR(status.st_mode) and counts(Change.added, str(path)):
                    yield path


def _without_subfolders(folders: Iterable[Path]) -> frozenset[Path]:
    """Without those that lie in another."""
    every = {folder.absolute() for folder in folders}
    return frozenset(one for one in every if not any(up in every for up in one.parents))
