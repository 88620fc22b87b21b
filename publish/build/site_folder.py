"""The folder of the site: new files are written beside it, and then put in place one by one.

A file is complete when it gets its name, and a file with the same content keeps its time, so that
web caches and rsync see only real changes. What is no longer part of the site is removed. Nothing
else in the folder is touched, unless the site is built for the first time.
"""

import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Self

from publish.build.sources import has_output_stamp, output_stamp_of

COMPRESSIONS: Final = (".gz", ".br")
"""The suffixes of compressed files, which a release has beside others."""


class SiteFolder:
    """The site as it is, and the staged files of the build."""

    def __init__(self, site: Path, staging: Path, last: Path, known: Mapping[str, bytes]) -> None:
        """`last`: where the last build has put its files; `known`: the stamps that they had."""
        self.site = site
        self.staging = staging
        self.known = known
        self.may_keep = True
        """Whether a file of the last build with a name that tells its content is as good as new."""
        self._last = last
        self._kept: set[str] = set()
        self._is_as_left = False
        """Whether every file is known to be as the last build has left it."""

    @classmethod
    def of_complete(cls, site: Path) -> Self:
        """A site to which files are added where it is. Nothing is known of an earlier one."""
        return cls(site, site, Path(), {})

    def is_current(self, name: str) -> bool:
        """Whether a file is as the last build has left it."""
        if self._is_as_left:
            return name in self.known
        stamp = self.known.get(name)
        try:
            status = os.stat(f"{self._last}/{name}")  # noqa: PTH116 - there are many
        except OSError:
            return False
        return stamp is not None and stamp != b"" and has_output_stamp(status, stamp)

    def is_as_left(self) -> bool:
        """Whether the last build has made this site, and every file is as that build left it."""
        self._is_as_left = self.is_in_place and all(map(self.is_current, self.known))
        return self._is_as_left

    def keep(self, name: str) -> None:
        """Keeps a file of the last build."""
        self._kept.add(name)

    def keep_others(self) -> None:
        """Keeps all files of the last build, but for those that are staged."""
        self._kept.update(self.known.keys() - self.staged().keys())

    def kept_stamp(self, name: str) -> bytes:
        """The stamp of a file that is kept; empty if it is not."""
        return self.known.get(name, b"") if name in self._kept else b""

    def drop(self, name: str) -> None:
        """Removes a kept file from the new site."""
        self._kept.discard(name)

    def drop_others(self, folder: str, wanted: Collection[str]) -> None:
        """Removes all kept files from a folder of the new site, except for the wanted ones."""
        inside = {name for name in self._kept if name.startswith(f"{folder}/")}
        self._kept -= inside.difference(wanted)

    def new_file(self, name: str) -> Path:
        """Where to write a new file of the site, in place of a kept one."""
        self.drop(name)
        path = self.staging / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def keep_current(self, name: str) -> bool:
        """Keeps a file with a name that tells its content, if it is as the last build left it."""
        if name in self._kept:
            return True
        if self.may_keep and self.is_current(name):
            self.keep(name)
            return True
        return False

    def kept(self) -> dict[str, Path]:
        """The kept files by name."""
        return {name: self._last / name for name in self._kept}

    def files(self) -> dict[str, Path]:
        """All files of the new site by name, in the order of their names."""
        return dict(sorted((self.kept() | self.staged()).items()))

    @property
    def is_in_place(self) -> bool:
        """Whether the last build has put its files into this site too."""
        return self._last == self.site

    def complete(self) -> None:
        """Adds the kept files to the staged ones, as links."""
        for name in self._kept:
            target = self.staging / name
            target.parent.mkdir(parents=True, exist_ok=True)
            source = self._last / name
            try:
                os.link(source, target)
            except OSError:  # another disk
                shutil.copy2(source, target)
        self._kept.clear()

    def staged(self) -> dict[str, Path]:
        """The staged files by name."""
        return dict(_files_below(self.staging))

    def unwanted(self, staged: Iterable[str]) -> list[str]:
        """Published files that are no longer part of the site."""
        wanted = self._kept.union(staged)
        return [name for name in self.known if name not in wanted] if self.is_in_place else []

    def publish(self, staged: Mapping[str, Path], unwanted: Iterable[str]) -> "Published":
        """Puts the staged files in place, and removes the unwanted ones. Raises `OSError`."""
        written, stamps = [], {}
        moved = self._move_new_folders(staged)
        for name, source in staged.items():
            target = self.site / name
            if name.partition("/")[0] in moved:
                written.append(name)
            elif not _is_same(source, target):
                self._make_room(target)
                source.replace(target)
                written.append(name)
            stamps[name] = output_stamp_of(target.stat())
        removed = [name for name in unwanted if self._remove(name)]
        return Published(tuple(written), tuple(removed), stamps)

    def clear(self, staged: Iterable[str], retained: Iterable[str]) -> list[str]:
        """For the first build: removes all files but the staged ones, and names to be retained."""
        wanted, kept = set(staged), set(retained)
        if not self.site.is_dir():
            return []
        strange = [
            name
            for name, _ in _files_below(self.site)
            if name not in wanted and name.split("/")[0] not in kept
        ]
        return [name for name in strange if self._remove(name)]

    def _move_new_folders(self, staged: Iterable[str]) -> set[str]:
        """Puts each folder that the site does not have in place with all files that are in it."""
        self.site.mkdir(exist_ok=True)
        names = {name.partition("/")[0] for name in staged if "/" in name}
        new = {name for name in names if not os.path.lexists(self.site / name)}
        for name in new:
            (self.staging / name).rename(self.site / name)
        return new

    def _make_room(self, target: Path) -> None:
        """Removes what has the name of a folder but is none, or of a file but is a folder."""
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        try:
            target.parent.mkdir(exist_ok=True)
        except OSError:  # several folders are missing, or one is a file
            for folder in reversed(target.parents):
                is_inside = folder.is_relative_to(self.site) and folder != self.site
                if is_inside and not folder.is_dir():
                    folder.unlink(missing_ok=True)
            target.parent.mkdir(parents=True, exist_ok=True)

    def _remove(self, name: str) -> bool:
        target = self.site / name
        try:
            target.unlink()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return False
        for folder in target.parents:
            if folder == self.site:
                break
            try:
                folder.rmdir()
            except OSError:  # it has other files
                break
        return True


class Published:
    """What `SiteFolder.publish` has done."""

    def __init__(
        self, written: tuple[str, ...], removed: tuple[str, ...], stamps: Mapping[str, bytes]
    ) -> None:
        self.written = written
        self.removed = removed
        self.stamps = stamps


def _files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    for root, _, names in os.walk(folder):
        here = Path(root)
        for name in names:
            path = here / name
            yield path.relative_to(folder).as_posix(), path


def _is_same(source: Path, target: Path) -> bool:
    """Whether the site has this file already."""
    try:
        old, new = target.lstat(), source.lstat()
        if old.st_ino == new.st_ino and old.st_dev == new.st_dev:
            return True
        is_plain = not target.is_symlink() and not source.is_symlink() and target.is_file()
        return (
            is_plain and old.st_size == new.st_size and target.read_bytes() == source.read_bytes()
        )
    except OSError:
        return False
