"""The folder of releases: `current` is a link to the one that readers see, swapped by a rename."""

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

from capture.errors import Refused, Unavailable

# A release: three pushed folders and the site made of them, in one folder of its own.


FACTS: Final = "release.json"


@dataclass(frozen=True, slots=True)
class Release:
    """What a release's folder says of itself."""

    name: str
    commit: str
    repository: str
    """The bare repository that the commit came into."""
    subject: str
    """The first line of the commit's message."""
    made_at: datetime
    live_at: datetime | None = None
    """When it was last put before readers; None: never yet."""
    before: str | None = None
    """The release that readers saw before it."""
    size: int = 0
    """Bytes of its files, those of the site included."""

    def write(self, folder: Path) -> None:
        """Keeps the facts; a reader sees the old ones or the new ones."""
        facts = asdict(self)
        facts["made_at"] = self.made_at.isoformat()
        facts["live_at"] = self.live_at.isoformat() if self.live_at else None
        draft = folder / f".{FACTS}"
        draft.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        draft.replace(folder / FACTS)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Raises `Unavailable` if the folder holds no release."""
        try:
            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
            live_at = facts["live_at"]
            times = {
                "made_at": datetime.fromisoformat(facts["made_at"]),
                "live_at": datetime.fromisoformat(live_at) if live_at else None,
            }
            return cls(**facts | times)
        except (OSError, ValueError, KeyError, TypeError):
            raise Unavailable(f"{folder}: not a release; take the folder away") from None


def name_of(commit: str, now: datetime) -> str:
    """Sorts by time, and says what is in it."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{commit[:12]}"


def size_of(folder: Path) -> int:
    """The bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


CURRENT: Final = "current"
PREVIOUS: Final = "previous"
"""Links to what readers see, and to what they saw before: pages that they opened then still find
their pictures and styles there."""
WAITS: Final = timedelta(hours=1)
"""How long a release may wait for its push to end before it is taken away."""
_MAKING: Final = ".making"


@dataclass(frozen=True, slots=True)
class ReleaseStore:
    """RELEASES_DIR. Whoever changes anything holds the lock."""

    folder: Path

    @property
    def releases(self) -> Path:
        """Where they stand, a folder each."""
        return self.folder / "releases"

    def path(self, name: str) -> Path:
        """The folder of one release."""
        return self.releases / name

    def current(self) -> Release | None:
        """What readers see; None before the first push. Raises `Unavailable`."""
        name = self._linked(CURRENT)
        return Release.read(self.path(name)) if name else None

    def all(self) -> list[Release]:
        """Every release that is whole, the oldest first."""
        if not self.releases.is_dir():
            return []
        folders = sorted(path for path in self.releases.iterdir() if path.name[0] != ".")
        return [Release.read(path) for path in folders]

    @contextmanager
    def locked(self, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Alone at work here; the lock ends with its process. Calls `waiting` if it must wait."""
        try:
            self.releases.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / ".lock").open("w")
        except OSError as error:
            raise Unavailable(f"{error.filename}: {error.strerror}") from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def new_folder(self, name: str) -> Iterator[Path]:
        """An empty folder that becomes the release `name` when the block ends well, and is gone
        if it raises. Needs the lock. Raises OSError."""
        draft = self.releases / _MAKING
        shutil.rmtree(draft, ignore_errors=True)  # what a killed push left
        draft.mkdir()
        try:
            yield draft
            os.sync()  # a power cut after the swap must not leave a site of empty files
            draft.rename(self.path(name))
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def free_name(self, name: str) -> str:
        """The name, with a number after it if it is taken."""
        names = (name, *(f"{name}-{number}" for number in range(2, 1000)))
        return next(one for one in names if not self.path(one).exists())

    def publish(self, release: Release, now: datetime) -> None:
        """Puts a release before readers, at once. Needs the lock."""
        before = self._linked(CURRENT)
        if before == release.name:
            return
        replace(release, live_at=now, before=before).write(self.path(release.name))
        self._swap(before, release.name)

    def go_back(self, now: datetime) -> Release:
        """Puts the release before the current one in its place. Raises `Refused`."""
        current = self.current()
        if current is None:
            raise Refused("nothing was published yet, so there is nothing to go back to")
        if current.before is None or not self.path(current.before).is_dir():
            raise Refused(
                f"no release before {current.name} is kept: KEEP_RELEASES says how many are; "
                "take the change back with `git revert` and push that"
            )
        target = replace(Release.read(self.path(current.before)), live_at=now)
        target.write(self.path(target.name))
        self._swap(current.name, target.name)
        return target

    def space_needed(self) -> int:
        """The bytes of the releases that readers need: what the links name."""
        names = {self._linked(CURRENT), self._linked(PREVIOUS)} - {None}
        return sum(release.size for release in self.all() if release.name in names)

    def prune(self, keep: int, now: datetime, most: int | None = None) -> None:
        """Takes old releases away: kept are `keep` of those that `rollback` would reach, as far as
        they have no more than `most` bytes together, what the links name, and what waits for its
        push to end. Needs the lock."""
        kept = {self._linked(CURRENT), self._linked(PREVIOUS)}
        name, size = self._linked(CURRENT), self.space_needed()
        for _ in range(keep):
            if name is None or not self.path(name).is_dir():
                break
            release = Release.read(self.path(name))
            size += 0 if name in kept else release.size
            if most is not None and size > most:
                break
            kept.add(name)
            name = release.before
        for release in self.all():
            waits = release.live_at is None and now - release.made_at < WAITS
            if release.name not in kept and not waits:
                shutil.rmtree(self.path(release.name), ignore_errors=True)

    def _linked(self, link: str) -> str | None:
        try:
            return (self.folder / link).readlink().name
        except FileNotFoundError:
            return None

    def _swap(self, before: str | None, name: str) -> None:
        if before is not None:
            self._point(PREVIOUS, before)
        self._point(CURRENT, name)

    def _point(self, link: str, name: str) -> None:
        """Either the old link is there or the new one, at every moment."""
        draft = self.folder / f".{link}"
        draft.unlink(missing_ok=True)
        draft.symlink_to(Path("releases", name))
        draft.replace(self.folder / link)
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
