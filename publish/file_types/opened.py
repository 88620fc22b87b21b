"""`content_problems`: opens many files, and remembers which were complete.

Files are opened in child processes, on all processors. The names, times and hashes of complete
files are kept in a file of the cache folder: a file whose size, times and inode have not changed is
not read again, and one whose bytes are known, under any name, is not opened again.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from capture.files import atomic_write
from publish.child_processes import ChildEnded, Limits, run_each
from publish.file_types.content import content_problem

_RECIPE: Final = 2  # change it when the code finds other problems
_LIMITS: Final = Limits[Path](seconds=20)
_Entry = list[Any]
"""Size, time of change, time of the inode's change, inode number, and SHA-256 of the content."""


def content_problems(paths: Iterable[Path], cache: Path | None) -> Mapping[Path, str]:
    """By path: the problem of each of these files that has one. `cache` is a folder.

    Never raises: a file that cannot be read has a problem.
    """
    record = _Record(cache / "opened-files.json" if cache else None)
    problems: dict[Path, str] = {}
    unknown = [path for path in paths if not record.is_complete(path)]
    for path, problem in run_each(_problem, unknown, _LIMITS):
        if isinstance(problem, ChildEnded):
            problems[path] = f"{problem.reason}: make it smaller or simpler"
        elif problem:
            problems[path] = problem
        else:
            record.add(path)
    record.save()
    return problems


def _problem(path: Path) -> str:
    try:
        return content_problem(path)
    except PermissionError:
        return "cannot be read by this user: change its permissions"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


class _Record:
    """The complete files of the last run, and those of this one."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._versions = [_RECIPE, version("pillow"), version("pypdf")]
        self._old, self._written_ns = self._read()
        self._old_keys = {_content_key(path, entry[-1]) for path, entry in self._old.items()}
        self._new: dict[str, _Entry] = {}

    def is_complete(self, path: Path) -> bool:
        """Whether the file was opened before, under this or another name of the same type."""
        try:
            facts = _facts(path)
            old = self._old.get(str(path))
            # As in git's index: a file that changed when the record was written may have changed
            # once more within the same tick of the clock.
            if old and old[:-1] == facts and max(facts[1:3]) < self._written_ns:
                self._new[str(path)] = old
                return True
            if not self._old:
                return False
            entry: _Entry = [*facts, _hash(path)]
        except OSError:
            return False
        if _content_key(str(path), entry[-1]) not in self._old_keys:
            return False
        self._new[str(path)] = entry
        return True

    def add(self, path: Path) -> None:
        """Adds a complete file."""
        with suppress(OSError):
            self._new[str(path)] = [*_facts(path), _hash(path)]

    def save(self) -> None:
        """Writes the files of this run, if they are others. Without a cache folder does nothing."""
        if self._file is None or self._new == self._old:
            return
        data = {"versions": self._versions, "files": self._new}
        with suppress(OSError):  # then the next run opens the files again
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(self._file) as draft:
                draft.write_text(json.dumps(data), encoding="utf-8")

    def _read(self) -> tuple[dict[str, _Entry], int]:
        """The record's files and the time when it was written; empty if it is of other versions."""
        try:
            if self._file is not None:
                data = json.loads(self._file.read_text(encoding="utf-8"))
                if data["versions"] == self._versions:
                    return dict(data["files"]), self._file.stat().st_mtime_ns
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return {}, 0


def _facts(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _content_key(path: str, digest: str) -> str:
    return f"{digest}{Path(path).suffix.lower()}"
