"""Notes what a run reads: a settings file or a plugin of a project may open any file.

Python reports each file that it opens, folder that it lists, program that it starts and address
that it connects to (audit events, PEP 578). What a C library opens by itself, and what a process
opens that `multiprocessing` starts, is not seen.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from publish.file_facts import Inputs

_OUTSIDE: Final = frozenset(
    {
        *("os.exec", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn"),
        *("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"),
    }
)
"""Events after which the result may depend on more than files."""
_EVENTS: Final = _OUTSIDE | {
    *("open", "os.listdir", "os.scandir", "sqlite3.connect", "subprocess.Popen")
}


class OpenedFiles:
    """What a run has read so far."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        """Paths as they were opened, also of files that do not exist."""
        self.folders: set[str] = set()
        """Folders whose names were listed."""
        self.databases: set[str] = set()
        self.asks_others = False
        """Whether the run asked a program or another machine, which may answer otherwise later."""

    def note(self, event: str, args: tuple[Any, ...]) -> None:
        """Notes one of the `_EVENTS`."""
        if event == "open":
            path, mode, flags = args
            if isinstance(path, bytes | str | os.PathLike) and not flags & os.O_WRONLY:
                name = os.fsdecode(path)
                # A name below the handle of a folder, as in `shutil.rmtree`, is none of ours.
                if mode is not None or name.startswith("/") or Path(name).exists():
                    self.files.add(name)
        elif event in {"os.listdir", "os.scandir"}:
            if not isinstance(args[0], int):
                self.folders.add(os.fsdecode(args[0] or "."))
        elif event == "sqlite3.connect":
            self.databases.add(os.fsdecode(args[0]))
        elif event != "subprocess.Popen" or not _is_ours(args[1]):
            self.asks_others = True


def _is_ours(command: Any) -> bool:
    """Whether it is a program of ours, whose result depends on the files that we give it alone."""
    words = [os.fsdecode(word) for word in command] if isinstance(command, list | tuple) else [""]
    return Path(words[0]).name == "nginx" or words[1:3] == ["-m", "pagefind"]


@dataclass
class RunRecord:
    """What is known of a run."""

    tick: int
    """The time of the file system's clock at its start, in nanoseconds."""
    uptime: int
    """The uptime of the machine at its start, in nanoseconds."""
    loaded: frozenset[str]
    """The files of the modules that were loaded before."""
    opened: OpenedFiles
    output: Inputs = field(default_factory=Inputs)
    """The site that it wrote, and the files beside it."""
    written: tuple[str, ...] = ()
    """How the paths begin that it wrote and may have read again."""


_current: OpenedFiles | None = None
_is_hooked = False


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _current is not None and event in _EVENTS:  # when Python ends, both are None
        _current.note(event, args)


@contextmanager
def note_opened_files() -> Iterator[OpenedFiles]:
    """Notes what the block reads. Python cannot remove a hook, so an idle one stays behind."""
    global _current, _is_hooked  # noqa: PLW0603 - hooks belong to the process
    if not _is_hooked:
        sys.addaudithook(_hook)
        _is_hooked = True
    _current = opened = OpenedFiles()
    try:
        yield opened
    finally:
        _current = None


def module_files() -> frozenset[str]:
    """The files of all modules that are loaded now."""
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return frozenset(absolute(file) for file in files if isinstance(file, str))


def absolute(path: str) -> str:
    """The absolute path, with links; faster than `pathlib`, for thousands of paths."""
    return os.path.abspath(path)  # noqa: PTH100
