"""A folder into which a command writes many files, each complete or not at all."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from capture.errors import Refused
from capture.files import atomic_write, locked_folder, make_private_folder

_DRAFT: Final = ".month-end"
"""Ends the names of temporary files, so that those of a killed run can be told from others."""


class FileState(StrEnum):
    """What writing a file changed."""

    NEW = "new"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class OutputFolder:
    """An existing folder that this process has locked."""

    path: Path

    def write(self, name: str, content: bytes) -> FileState:
        """Writes a file. An identical file is left. Raises `Refused` if it cannot be written."""
        path = self.path / name
        try:
            if path.exists() and not path.is_file():
                raise Refused(f"{path}: it is not a file; move it away or choose another folder")
            state = FileState.REPLACED if path.exists() else FileState.NEW
            if state is FileState.REPLACED and path.read_bytes() == content:
                return FileState.UNCHANGED
            with atomic_write(path, _DRAFT) as draft:
                draft.write_bytes(content)
        except OSError as error:
            raise Refused(f"{path}: {error.strerror}") from None
        return state


@contextmanager
def open_folder(path: Path) -> Iterator[OutputFolder]:
    """Creates the folder if it is missing, readable by its owner alone, and locks it.

    Waits for another run in the same folder. Deletes temporary files of a killed run. Raises
    `Refused` if nothing can be written there.
    """
    with ExitStack() as stack:
        try:
            make_private_folder(path)
            stack.enter_context(locked_folder(path))
            for draft in path.glob(f".*{_DRAFT}"):
                draft.unlink()
            _check_writable(path)
        except OSError as error:
            raise Refused(f"{path}: {error.strerror}; choose another folder with -o") from None
        yield OutputFolder(path)


def _check_writable(path: Path) -> None:
    probe = path / f".probe{_DRAFT}"
    os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    probe.unlink()
