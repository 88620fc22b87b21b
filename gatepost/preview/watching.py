"""Reports files that were saved, renamed or deleted, by file events of the system (watchfiles)."""

import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

import watchfiles
from watchfiles import Change, DefaultFilter

STEP_MILLISECONDS: Final = 10
"""Changes within this time are reported together: an editor makes several to save a file."""
_READY_SECONDS: Final = 10.0
"""Longest wait for the start of a watch."""
_TIMEOUT_MILLISECONDS: Final = 100
"""Interval at which the watch checks whether it must stop."""
_FILE_CLOCK_SECONDS: Final = 0.02
"""How far file timestamps may lag behind the system clock."""

OnChange = Callable[[frozenset[Path] | OSError], None]


class FileWatcher:
    """Watches folders with all their subfolders, and some single files."""

    def __init__(self, on_change: OnChange, files: Iterable[Path]) -> None:
        """`on_change` gets the changed paths, or the error that stops the watch.

        The threads of the watch call it, and so does `watch` itself.
        """
        self._on_change = on_change
        self._files = frozenset(path.absolute() for path in files)
        self._folders: frozenset[Path] = frozenset()
        self._stop = threading.Event()

    def watch(self, folders: Iterable[Path], *, since: datetime | None = None) -> None:
        """Watches these folders instead of the previous ones. Misses no change meanwhile.

        Files in newly watched folders that were saved after `since` are reported as changes: a
        build that began at `since` may have read the old version.
        """
        top_folders = _without_subfolders(folders)
        if top_folders == self._folders:
            return
        new_folders = top_folders - self._folders
        self._restart(top_folders)
        if since and (saved := frozenset(_changed_since(new_folders, since.timestamp()))):
            self._on_change(saved)

    def restart_if_recreated(self, changes: frozenset[Path]) -> None:
        """Restarts the watch if a watched folder itself has changed. Call before the next build.

        A folder that was deleted and made again is another folder for the system.
        """
        if changes & self._folders:
            self._restart(self._folders)

    def stop(self) -> None:
        """Stops watching."""
        self._stop.set()

    def _restart(self, folders: frozenset[Path]) -> None:
        old_stop, self._stop, self._folders = self._stop, threading.Event(), folders
        existing = [folder for folder in folders if folder.is_dir()]
        parents = {path.parent for path in (*self._files, *folders)}
        plans = (
            _WatchPlan(existing, DefaultFilter(), with_subfolders=True),
            _WatchPlan(
                [folder for folder in parents if folder.is_dir()],
                _PathFilter(folders | self._files),
                with_subfolders=False,
            ),
        )
        for ready in [plan.start(self._on_change, self._stop) for plan in plans if plan.paths]:
            ready.wait(_READY_SECONDS)
        old_stop.set()  # only now: a gap between the two watches would lose changes


class _PathFilter:
    """Accepts changes of these files and folders themselves, and of Python code beside them.

    The settings file may import a module beside it, and a build reports only folders as sources.
    """

    def __init__(self, paths: frozenset[Path]) -> None:
        self._paths = paths

    def __call__(self, change: Change, path: str) -> bool:
        del change
        return Path(path) in self._paths or path.endswith(".py")


class _WatchPlan:
    """The paths that one thread watches."""

    def __init__(
        self,
        paths: list[Path],
        change_filter: Callable[[Change, str], bool],
        *,
        with_subfolders: bool,
    ) -> None:
        self.paths = paths
        self._filter = change_filter
        self._with_subfolders = with_subfolders

    def start(self, on_change: OnChange, stop: threading.Event) -> threading.Event:
        """Starts the thread. Returns an event that is set once the watch has begun."""
        ready = threading.Event()
        threading.Thread(target=self._run, args=(on_change, stop, ready), daemon=True).start()
        return ready

    def _run(self, on_change: OnChange, stop: threading.Event, ready: threading.Event) -> None:
        try:
            for changes in watchfiles.watch(
                *self.paths,
                watch_filter=self._filter,
                step=STEP_MILLISECONDS,
                stop_event=stop,
                rust_timeout=_TIMEOUT_MILLISECONDS,
                yield_on_timeout=True,  # the first timeout shows that the watch has begun
                raise_interrupt=False,
                recursive=self._with_subfolders,
            ):
                ready.set()
                if paths := _without_temporary_files(changes):
                    on_change(paths)
        except FileNotFoundError:
            pass  # a folder was deleted; the watch of its parent folder reports it
        except OSError as error:
            on_change(error)
        finally:
            ready.set()


def _without_temporary_files(changes: Iterable[tuple[Change, str]]) -> frozenset[Path]:
    """The changed paths, without files that were made and deleted within one step.

    Editors write such a file and then rename it.
    """
    added = {path for change, path in changes if change is Change.added}
    return frozenset(
        Path(path) for _, path in changes if path not in added or os.path.lexists(path)
    )


def _changed_since(folders: Iterable[Path], seconds: float) -> Iterator[Path]:
    """Files in these folders that changed after this UNIX time, in seconds."""
    is_watched = DefaultFilter()
    for folder in folders:
        for path in folder.rglob("*"):
            with suppress(OSError):  # deleted meanwhile
                status = path.lstat()
                is_new = status.st_ctime >= seconds - _FILE_CLOCK_SECONDS
                is_file = not stat.S_ISDIR(status.st_mode)
                if is_new and is_file and is_watched(Change.added, str(path)):
                    yield path


def _without_subfolders(folders: Iterable[Path]) -> frozenset[Path]:
    """The absolute folders, without those that lie inside another one of them."""
    absolute = {folder.absolute() for folder in folders}
    return frozenset(folder for folder in absolute if absolute.isdisjoint(folder.parents))
