"""The folder in which a worker builds. It keeps what was pushed last and the site made of it.

So a build does only what the push has changed, and only files that the live release does not have
are sent back. The folder is below CACHE_DIR and belongs to the worker's user. What a killed worker
leaves is completed by the next push: each file is compared with the pushed one, and the build
compares each file of the site with what it knows.
"""

import fcntl
import pickle
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from gatepost.releases.wire import SITE
from publish.build.site_folder import SiteFolder
from publish.build.sources import SourceFiles
from publish.cache_file import seal, unseal

_FOLDER: Final = "pushed"
_HASHES: Final = "hashes"


@contextmanager
def build_folder(cache: Path) -> Iterator[Path]:
    """The folder of the last build; an empty temporary one if another worker is using it.

    Child processes hold the lock too. Raises OSError.
    """
    folder = cache / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (cache / f"{_FOLDER}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with tempfile.TemporaryDirectory(
                prefix="gatepost-build-", ignore_cleanup_errors=True
            ) as name:
                yield Path(name)
        else:
            yield folder


def replace_files(folder: Path, received: Path, names: Iterable[str]) -> None:
    """Makes these subfolders of `folder` equal to the received ones.

    A file with the same content keeps its time, so that a build need not read it. Raises OSError.
    """
    for name in names:
        target = folder / name
        known = {str(path.relative_to(target)): b"" for path in target.rglob("*") if path.is_file()}
        files = SiteFolder(target, received / name, target, known)
        staged = files.staged()
        files.publish(staged, files.unwanted(staged))
    shutil.rmtree(received)


def replace_text(file: Path, text: str | None) -> None:
    """Writes a text into a file, unless it is there already; without a text there is no file."""
    if text is None:
        file.unlink(missing_ok=True)
    elif not file.is_file() or file.read_text(encoding="utf-8") != text:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")


def site_files(folder: Path) -> list[str]:
    """The paths of all files of the site below this folder."""
    paths = (folder / SITE).rglob("*")
    return [path.relative_to(folder).as_posix() for path in paths if path.is_file()]


def hash_file(folder: Path, path: str) -> str:
    """The hash of a file, as `SiteHashes` has it."""
    return SourceFiles(folder, {}, 0).hash_of(path).hex()


class SiteHashes:
    """The hashes of all files of a site. A file whose stamp is the same is not read again."""

    def __init__(self, folder: Path) -> None:
        """Needed before the build, to know which files were there already. Raises OSError."""
        self._file = folder / _HASHES
        self._known: dict[str, tuple[bytes, bytes]] = {}
        with suppress(OSError):
            if data := unseal(self._file.read_bytes()):
                self._known = pickle.loads(data)  # noqa: S301 - our own file, sealed
        self._file.touch()
        self._folder = folder
        self._files = SourceFiles(folder, self._known, self._file.stat().st_mtime_ns)

    def read(self) -> dict[str, str]:
        """By path below the folder: the hash. Raises OSError."""
        names = site_files(self._folder)
        found = {name: self._files.hash_of(name).hex() for name in names}
        known = {name: self._files.changes.get(name) or self._known[name] for name in names}
        draft = self._file.with_suffix(".new")
        draft.write_bytes(seal(pickle.dumps(known, pickle.HIGHEST_PROTOCOL)))
        draft.replace(self._file)
        return found
