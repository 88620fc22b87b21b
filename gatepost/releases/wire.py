"""The protocol between the publishing process and the build worker, which do not trust each other.

Each file is one line of JSON, `{"path": ..., "size": ...}`, and its bytes; an empty line ends the
files. The format has no links, modes or owners, so none of them needs a check. `BuildOrder` goes
before the files to the worker, `BuildAnswer` before the site back.
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
    """The stream does not follow the protocol or ended too early."""


def send_files(stream: IO[bytes], root: Path, folders: Iterable[str]) -> None:
    """Sends every regular file of these folders below `root`, but no links. Raises OSError."""
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
    max_bytes: int,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Writes the received files below `root`, only into these folders and never over a file.

    Accepts at most `max_bytes`. Calls `check` after each chunk; it may raise. Raises `WireError`
    and OSError.
    """
    allowed = frozenset(folders)
    for folder in allowed:
        (root / folder).mkdir(exist_ok=True)
    left = max_bytes
    while line := _line(stream):
        path, size = _facts(line, allowed)
        left -= size
        if left < 0:
            raise WireError(f"more than {max_bytes:,} bytes")
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
                check()


def _line(stream: IO[bytes]) -> bytes:
    line = stream.readline(_MAX_LINE_LENGTH)
    if not line.endswith(b"\n"):
        raise WireError("ended without the closing empty line")
    return line[:-1]


def _facts(line: bytes, allowed: frozenset[str]) -> tuple[str, int]:
    try:
        facts: Any = json.loads(line)
        path, size = facts["path"], facts["size"]
    except (ValueError, KeyError, TypeError):
        raise WireError("a file header is missing or not valid") from None
    if not isinstance(path, str) or not isinstance(size, int) or size < 0 or "\0" in path:
        raise WireError("a file header is missing or not valid")
    parts = path.split("/")
    if len(parts) < 2 or parts[0] not in allowed or not {"", ".", ".."}.isdisjoint(parts):
        raise WireError("a file outside the allowed folders")
    return path, size


SITE: Final = "output"
"""The folder of the built site, beside the pushed folders."""
MAX_MESSAGE_BYTES: Final = 64_000_000
"""Maximum length of an order or an answer."""


@dataclass(frozen=True, slots=True)
class BuildOrder:
    """Sent to the worker; the files of the three folders follow."""

    published: str | None
    """`published.json` of the live release; None before the first one."""


@dataclass(frozen=True, slots=True)
class BuildAnswer:
    """Sent back by the worker; the site follows if `is_good`."""

    problems: tuple[Problem, ...] = ()
    """Mistakes that the writer can fix."""
    unavailable: str = ""
    """A message about what the operator must fix."""
    traceback: str = ""
    """The traceback of an unexpected error."""
    warnings: tuple[str, ...] = ()
    counted: str = ""
    """Such as `8 articles, 3 pages and 3 forms`."""
    seconds: float = 0.0
    due: str | None = None
    """The next held-back post: its time and its file."""

    @property
    def is_good(self) -> bool:
        """Whether a site follows."""
        return not (self.problems or self.unavailable or self.traceback)


ORDER: Final = TypeAdapter(BuildOrder)
ANSWER: Final = TypeAdapter(BuildAnswer)
