"""The store of releases. The link `current` names the live release; a rename swaps it.

A release is one folder: the three pushed folders, the built site and `release.json`.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from capture.campaign.git_history import RELEASE_FILE
from capture.errors import Refused, Unavailable


@dataclass(frozen=True, slots=True)
class Release:
    """One release, as described in its `release.json`. Times are UTC."""

    name: str
    commit: str
    repository: str
    """The bare repository that received the commit."""
    subject: str
    """The first line of the commit's message."""
    made_at: datetime
    live_at: datetime | None = None
    """When it last went live; None if it never did."""
    before: str | None = None
    """The name of the release that was live before it."""
    size: int = 0
    """Bytes of its files, including the site."""

    def write(self, folder: Path) -> None:
        """Writes `release.json` into the release's folder, atomically."""
        data = asdict(self)
        data["made_at"] = self.made_at.isoformat()
        data["live_at"] = self.live_at.isoformat() if self.live_at else None
        draft = folder / f".{RELEASE_FILE}"
        draft.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        draft.replace(folder / RELEASE_FILE)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Reads `release.json`. Raises `Unavailable` if the folder holds no release."""
        try:
            data = json.loads((folder / RELEASE_FILE).read_text(encoding="utf-8"))
            live_at = data["live_at"]
            times = {
                "made_at": datetime.fromisoformat(data["made_at"]),
                "live_at": datetime.fromisoformat(live_at) if live_at else None,
            }
            return cls(**data | times)
        except (OSError, ValueError, KeyError, TypeError):
            raise Unavailable(f"{folder}: not a release; delete the folder") from None


def release_name(commit: str, now: datetime) -> str:
    """A name that sorts by time and contains the commit."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{commit[:12]}"


def folder_size(folder: Path) -> int:
    """The bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


CURRENT: Final = "current"
PREVIOUS: Final = "previous"
"""Links to the live release and to the one before it. A page that was opened before a release still
finds its pictures and styles in the previous one."""
MAX_WAIT: Final = timedelta(hours=1)
"""How long a release may wait for the end of its push before `prune` deletes it."""
_DRAFT: Final = ".making"
"""The folder of a release that is being made."""


@dataclass(frozen=True, slots=True)
class ReleaseStore:
    """The folder RELEASES_DIR. Each change needs the lock."""

    folder: Path

    @property
    def releases(self) -> Path:
        """The folder with one folder for each release."""
        return self.folder / "releases"

    def path(self, name: str) -> Path:
        """The folder of one release."""
        return self.releases / name

    def live_release(self) -> Release | None:
        """The live release; None before the first push. Raises `Unavailable`."""
        name = self._link_target(CURRENT)
        return Release.read(self.path(name)) if name else None

    def all(self) -> list[Release]:
        """Every complete release, oldest first."""
        if not self.releases.is_dir():
            return []
        folders = sorted(path for path in self.releases.iterdir() if path.name[0] != ".")
        return [Release.read(path) for path in folders]

    @contextmanager
    def locked(self, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Holds the exclusive lock; it ends with the process. Calls `on_wait` if it must wait."""
        try:
            self.releases.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / ".lock").open("w")
        except OSError as error:
            raise Unavailable(f"{error.filename}: {error.strerror}") from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                on_wait()
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def new_folder(self, name: str) -> Iterator[Path]:
        """Yields an empty folder that becomes the release `name` at the end of the block.

        The folder is deleted if the block raises. Needs the lock. Raises OSError.
        """
        draft = self.releases / _DRAFT
        shutil.rmtree(draft, ignore_errors=True)  # a killed push may leave it
        draft.mkdir()
        try:
            yield draft
            os.sync()  # a power cut after the swap must not leave a site of empty files
            draft.rename(self.path(name))
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def free_name(self, name: str) -> str:
        """The name, with a number added if it is taken."""
        names = (name, *(f"{name}-{number}" for number in range(2, 1000)))
        return next(candidate for candidate in names if not self.path(candidate).exists())

    def publish(self, release: Release, now: datetime) -> None:
        """Makes a release the live one, atomically. Needs the lock."""
        live_name = self._link_target(CURRENT)
        if live_name == release.name:
            return
        replace(release, live_at=now, before=live_name).write(self.path(release.name))
        self._switch(live_name, release.name)

    def roll_back(self, now: datetime) -> Release:
        """Makes the release before the live one the live one. Needs the lock. Raises `Refused`."""
        live = self.live_release()
        if live is None:
            raise Refused("nothing has been published yet, so there is no earlier release")
        if live.before is None or not self.path(live.before).is_dir():
            raise Refused(
                f"no release before {live.name} is kept (KEEP_RELEASES sets how many are): "
                "undo the change with `git revert`, and push"
            )
        target = replace(Release.read(self.path(live.before)), live_at=now)
        target.write(self.path(target.name))
        self._switch(live.name, target.name)
        return target

    def space_needed(self) -> int:
        """The bytes of the live and the previous release, which `prune` always keeps."""
        names = {self._link_target(CURRENT), self._link_target(PREVIOUS)} - {None}
        return sum(release.size for release in self.all() if release.name in names)

    def prune(self, keep: int, now: datetime, max_bytes: int | None = None) -> None:
        """Deletes old releases. Needs the lock.

        Keeps the live and the previous release, those that wait for the end of their push, and
        the newest `keep` that `rollback` can reach, up to `max_bytes` together.
        """
        kept_names = {self._link_target(CURRENT), self._link_target(PREVIOUS)}
        name, size = self._link_target(CURRENT), self.space_needed()
        for _ in range(keep):
            if name is None or not self.path(name).is_dir():
                break
            release = Release.read(self.path(name))
            size += 0 if name in kept_names else release.size
            if max_bytes is not None and size > max_bytes:
                break
            kept_names.add(name)
            name = release.before
        for release in self.all():
            is_waiting = release.live_at is None and now - release.made_at < MAX_WAIT
            if release.name not in kept_names and not is_waiting:
                shutil.rmtree(self.path(release.name), ignore_errors=True)

    def _link_target(self, link: str) -> str | None:
        """The name of the release that the link points to; None if there is no link."""
        try:
            return (self.folder / link).readlink().name
        except FileNotFoundError:
            return None

    def _switch(self, old_name: str | None, new_name: str) -> None:
        if old_name is not None:
            self._set_link(PREVIOUS, old_name)
        self._set_link(CURRENT, new_name)

    def _set_link(self, link: str, name: str) -> None:
        """Points a link to a release, atomically and durably."""
        draft = self.folder / f".{link}"
        draft.unlink(missing_ok=True)
        draft.symlink_to(Path("releases", name))
        draft.replace(self.folder / link)
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
