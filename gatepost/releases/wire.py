"""Folders of plain files over a socket, between two users of whom neither trusts the other.

Each file is a line of JSON, `{"path": ..., "size": ...}`, and its bytes; an empty line ends them.
There are no links, modes or owners in it, so nothing of the kind has to be refused.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from pydantic import TypeAdapter

from capture.errors import Problem

_MAX_LINE_LENGTH: Final = 16_384
_CHUNK: Final = 1_000_000


class WireError(Exception):
    """What came is not what this module sends, or ended too early."""


def send_files(stream: IO[bytes], root: Path, folders: Iterable[str]) -> None:
    """Sends every plain file of these folders below `root`. Raises OSError."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            with path.open("rb") as file:
                facts = {
                    "path": path.relative_to(root).as_posix(),
                    "size": os.fstat(file.fileno()).st_size,
                }
                stream.write(json.dumps(facts).encode() + b"\n")
                shutil.copyfileobj(file, stream, _CHUNK)
    stream.write(b"\n")
    stream.flush()


def receive_files(
    stream: IO[bytes],
    root: Path,
    folders: Iterable[str],
    most: int,
    written: Callable[[], None] = lambda: None,
) -> None:
    """Writes what comes below `root`, in these folders alone and never over another file.

    At most `most` bytes; calls `written` again and again, which may raise. Raises `Broken`,
    OSError.
    """
    allowed = frozenset(folders)
    for folder in allowed:
        (root / folder).mkdir(exist_ok=True)
    left = most
    while line := _line(stream):
        path, size = _facts(line, allowed)
        left -= size
        if left < 0:
            raise WireError(f"more than {most:,} bytes")
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with os.fdopen(handle, "wb") as file:
            while size:
                chunk = stream.read(min(size, _CHUNK))
                if not chunk:
                    raise WireError("ended within a file")
                file.write(chunk)
                size -= len(chunk)
                written()


def _line(stream: IO[bytes]) -> bytes:
    line = stream.readline(_MAX_LINE_LENGTH)
    if not line.endswith(b"\n"):
        raise WireError("ended before its end was said")
    return line[:-1]


def _facts(line: bytes, allowed: frozenset[str]) -> tuple[str, int]:
    try:
        facts: Any = json.loads(line)
        path, size = facts["path"], facts["size"]
    except (ValueError, KeyError, TypeError):
        raise WireError("no file's name where one is wanted") from None
    if not isinstance(path, str) or not isinstance(size, int) or size < 0 or "\0" in path:
        raise WireError("no file's name where one is wanted")
    parts = path.split("/")
    if len(parts) < 2 or parts[0] not in allowed or not {"", ".", ".."}.isdisjoint(parts):
        raise WireError("a file outside its folders")
    return path, size


# What passes between the hook and the process that builds, beside the files themselves.


SITE: Final = "output"
"""The folder that a build makes beside the pushed ones."""
LONGEST: Final = 64_000_000
"""Bytes of an order or an answer, at most."""


@dataclass(frozen=True, slots=True)
class BuildOrder:
    """Sent first; the three folders follow."""

    published: str | None
    """What the live release published, as JSON; None before the first."""


@dataclass(frozen=True, slots=True)
class BuildAnswer:
    """Sent back; the site follows if there are neither problems nor a reason why there is none."""

    problems: tuple[Problem, ...] = ()
    """What the writer can mend."""
    unavailable: str = ""
    """What the operator must mend, in words."""
    is_broken: str = ""
    """The traceback of what nobody has thought of."""
    warnings: tuple[str, ...] = ()
    counted: str = ""
    """Such as `8 articles, 3 pages and 3 forms`."""
    seconds: float = 0.0
    due: str | None = None
    """The next post that is held back: when, and which."""

    @property
    def is_good(self) -> bool:
        """Whether a site follows."""
        return not (self.problems or self.unavailable or self.is_broken)


ORDER: Final = TypeAdapter(BuildOrder)
ANSWER: Final = TypeAdapter(BuildAnswer)
